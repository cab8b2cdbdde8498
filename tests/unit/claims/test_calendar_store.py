"""Calendars in the store: brought in once, in force at once, and every open claim is told its dates anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from claims_world import CALENDAR, World

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.deadline.calendar_files import YearTable, read_calendar
from subsidy_match.claims.deadline.calendar_office import publish_calendar
from subsidy_match.claims.deadline.calendar_store import (
    calendar_in_force,
    import_year,
    published_year,
    published_years,
    seed,
)
from subsidy_match.claims.deadline.sweeper import plan, sweep
from subsidy_match.claims.deadline.sweeps import SWEEPS
from subsidy_match.claims.states import Event, State
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM

SHIPPED = Path(__file__).parents[3] / "policies" / "parameters" / "calendar"
NEW_YEAR = frozenset({date(2027, 1, 1)})
LONG = YearTable(2027, "示例通知", NEW_YEAR | {date(2027, 1, d) for d in (4, 5, 6)}, frozenset({date(2027, 1, 9)}))


def publish(world: World, table: YearTable = LONG, by: str = "lead") -> tuple[int, ...]:
    return publish_calendar(world.desk, [table], actor=world.people[by], at=world.now).redated


def at_year_end(world: World) -> World:
    world.now = world.now.replace(month=12, day=28)
    return world


def due(world: World, claim_id: int) -> tuple[date, bool]:
    reading = world.desk.due_date(claim_id, on=business_day(world.now))
    assert reading is not None
    return reading.due.on, reading.due.provisional


def test_an_import_is_in_force_at_once_and_moves_the_dates_of_open_claims_with_an_audit_row_each(world: World):
    claim = at_year_end(world).walk(State.ACCEPTED)
    assert due(world, claim.id) == (date(2027, 1, 11), True)
    assert publish(world) == (claim.id,)
    assert due(world, claim.id) == (date(2027, 1, 14), False)
    step = world.desk.timeline(claim.id)[-1]
    assert (step.event, step.actor) == (Event.REDATE, "system")
    assert step.detail["dates"] == {"due_on": ["2027-01-11", "2027-01-14"], "provisional": ["True", "False"]}
    chain = in_unit(world.engine, lambda s: [e.action for e in audit.entries(s, f"claim:{claim.id}")])
    assert chain[-1] == "redate"
    assert in_unit(world.engine, lambda s: [e.actor for e in audit.entries(s, "calendar:2027")]) == ["lead"]


def test_the_same_calendar_again_changes_nothing(world: World):
    claim = at_year_end(world).walk(State.ACCEPTED)
    publish(world)
    before = world.desk.claim(claim.id)
    assert publish(world) == ()
    assert world.desk.claim(claim.id) == before
    assert len(in_unit(world.engine, lambda s: list(audit.entries(s, "calendar:2027")))) == 1


def test_a_claim_whose_dates_do_not_move_is_left_alone(world: World):
    claim = world.walk(State.ACCEPTED)
    assert publish(world) == ()
    assert world.desk.claim(claim.id) == claim


def test_a_notice_gets_its_full_days_and_is_never_cut_short(world: World):
    claim = at_year_end(world).walk(State.PUBLISHED)
    assert claim.notice_until == date(2027, 1, 4)
    publish(world)
    assert world.desk.claim(claim.id).notice_until == date(2027, 1, 8)  # 29, 30, 31 December, 7, 8 January
    publish(world, replace(LONG, holidays=NEW_YEAR))
    assert world.desk.claim(claim.id).notice_until == date(2027, 1, 8)
    publish(world)
    assert world.desk.claim(claim.id).notice_until == date(2027, 1, 8)


def test_a_correction_due_on_a_new_day_off_moves_on_and_stays_there(world: World):
    claim = at_year_end(world).walk(State.ACCEPTED)
    claim = world.fire(claim, "request_correction", "clerk", items=["发票"], due_on=date(2027, 1, 4))
    assert claim.correction_due == date(2027, 1, 4)
    publish(world)
    assert world.desk.claim(claim.id).correction_due == date(2027, 1, 7)
    publish(world, replace(LONG, holidays=NEW_YEAR))
    assert world.desk.claim(claim.id).correction_due == date(2027, 1, 7)


def test_nothing_lapses_by_the_old_date_between_import_and_re_dating(world: World):
    """The import is in, the process died before the claims were told: the next sweep tells them first."""
    claim = at_year_end(world).walk(State.ACCEPTED)
    world.fire(claim, "request_correction", "clerk", items=["发票"], due_on=date(2027, 1, 4))
    publish(world)
    moved = replace(LONG, holidays=LONG.holidays | {date(2027, 1, 7), date(2027, 1, 8)})
    world.now = world.now.replace(year=2027, month=1, day=8)
    in_unit(world.engine, lambda s: import_year(s, moved, actor=world.people["lead"], at=world.now))
    with pytest.raises(Conflict, match="correction_not_overdue"):
        world.desk.fire(claim.id, Event.LAPSE, actor=SYSTEM, at=world.now)
    assert [task.sweep for task in plan(world.desk, at=world.now)] == ["redate"]
    assert "lapse" not in [task.sweep for task in sweep(world.desk, at=world.now).done]
    assert world.desk.claim(claim.id).correction_due == date(2027, 1, 9)
    assert world.fire(claim, "resubmit", "applicant").state is State.ACCEPTED


def test_only_keepers_import_and_a_refusal_is_audited(world: World):
    with pytest.raises(InputError, match="role_missing"):
        publish(world, by="clerk")
    entries = in_unit(world.engine, lambda s: list(audit.entries(s, "calendar:2027")))
    assert [(e.actor, e.outcome) for e in entries] == [("clerk", audit.REFUSED)]
    with pytest.raises(NotFound, match="calendar_unknown"):
        in_unit(world.engine, lambda s: published_year(s, 2027))


def test_the_shipped_years_are_seeded_once_and_mean_what_the_files_mean(world: World):
    assert in_unit(world.engine, lambda s: seed(s, SHIPPED, at=world.now)) == [2023, 2024, 2025, 2026]
    assert in_unit(world.engine, lambda s: seed(s, SHIPPED, at=world.now)) == []
    calendar = in_unit(
        world.engine, lambda s: calendar_in_force(s, replace(CALENDAR, exceptions={}, years=frozenset()))
    )
    assert (dict(calendar.exceptions), calendar.years) == (dict(CALENDAR.exceptions), CALENDAR.years)
    assert [y.table.year for y in in_unit(world.engine, published_years)] == [2023, 2024, 2025, 2026]
    assert plan(world.desk, at=world.now) == ()


def test_a_year_of_the_store_goes_before_the_shipped_one(world: World):
    claim = world.walk(State.ACCEPTED)
    before = due(world, claim.id)[0]
    table = read_calendar((SHIPPED / "2026.yml").read_bytes(), name="2026.yml")[0]
    extra = replace(table, holidays=table.holidays | {date(2026, 6, 3)})
    assert publish(world, extra) == (claim.id,)
    assert due(world, claim.id)[0] == before + timedelta(days=1)


def test_csv_and_yaml_say_the_same():
    csv = "日期,类型\n2027-01-01,放假\n2027/01/09,补班\n".encode("utf-8-sig")
    yml = "year: 2027\nsource: 示例\nholidays: [2027-01-01]\nworkdays: [2027-01-09]\n".encode()
    (one,), (other,) = read_calendar(csv, name="a.csv", source="示例"), read_calendar(yml, name="a.yml")
    assert one == other
    both = b"date,kind\n2027-01-01,holiday\n2028-01-03,holiday\n"
    assert [t.year for t in read_calendar(both, name="b.csv", source="x")] == [2027, 2028]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", "day,kind\n", 1),
        ("a.csv", "date,kind\n", 1),
        ("a.csv", "date,kind\n2027-01-01,holiday\n2027-02-30,holiday\n", 3),
        ("a.csv", "date,kind\n2027-01-01,party\n", 2),
        ("a.csv", "date,kind\n2027-01-01,holiday\n2027-01-01,workday\n", 3),
        ("a.csv", "date,kind\n2027-01-01,holiday\n2027-01-04,workday\n", 1),
        ("a.yml", "year: 2027\nsource: x\nholidays: [2026-01-01]\nworkdays: []\n", 1),
        ("a.yml", "year: 2027\nholidays: [2027-01-01]\nworkdays: []\n", 1),
        ("a.yml", "year: 2027\nsource: x\nholidays: [2027-01-01, 2027-01-01]\nworkdays: []\n", 1),
        ("a.yml", "year: 2027\nsource: x\nholidays: soon\n", 1),
        ("a.yml", "year: 2027\nsource: x\nholidays: []\n", 1),
        ("a.yml", "{", 1),
        ("a.yml", "x: 1", 1),
        ("a.yml", "\ufffe", 1),
    ],
)
def test_what_no_notice_can_mean_is_refused_with_its_line(name: str, content: str, line: int):
    with pytest.raises(InputError, match="calendar_invalid") as caught:
        read_calendar(content.encode(), name=name, source="示例" if name.endswith("csv") else None)
    finding = caught.value.findings[0]
    assert finding.at is not None
    assert finding.at.line == line


def test_every_kind_of_task_has_its_names():
    assert all(entry.zh and entry.en for entry in SWEEPS.values())
