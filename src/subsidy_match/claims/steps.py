"""Takes one step: checks actor, duties and guards, then moves state, money and clock and writes it all down.

One step is one version of the claim, one row in ``claim_steps``, one audit row and one outbox row, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import insert

from subsidy_match.claims.clock import ClockReading, business_day, check_order
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.deadline.stage_clock import keep_time
from subsidy_match.claims.effects import apply_clock, apply_fields, apply_funds, release_items
from subsidy_match.claims.effects.tasks import close_tasks
from subsidy_match.claims.guards import check_guards
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.people.authority import authorised, note_deputy
from subsidy_match.claims.records import ClaimPin, ClaimRow, ClaimStep
from subsidy_match.claims.states import EVENT_NAMES, OCCUPYING, STATE_NAMES, Event, State
from subsidy_match.claims.table import rows_for
from subsidy_match.claims.texts import fold
from subsidy_match.claims.transition import Branch, Door, Transition
from subsidy_match.errors import Conflict
from subsidy_match.store import audit, outbox
from subsidy_match.store.schema import canonical_json

__all__ = ["TOPIC", "choose_row", "matches_branch", "take_step"]

TOPIC = "claim"
_STEP = insert(ClaimStep.__table__)  # type: ignore[arg-type]  # declared as a FromClause, is the table
_PINNED = frozenset({Event.SUBMIT, Event.RESUBMIT, Event.APPROVE})


def choose_row(claim: ClaimRow, event: Event, door: Door) -> Transition:
    """Find the one row that ``event`` takes from where the claim stands.

    Raises:
        Conflict: ``event_not_allowed``.
    """
    candidates = [row for row in rows_for(State(claim.state), event) if row.door is door]
    fitting = [row for row in candidates if matches_branch(row.when, claim)]
    if len(fitting) != 1:
        state, name = STATE_NAMES[State(claim.state)], EVENT_NAMES[event]
        zh = f"当前状态为{state[0]},不能{name[0]}"
        raise Conflict("event_not_allowed", zh, f"the claim is {state[1]}: cannot {name[1]}")
    return fitting[0]


def matches_branch(branch: Branch | None, claim: ClaimRow) -> bool:
    """Whether the claim is of the kind that a row is for."""
    match branch:
        case None:
            return True
        case Branch.WITH_RECHECK | Branch.WITHOUT_RECHECK:
            return claim.with_recheck is (branch is Branch.WITH_RECHECK)
        case Branch.WITH_NOTICE | Branch.WITHOUT_NOTICE:
            return (claim.notice_days > 0) is (branch is Branch.WITH_NOTICE)
        case asked:
            came_from = "" if claim.asked_in is None else claim.asked_in.lower()
            return asked in (f"asked_in_{came_from}", f"appealed_{came_from}")


def take_step(occasion: Occasion) -> None:
    """Take the step that ``occasion`` describes, or raise with nothing done once the caller rolls back.

    Raises:
        Forbidden: this person may not.
        Conflict: ``clock_skew``, or the claim, its fund or its papers do not allow it.
    """
    occasion = authorised(_in_order(occasion))
    check_guards(occasion)
    source = State(occasion.claim.state) if occasion.transition.sources else None
    apply_fields(occasion)
    moved = apply_funds(occasion)
    apply_clock(occasion)
    close_tasks(occasion)
    note_deputy(occasion)
    _move_state(occasion)
    clock = keep_time(occasion.session, occasion.claim, source, occasion.calendar, on=occasion.on, at=occasion.at)
    _write_down(occasion, source, moved, clock)


def _in_order(occasion: Occasion) -> Occasion:
    """The occasion at a moment that is not before the last step, under the calendar in force."""
    at = check_order(occasion.at, occasion.claim.updated_at, occasion.tolerance)
    on = occasion.on if at == occasion.at else business_day(at)
    return replace(occasion, at=at, on=on, calendar=calendar_in_force(occasion.session, occasion.calendar))


def _move_state(occasion: Occasion) -> None:
    claim = occasion.claim
    target = occasion.transition.lands_in(State(claim.state))
    claim.state, claim.version, claim.updated_at = str(target), occasion.next_version, occasion.at
    claim.occupies = target in OCCUPYING
    release_items(occasion)


def _write_down(occasion: Occasion, source: State | None, moved: Mapping[str, int], clock: ClockReading | None) -> None:
    claim, actor, event = occasion.claim, occasion.actor, occasion.transition.event
    detail = _detail(occasion, moved)
    step = {
        "claim_id": claim.id,
        "version": claim.version,
        "event": str(event),
        "from_state": None if source is None else str(source),
        "to_state": claim.state,
        "actor": actor.id,
        "actor_name": actor.name,
        "department": actor.department,
        "duty": None if occasion.duty is None else str(occasion.duty),
        "at": occasion.at,
        "day": occasion.on,
        "elapsed_days": None if clock is None else clock.elapsed,
        "counted_days": None if clock is None else clock.counted,
        "detail": canonical_json(detail),
    }
    occasion.session.flush()  # the claim itself goes before what is said of it
    occasion.session.connection().execute(_STEP, step)
    _pin(occasion)
    record = {
        "version": claim.version,
        "from": step["from_state"],
        "to": step["to_state"],
        "name": actor.name,
        "department": actor.department,
        "duty": step["duty"],
        "day": occasion.on.isoformat(),
        "elapsed": step["elapsed_days"],
        "counted": step["counted_days"],
        "detail": detail,
    }
    subject = f"claim:{claim.id}"
    audit.append(occasion.session, subject, at=occasion.at, actor=actor.id, action=str(event), detail=record)
    message = {
        "claim": claim.id,
        "claim_no": claim.claim_no,
        "uscc": claim.uscc,
        "event": str(event),
        "state": claim.state,
        "version": claim.version,
    }
    outbox.put(occasion.session, TOPIC, f"{subject}:{claim.version}", message, at=occasion.at)


def _detail(occasion: Occasion, moved: Mapping[str, int]) -> dict[str, Any]:
    detail: dict[str, Any] = {name: _plain(value) for name, value in occasion.payload.items()}
    if occasion.stand_in is not None:
        detail["for"] = occasion.stand_in.principal.id
    if moved:
        detail["money"] = dict(moved)
    detail |= occasion.told
    if occasion.assessment is not None:
        detail["verdict"], detail["evidence"] = occasion.assessment.verdict, occasion.assessment.digest
    return detail


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _pin(occasion: Occasion) -> None:
    assessment = occasion.assessment
    if assessment is None or occasion.transition.event not in _PINNED:
        return
    pin = ClaimPin(
        claim_id=occasion.claim.id,
        version=occasion.claim.version,
        event=str(occasion.transition.event),
        at=occasion.at,
        verdict=assessment.verdict,
        amount_min=assessment.amount_min,
        amount_max=assessment.amount_max,
        policy_hash=assessment.policy_hash,
        snapshot_id=assessment.snapshot_id,
        digest=assessment.digest,
        evidence=fold(occasion.session, assessment.evidence),
    )
    occasion.session.add(pin)
