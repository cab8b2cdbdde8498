"""What time alone brings about, on both stores."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from claims_world import CALENDAR, World
from people_kit import tasks
from sqlalchemy import Engine, text
from sqlalchemy.event import listen, remove

from subsidy_match.claims.assessment import Material
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.deadline.breaches import TOTAL, breaches_of
from subsidy_match.claims.deadline.stage_clock import clocks_of, stage_history
from subsidy_match.claims.deadline.stage_limits import Limit, LimitKind, set_limit
from subsidy_match.claims.deadline.sweeper import SweepReport, last_sweep, plan, sweep
from subsidy_match.claims.deadline.sweeps import SWEEPS
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.states import Event, State
from subsidy_match.errors import Conflict, SubsidyError
from subsidy_match.store import audit, outbox
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM


def swept(world: World) -> list[str]:
    return [f"{task.sweep} {task.stage}".strip() for task in sweep(world.desk, at=world.now).done]


def steps_taken(world: World) -> list[tuple[int, str]]:
    return [(claim.id, str(step.event)) for claim in world.desk.list_claims() for step in world.desk.timeline(claim.id)]


def test_five_silent_days_are_acceptance_as_of_the_fifth_however_late_the_sweep(world: World):
    claim = world.walk(State.SUBMITTED)  # Monday 1 June
    world.wait(7)
    assert "deem_accept" not in swept(world)
    world.wait(4)  # Friday: the silence was full on Monday 8 June
    assert "deem_accept" in swept(world)
    accepted = world.desk.claim(claim.id)
    assert (accepted.state, accepted.accepted_on) == (State.ACCEPTED, date(2026, 6, 8))
    assert world.fund().reserved == accepted.amount
    assert world.desk.timeline(claim.id)[-1].actor == "system"


def test_a_claim_on_hold_is_not_deemed_accepted_and_a_limit_of_the_policy_goes_first(world: World):
    held = world.walk(State.SUBMITTED)
    world.fire(held, "hold", "supervisor", reason_code="other")
    limit = Limit(State.SUBMITTED, LimitKind.DEEMED, 20, date(2026, 1, 1), "demo-policy", "示例办法")
    in_unit(world.engine, lambda s: set_limit(s, limit, actor=world.people["lead"], at=world.now))
    slow = world.walk(State.SUBMITTED, period="2025")
    world.wait(14)
    assert "deem_accept" not in swept(world)
    world.wait(21)
    assert swept(world).count("deem_accept") == 1
    assert [world.desk.claim(c.id).state for c in (held, slow)] == [State.SUBMITTED, State.ACCEPTED]


def test_a_correction_lapses_after_its_last_day_and_gives_its_money_back(world: World):
    claim = world.walk(State.ACCEPTED)
    claim = world.fire(claim, "request_correction", "clerk", items=["发票"], due_on=date(2026, 6, 6))
    assert claim.correction_due == date(2026, 6, 8)  # a Saturday goes on to Monday
    world.wait(7)
    assert "lapse" not in swept(world)
    world.wait(1)
    assert "lapse" in swept(world)
    assert world.desk.claim(claim.id).state is State.LAPSED
    assert world.fund().reserved == 0


def test_a_draft_that_is_never_submitted_gives_its_place_up(world: World):
    claim = world.draft()
    with pytest.raises(Conflict, match="duplicate_claim"):
        world.draft()
    world.now = world.now.replace(month=7, day=15)
    assert swept(world) == ["expire"]
    assert world.desk.claim(claim.id).state is State.LAPSED
    assert world.draft().id != claim.id


def test_a_notice_that_is_over_and_a_claim_without_notice_are_cleared(world: World):
    noticed = world.walk(State.PUBLISHED)
    world.assume(notice_days=0)
    plain = world.walk(State.APPROVED, period="2025")
    assert swept(world) == []  # no document of allocation lists them yet
    world.allocate(plain)
    assert swept(world) == ["clear"]
    assert world.desk.claim(plain.id).state is State.PAYABLE
    world.wait(8)
    assert "clear" not in swept(world)
    world.allocate(noticed)
    assert "clear" in swept(world)
    assert world.desk.claim(noticed.id).state is State.PAYABLE


def test_the_waitlist_moves_up_in_its_order_as_soon_as_money_is_free(world: World):
    world.assume(amount_min=600_000_00, amount_max=600_000_00)
    first = world.walk(State.ACCEPTED)
    waiting = [world.walk(State.ACCEPTED, period=str(year)) for year in (2023, 2024, 2025)]
    world.assume(amount_min=300_000_00, amount_max=300_000_00)
    assert all(claim.is_waiting for claim in waiting)
    assert "reserve" not in swept(world)
    world.fire(first, "withdraw", "applicant")  # whoever frees money serves the queue at once: nothing is left to sweep
    assert swept(world) == []
    assert [world.desk.claim(c.id).is_waiting for c in waiting] == [False, True, True]


def test_money_freed_by_a_sweep_is_given_on_in_the_same_sweep(world: World):
    world.assume(amount_min=600_000_00, amount_max=600_000_00)
    lapsing = world.walk(State.ACCEPTED)
    world.fire(lapsing, "request_correction", "clerk", items=["发票"], due_on=date(2026, 6, 2))
    world.wait(1)
    waiting = world.walk(State.ACCEPTED, period="2025")
    world.wait(1)
    assert [name for name in swept(world) if "breach" not in name] == ["lapse"]  # and the queue served with it
    assert not world.desk.claim(waiting.id).is_waiting


def test_breaches_are_written_once_a_stage_and_level_and_told_to_the_lead(world: World):
    claim = world.walk(State.ACCEPTED)
    world.wait(40)
    assert sorted(swept(world)) == ["breach ACCEPTED", "breach TOTAL"]
    assert swept(world) == []
    found = in_unit(world.engine, lambda s: breaches_of(s, claim.id))
    assert {(b.stage, b.level) for b in found} == {
        (stage, level) for stage in ("ACCEPTED", "TOTAL") for level in ("yellow", "red")
    }
    told = in_unit(world.engine, lambda s: [json.loads(m.payload) for m in outbox.pending(s, "escalation")])
    assert len(told) == 4
    assert told[1]["to"] == "lead"
    assert claim.claim_no in told[1]["zh"]
    assert in_unit(world.engine, audit.verify) == []


def test_a_stage_left_late_is_a_breach_even_if_no_sweep_came_by(world: World):
    claim = world.walk(State.ACCEPTED)
    world.wait(8)
    world.fire(claim, "assign", "lead", assignee="reviewer")
    found = in_unit(world.engine, lambda s: breaches_of(s, claim.id))
    assert [(b.stage, b.level, b.counted) for b in found] == [("ACCEPTED", "yellow", 6), ("ACCEPTED", "red", 6)]


def test_the_store_itself_bars_a_second_breach_and_a_second_open_stage(world: World):
    claim = world.walk(State.ACCEPTED)
    world.wait(40)
    sweep(world.desk, at=world.now)
    again = [
        "INSERT INTO breaches (claim_id, stage, level, counted_days, limit_days, day, at) "
        "SELECT claim_id, stage, level, counted_days, limit_days, day, at FROM breaches",
        "INSERT INTO stage_visits (claim_id, version, stage, entered_on) "
        f"VALUES ({claim.id}, 99, 'IN_REVIEW', '2026-07-11')",
    ]
    for statement in again:
        with pytest.raises(Exception, match=r"(?i)unique"), world.engine.begin() as connection:
            connection.execute(text(statement))


def test_the_days_of_a_stage_are_stored_when_it_is_left(world: World):
    claim = world.walk(State.IN_REVIEW)
    world.wait(3)
    _, shown = in_unit(world.engine, lambda s: clocks_of(s, visible_row(s, claim.id, None), CALENDAR, day(world)))
    assert shown is not None
    assert (shown.stage, shown.counted, shown.limit, shown.left) == (State.IN_REVIEW, 3, 5, 2)
    world.carry_on(claim, State.IN_RECHECK)
    world.wait(30)
    history = in_unit(world.engine, lambda s: stage_history(s, visible_row(s, claim.id, None), CALENDAR, day(world)))
    assert [(r.stage, r.elapsed, r.counted) for r in history][3:4] == [(State.IN_REVIEW, 3, 3)]
    with world.engine.connect() as connection:
        stored = connection.execute(text("SELECT counted_days FROM stage_visits WHERE stage = 'IN_REVIEW'")).scalars()
        assert list(stored) == [3]


def day(world: World) -> date:
    return business_day(world.now)


def crowd(world: World) -> None:
    """Claims for which everything is due at once, a month later."""
    world.assume(amount_min=400_000_00, amount_max=400_000_00)
    lapsing = world.walk(State.ACCEPTED, period="2019")
    world.fire(lapsing, "request_correction", "clerk", items=["发票"], due_on=date(2026, 6, 5))
    noticed = world.walk(State.PUBLISHED, period="2020")
    for period in ("2021", "2022"):
        world.wait(1)
        world.walk(State.ACCEPTED, period=period)
    for period in ("2023", "2024"):
        world.wait(1)
        world.walk(State.SUBMITTED, period=period)
    world.draft(period="2025")
    world.wait(60)
    world.allocate(noticed)


def test_a_dry_run_changes_nothing_and_a_second_sweep_finds_nothing(world: World):
    crowd(world)
    before = steps_taken(world)
    planned = plan(world.desk, at=world.now)
    assert {task.sweep for task in planned} == {"lapse", "expire", "deem_accept", "clear", "breach"}
    assert steps_taken(world) == before
    report = sweep(world.desk, at=world.now)
    assert report.refused == ()
    assert "视为受理2" in report.zh
    assert "deemed accepted 2" in report.en
    after = steps_taken(world)
    assert sweep(world.desk, at=world.now).done == plan(world.desk, at=world.now) == ()
    assert steps_taken(world) == after
    assert in_unit(world.engine, last_sweep) == world.now


def test_a_plan_asks_the_store_as_often_for_many_claims_as_for_few(world: World):
    def asked() -> int:
        with asks(world.engine) as statements:
            plan(world.desk, at=world.now)
        return len(statements)

    for state in (State.ACCEPTED, State.APPROVED, State.PUBLISHED):
        world.walk(state, period=f"one {state}")
    few = asked()
    for state in (State.ACCEPTED, State.APPROVED, State.PUBLISHED):
        world.walk(state, period=f"another {state}")
    assert asked() == few > 0


@contextmanager
def asks(engine: Engine) -> Iterator[list[str]]:
    """The statements that an engine is asked meanwhile."""
    found: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    listen(engine, "before_cursor_execute", hear)
    yield found
    remove(engine, "before_cursor_execute", hear)


def test_two_sweepers_at_once_do_what_one_does(world: World):
    crowd(world)
    reports: list[SweepReport] = []
    errors: list[Exception] = []

    def go() -> None:
        try:
            reports.append(sweep(world.desk, at=world.now))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert plan(world.desk, at=world.now) == ()
    done = [(task.claim_id, task.event) for report in reports for task in report.done if task.event is not None]
    assert len(done) == len(set(done))
    assert in_unit(world.engine, audit.verify) == []
    with world.engine.connect() as connection:
        refused = connection.execute(text("SELECT count(*) FROM audit_entries WHERE outcome = 'refused'"))
        assert refused.scalar_one() == 0


def test_what_is_not_due_cannot_be_fired_even_by_the_machine(world: World):
    claim = world.walk(State.SUBMITTED)
    draft = world.draft(period="2025")
    accepted = world.walk(State.ACCEPTED, period="2024")
    for claim_id, event, code in (
        (claim.id, Event.DEEM_ACCEPT, "silence_running"),
        (draft.id, Event.LAPSE, "draft_not_expired"),
        (accepted.id, Event.REDATE, "dates_unmoved"),
    ):
        with pytest.raises(Conflict, match=code):
            world.desk.fire(claim_id, event, actor=SYSTEM, at=world.now)
        with pytest.raises(SubsidyError, match="role_missing"):
            world.fire(claim_id, event, "everything")


def test_what_time_has_accepted_is_neither_refused_nor_sent_back_though_no_sweep_came(world: World):
    claim = world.walk(State.SUBMITTED)
    world.wait(30)
    for event, fields in (
        ("refuse", {"reason_code": "out_of_scope"}),
        ("request_correction", {"items": ["发票"], "due_on": (world.today + timedelta(days=5)).isoformat()}),
    ):
        with pytest.raises(Conflict, match="accepted_by_silence"):
            world.fire(claim, event, "clerk", **fields)
    assert world.fire(claim, "accept", "clerk").state is State.ACCEPTED


def test_nothing_is_planned_for_the_total_time_of_a_claim_that_has_ended(world: World):
    claim = world.walk(State.COMPLETED)
    plan_of = [{"due_on": (world.today + timedelta(days=900)).isoformat(), "amount": 100}]
    given = {"amount": 100, "returns_to": "fund", "reason_code": "fraud", "note": "查实", "plan": plan_of}
    claim = world.fire(claim, "propose_recovery", "supervisor", **given)
    claim = world.fire(claim, "approve_recovery", "supervisor_b")
    swept(world)
    world.wait(100)
    assert (claim.state, [task for task in plan(world.desk, at=world.now) if task.stage == TOTAL]) == (
        State.RECOVERING,
        [],
    )


def test_only_the_machine_may_try_without_a_trace(world: World):
    claim = world.walk(State.SUBMITTED)
    with pytest.raises(SubsidyError, match="role_missing"):
        world.desk.attempt(
            claim.id, Event.ACCEPT, actor=world.people["clerk"], at=world.now, expected_version=claim.version
        )


def test_another_package_adds_a_kind_of_task_by_an_entry(world: World):
    claim = world.walk(State.ACCEPTED)
    own = {"clear": SWEEPS["clear"]}
    world.wait(60)
    assert plan(world.desk, at=world.now, sweeps=own) == ()
    assert {task.claim_id for task in plan(world.desk, at=world.now)} == {claim.id}


def test_a_task_that_is_overdue_is_told_and_the_clock_runs_again(world: World):
    claim = world.walk(State.IN_REVIEW)  # Monday 1 June
    due = date(2026, 6, 5)
    opening = {"task_kind": "inspection", "department": "税务局", "due_on": due.isoformat()}
    world.fire(claim, "open_task", "reviewer", **opening)
    world.wait(7)
    clock = world.desk.due_date(claim.id, on=day(world))
    assert clock is not None
    assert (clock.counted, clock.is_stopped) == (1, False)  # 8 June; the days until the 5th do not count
    (number,) = [task.id for task in tasks(world, claim)]
    assert swept(world) == [f"task TASK {number}"]
    assert swept(world) == []
    found = in_unit(world.engine, lambda s: breaches_of(s, claim.id))
    assert [(b.stage, b.level, b.counted, b.limit) for b in found][-1] == (f"TASK {number}", "red", 5, 4)
    assert in_unit(world.engine, audit.verify) == []


def test_the_clock_cannot_be_stopped_for_good(world: World):
    claim = world.walk(State.IN_REVIEW)
    for due in ("9999-12-31", "2200-01-01"):
        with pytest.raises(SubsidyError, match="due_too_far"):
            world.fire(claim, "request_correction", "reviewer", items=["发票"], due_on=due)
    given = {"materials": {"audit": "deferred"}, "deferred_until": "2200-01-01"}
    with pytest.raises(SubsidyError, match="due_too_far"):
        world.fire(world.draft(period="2025"), "submit", "applicant", **given)
    opening = {"task_kind": "audit", "department": "税务局", "due_on": "2099-01-01"}
    with pytest.raises(SubsidyError, match="due_too_far"):
        world.fire(claim, "open_task", "reviewer", **opening)


def test_documents_that_were_to_follow_and_did_not_are_told(world: World):
    world.assume(materials=(Material("audit", "审计报告", "audit", deferrable=True),))
    given = {"materials": {"audit": "deferred"}, "deferred_until": "2026-06-03"}
    claim = world.fire(world.draft(), "submit", "applicant", **given)
    world.wait(2)
    assert swept(world) == []
    world.wait(1)
    assert swept(world) == ["material MATERIAL 2"]
    assert swept(world) == []
    told = in_unit(world.engine, lambda s: [json.loads(m.payload) for m in outbox.pending(s, "escalation")])
    assert "audit" in told[-1]["zh"]
    assert claim.claim_no in told[-1]["en"]
