from __future__ import annotations

from itertools import product

import pytest
from claims_world import World
from force import by_force
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.payment.lines.guards import LINE_GUARDS
from subsidy_match.claims.payment.lines.tables import (
    BATCH_TABLE,
    LINE_TABLE,
    BatchGuard,
    LineGuard,
    batch_rule,
    line_rule,
)
from subsidy_match.claims.payment.payment_states import (
    BATCH_EVENT_NAMES,
    BATCH_STATE_NAMES,
    LINE_EVENT_NAMES,
    LINE_STATE_NAMES,
    OPEN_LINES,
    BatchEvent,
    BatchState,
    LineEvent,
    LineState,
)
from subsidy_match.claims.states import State
from subsidy_match.store.unit import in_unit

_AFTER_THE_END = {(LineState.SETTLED, LineEvent.RETURN), (LineState.FAILED, LineEvent.SETTLE_LATE)}


def test_every_name_in_the_tables_has_its_meaning_and_is_used():
    assert set(LINE_GUARDS) == set(LineGuard) == {guard for row in LINE_TABLE for guard in row.guards}
    assert {guard for row in BATCH_TABLE for guard in row.guards} == set(BatchGuard)
    assert (set(LINE_STATE_NAMES), set(LINE_EVENT_NAMES)) == (set(LineState), set(LineEvent))
    assert (set(BATCH_STATE_NAMES), set(BATCH_EVENT_NAMES)) == (set(BatchState), set(BatchEvent))
    assert {row.event for row in LINE_TABLE} == set(LineEvent)
    assert {row.event for row in BATCH_TABLE} == set(BatchEvent)


def test_no_two_rows_take_the_same_event_from_the_same_state():
    for state, event in product(LineState, LineEvent):
        assert sum(row.event is event and state in row.sources for row in LINE_TABLE) <= 1
    for state, event in product(BatchState, BatchEvent):
        assert sum(row.event is event and state in row.sources for row in BATCH_TABLE) <= 1


def test_every_state_is_reached():
    assert {row.target for row in LINE_TABLE} == set(LineState) - {LineState.CREATED}
    assert {row.target for row in BATCH_TABLE} == set(BatchState)
    assert batch_rule(None, BatchEvent.MAKE) is not None


def test_what_may_have_been_paid_moves_by_the_bank_s_word_alone():
    for row in LINE_TABLE:
        assert row.answers is bool({LineState.SENT, LineState.UNKNOWN, LineState.SETTLED} & set(row.sources))


def test_a_finished_line_moves_only_by_coming_back_or_by_a_success_after_a_failure():
    for state, event in product(set(LineState) - OPEN_LINES, LineEvent):
        found = line_rule(state, event)
        assert (found is not None) is ((state, event) in _AFTER_THE_END)


def settled(world: World) -> None:
    claim = world.walk(State.COMPLETED)
    assert claim.state is State.COMPLETED


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE payment_line_steps SET source = NULL WHERE event = 'settle'",
        "UPDATE payment_line_steps SET source = 'rumour' WHERE event = 'settle'",
        "UPDATE payment_line_steps SET file_id = NULL WHERE event = 'settle'",
        "INSERT INTO payment_returns (line_id, amount, return_ref, code, returned_on) "
        "SELECT id, amount + 1, 'R', 'X', '2026-06-20' FROM payment_lines",
        "INSERT INTO payment_lines (batch_id, claim_id, account_id, instruction, amount, state, is_open) "
        "SELECT batch_id, claim_id, account_id, 'twice', amount, 'SETTLED', is_open FROM payment_lines",
        "INSERT INTO payment_lines (batch_id, claim_id, account_id, instruction, amount, state, is_open, bank_ref, "
        "settled_on) SELECT batch_id, claim_id, account_id, 'twice', amount, 'RETURNED', is_open, bank_ref, settled_on "
        "FROM payment_lines",
    ],
)
def test_the_store_itself_bars_what_must_never_be(world: World, harm: str):
    settled(world)
    forced = by_force("payment_line_steps", lambda session: session.execute(text(harm)))
    with pytest.raises(IntegrityError):
        in_unit(world.engine, forced)
