"""Values and their sources stand side by side by position, so that both must be of one order."""

from __future__ import annotations

import duckdb
import pytest

from subsidy_match.errors import SubsidyError
from subsidy_match.profiles.firms import check_alignment


def tables(**codes: list[str]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for name, rows in codes.items():
        con.execute(f"CREATE TABLE {name} AS SELECT unnest(?::VARCHAR[]) AS uscc", [rows])
    return con


def test_tables_of_one_order_pass():
    check_alignment(tables(firm=["a", "b"], firm_batch=["a", "b"], firm_told=["a", "b"]))


@pytest.mark.parametrize(
    ("batch", "told"),
    [(["b", "a"], ["a", "b"]), (["a", "b"], ["b", "a"]), (["a"], ["a", "b"]), (["a", "b"], ["a", "b", "c"])],
)
def test_another_order_or_number_of_rows_is_refused(batch, told):
    with pytest.raises(SubsidyError) as refused:
        check_alignment(tables(firm=["a", "b"], firm_batch=batch, firm_told=told))
    assert refused.value.code == "profiles.misaligned"
