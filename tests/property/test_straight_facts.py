"""Facts read straight from their rows are what deciding each of them one by one gives."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_files import POLICIES, code, firm, write_penalties, write_register, write_tax

from subsidy_match.profiles.assembly import Placed
from subsidy_match.profiles.decisions import Decisions
from subsidy_match.profiles.landing import Landed, as_of_name, store_file
from subsidy_match.profiles.snapshot import build_snapshot, load_rules
from subsidy_match.profiles.straight import Exceptions

RULES = load_rules(POLICIES, Decisions(), b"a key for tests")
NAMES = ["", "淮安合成001科技有限公司", "淮安 合成001科技有限公司", "淮安新名科技有限公司", "旧名有限公司"]
amounts = st.sampled_from(["1", "2", "2.00", "-", "约3", ""])
registers = st.lists(
    st.builds(
        lambda n, name, former, place, day: firm(n, name, 曾用名=former, 所在区县=place, 成立日期=day),
        st.integers(1, 4),
        st.sampled_from(NAMES),
        st.sampled_from(["", "旧名有限公司", "淮安新名科技有限公司"]),
        st.sampled_from(["清江浦区", "洪泽县", "某地", ""]),
        st.sampled_from(["2016-03-01", "2017-03-01", "某日"]),
    ),
    min_size=1,
    max_size=6,
)
taxes = st.lists(
    st.builds(lambda n, a, b: [code(n), "", a, b], st.integers(1, 5), amounts, amounts), min_size=1, max_size=6
)
TABLES = ("firm", "firm_batch", "firm_told", "conflict", "review", "reject", "disputed", "batch")


@dataclass(slots=True)
class Everybody(Exceptions):
    """Takes every firm for exceptional."""

    def _find(self, source: Placed) -> int:
        self.assembly.con.execute(f"CREATE TEMP TABLE {self.table(source)} AS SELECT * FROM {source.good}")
        return self.assembly.number(f"SELECT count(*) FROM {self.table(source)}")


def landed(folder: Path, *files: Path) -> list[Landed]:
    return [
        store_file(file, folder, name=file.name, as_of=as_of_name(file.name), department=None) for file in sorted(files)
    ]


def content(path: Path) -> dict[str, Any]:
    with duckdb.connect(str(path), read_only=True) as con:
        return {table: con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in TABLES}


def order(path: Path) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("SELECT uscc FROM firm").fetchall()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(register=registers, later=registers, two_registers=st.booleans(), tax=taxes)
def test_deciding_every_fact_gives_what_its_row_says(register, later, two_registers, tax):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        files = [write_register(here, register), write_tax(here, tax), write_penalties(here, [])]
        files += [write_register(here, later, "20260630", "二")] if two_registers else []
        inputs = landed(here / "landed", *files)
        for name, exceptions in (("straight", Exceptions), ("decided", Everybody)):
            build_snapshot(here / name, here / "landed", inputs, RULES, lambda *_: None, exceptions)
        assert content(here / "straight") == content(here / "decided")
        assert order(here / "straight") == order(here / "decided")
