# ruff: noqa: RUF001 - full-width characters are what is tested
"""Laws of importing: no order of files or rows matters, and neither does how many imports they came in."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_files import POLICIES, broken, code, firm, take_in, write_csv, write_penalties, write_register, write_tax

from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.cells import MONEY_UNITS, parse_number
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.uscc import Grade, check_uscc, normalise_uscc
from subsidy_match.profiles.withdrawal import withdraw

DAY = date(2026, 7, 1)
PROJECTS = ("统一社会信用代码", "企业名称", "备案证号", "项目类别", "设备发票金额(万元)")
numbers = st.integers(1, 4)
amounts = st.sampled_from(["1", "2", "2.00", "-", "约3", ""])
names = st.sampled_from(["", "淮安合成001科技有限公司", "淮安合成002科技有限责任公司", "旧名有限公司", "某某有限公司"])
codes = st.one_of(numbers.map(code), st.just(""), st.just(broken(1)))
registers = st.lists(
    st.builds(
        lambda n, former, place: firm(n, 曾用名=former, 所在区县=place),
        numbers,
        st.sampled_from(["", "旧名有限公司"]),
        st.sampled_from(["清江浦区", "清河区", "洪泽县", "某地"]),
    ),
    min_size=1,
    max_size=6,
)
taxes = st.lists(st.builds(lambda n, name, a, b: [n, name, a, b], codes, names, amounts, amounts), max_size=6)
projects = st.lists(
    st.builds(
        lambda n, name, no, kind, a: [n, name, no, kind, a],
        codes,
        names,
        st.sampled_from(["甲1", "甲2", ""]),
        st.sampled_from(["智能化改造", "新建项目", "其他"]),
        amounts,
    ),
    max_size=6,
)
worlds = st.fixed_dictionaries({"register": registers, "tax": taxes, "later": taxes, "projects": projects})
CONTENT = {
    "firm": "SELECT * FROM firm ORDER BY uscc",
    "disputed": "SELECT * FROM disputed ORDER BY ALL",
    "list_loaded": "SELECT * FROM list_loaded ORDER BY ALL",
    "conflict": "SELECT uscc, target, value, outcome FROM conflict ORDER BY ALL",
    "review": 'SELECT id, kind, uscc, target, name, code, "rows", candidates FROM review ORDER BY ALL',
    "counts": "SELECT list, as_of, rows_in, accepted, merged, quarantined, ignored, bad_cells FROM batch ORDER BY ALL",
    "reject": "SELECT target, code, value FROM reject ORDER BY ALL",
}


def write(folder: Path, world: dict[str, Any]) -> list[Path]:
    folder.mkdir()
    return [
        write_register(folder, world["register"]),
        write_tax(folder, world["tax"]),
        write_tax(folder, world["later"], day="20260630"),
        write_csv(folder / "项目_20260531.csv", PROJECTS, world["projects"]),
        write_penalties(folder, []),
    ]


def content(home: Path) -> dict[str, Any]:
    with duckdb.connect(str(Shelf(home).file(Shelf(home).find(None))), read_only=True) as con:
        return {name: con.execute(query).fetchall() for name, query in CONTENT.items()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds, data=st.data())
def test_no_order_of_files_or_rows_matters(world, data):
    shuffled = {name: data.draw(st.permutations(rows), label=name) for name, rows in world.items()}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        straight, mixed = write(here / "a", world), data.draw(st.permutations(write(here / "b", shuffled)))
        take_in(here / "one", *straight)
        part = data.draw(st.integers(1, len(mixed) - 1))
        take_in(here / "two", *mixed[:part])
        take_in(here / "two", *mixed[part:])
        assert content(here / "one") == content(here / "two")


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds, data=st.data())
def test_the_same_files_in_any_order_are_the_same_snapshot(world, data):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        files = write(here / "a", world)
        first = take_in(here / "one", *files)
        second = take_in(here / "two", *data.draw(st.permutations(files)))
        again = take_in(here / "one", *files)
        assert first.snapshot_id == second.snapshot_id == again.snapshot_id
        assert all(line.balances for line in first.lines)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds, data=st.data())
def test_a_file_withdrawn_and_imported_again_leaves_no_trace(world, data):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        files = write(here / "a", world)
        wrong = data.draw(st.sampled_from(files))
        first, before = take_in(here / "one", *files).snapshot_id, content(here / "one")
        others = [file for file in files if file != wrong]
        take_in(here / "two", *others)
        withdraw(
            wrong.name,
            home=here / "one",
            policies=POLICIES,
            person_key="a key for tests",
            by="甲",
            reason="误交",
            on=DAY,
        )
        assert content(here / "one") == content(here / "two")
        assert take_in(here / "one", wrong).snapshot_id == first
        assert content(here / "one") == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds)
def test_an_unknown_is_never_a_value_and_sources_go_with_values(world):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        take_in(here / "one", *write(here / "a", world))
        with open_snapshot(here / "one") as snapshot:
            for enterprise in snapshot.enterprises():
                assert enterprise == snapshot.enterprise(enterprise.uscc)
                assert all(
                    known.source is not None and known.value not in (None, "") for known in enterprise.values.values()
                )


@given(st.integers(-(10**15), 10**15), st.sampled_from(["元", "千元", "万元", "亿元"]))
def test_money_survives_every_unit_exactly(fen, unit):
    scale = MONEY_UNITS[unit]
    whole, rest = divmod(abs(fen), scale)
    text = f"{'-' if fen < 0 else ''}{whole}.{str(rest).zfill(len(str(scale)) - 1)}"
    assert parse_number(text, scale, MONEY_UNITS, money=True) == fen


@given(st.integers(0, 999_999), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_is_always_noticed(number, position, character):
    good = code(number)
    wrong = good[:position] + character + good[position + 1 :]
    assert (check_uscc(wrong).grade is Grade.VALID) == (wrong == good)


typed = st.one_of(
    st.characters(max_codepoint=127),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E),
    st.sampled_from("　’‘—"),
)


@given(st.text(typed, max_size=30))
def test_normalising_a_code_twice_is_normalising_it_once(text):
    assert normalise_uscc(normalise_uscc(text)) == normalise_uscc(text)
