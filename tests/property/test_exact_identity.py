"""The register in tables decides as the register in memory does, whatever is in it and whatever is asked."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_files import broken, code

from subsidy_match.profiles.exact_identity import RegisterTables
from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.resolve import Given, Match, Register, identify

ACCEPTED = frozenset({broken(3)})
FIRMS = [*map(code, range(1, 5)), broken(1), broken(3), "", "91320812MAO0000000"]
NAMES = [
    "",
    "淮安合成科技有限公司",
    "淮安合成科技有限责任公司",
    "淮安合城科技有限公司",
    "旧名有限公司",
    "另一家",
    "ABC公司",
]
OLD_IDS = {code(1): ["320800000000001"], code(2): ["320800000000001", "320800000000002"]}
entries = st.tuples(st.sampled_from(FIRMS), st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES[1:]), max_size=2))
registers = st.lists(entries, max_size=8)
pairs = st.lists(
    st.tuples(
        st.sampled_from([*FIRMS, code(9), *OLD_IDS[code(2)], code(1)[8:17]]),
        st.sampled_from([*NAMES, "淮安合成科枝有限公司"]),
    ),
    max_size=5,
)


def in_memory(register: list[tuple[str, str, list[str]]]) -> Register:
    """As it was before there were tables: every entry graded and entered."""
    known = Register(accepted_codes=ACCEPTED)
    for firm, name, former in register:
        if known.grade(firm).value == "valid":
            known.add(firm, [name, *former], OLD_IDS.get(firm, ()))
        else:
            known.broken.add(name_key(name))
    known.broken.discard("")
    return known


def in_tables(con: duckdb.DuckDBPyConnection, register: list[tuple[str, str, list[str]]]) -> RegisterTables:
    firms, names, former = zip(*register, strict=True) if register else ((), (), ())
    columns = {
        "uscc_given": pa.array(firms, pa.string()),
        "name_key": pa.array([name_key(name) for name in names], pa.string()),
        "former_names": pa.array(former, pa.list_(pa.string())),
        "other_ids": pa.array([OLD_IDS.get(firm, []) for firm in firms], pa.list_(pa.string())),
        "fault": pa.nulls(len(firms), pa.string()),
    }
    staged = pa.table(columns)
    con.register("staged", staged)
    tables = RegisterTables(con, ACCEPTED)
    tables.fill(["staged"])
    return tables


@settings(max_examples=60, deadline=None)
@given(register=registers, asked=pairs)
def test_the_tables_decide_as_the_register_in_memory(register, asked):
    known = in_memory(register)
    keys = [(firm, name_key(name)) for firm, name in asked]
    with duckdb.connect() as con:
        tables = in_tables(con, register)
        exact = {(firm, key): uscc for firm, key, uscc in con.execute("FROM exact").fetchall()}
        part = tables.part(keys, [])
        for firm, key in keys:
            wanted = identify(Given("tax", firm, key), known, {}, "id")
            assert identify(Given("tax", firm, key), part, {}, "id") == wanted
            assert (firm, key) not in exact or wanted == Match(exact[firm, key])


def test_without_a_register_nothing_is_exact():
    with duckdb.connect() as con:
        tables = RegisterTables(con, ACCEPTED)
        tables.fill([])
        assert con.execute("FROM exact").fetchall() == []
        assert tables.part([], []).codes == set()
