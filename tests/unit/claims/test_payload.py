"""Texts that come with an event fit the columns they go into: SQLite would take longer ones, PostgreSQL fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import String, Text

from subsidy_match.claims.evidence_records import ClaimRisk, DeferredMaterial
from subsidy_match.claims.fields import FIELDS
from subsidy_match.claims.fund.rehoming_records import RehomingRow
from subsidy_match.claims.fund.run_records import RunRow
from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.official.allocation_records import AllocationRow
from subsidy_match.claims.official.notice_records import PublicNoticeRow
from subsidy_match.claims.payment.payout_records import BatchRow, LineReturnRow, LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.undo_records import RecoveryReceiptRow, RecoveryRow
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import InputError

COLUMNS: Mapping[str, Any] = {
    "allocation_no": AllocationRow.number,
    "assignee": ClaimRow.assignee,
    "bank_ref": LineRow.bank_ref,
    "batch": BatchRow.number,
    "department": TaskRow.department,
    "document_no": RehomingRow.document_no,
    "enterprise_name": ClaimRow.enterprise_name,
    "failure_code": LineRow.failure_code,
    "fund": RehomingRow.source_id,
    "instruction": LineRow.instruction,
    "notice_no": PublicNoticeRow.number,
    "officer": TaskRow.officer,
    "opinion": TaskRow.opinion,
    "reason_code": RecoveryRow.reason_code,
    "reference": RecoveryReceiptRow.reference,
    "return_ref": LineReturnRow.return_ref,
    "risk": ClaimRisk.risk,
    "run": RunRow.number,
    "to_fund": RehomingRow.target_id,
}
WRITTEN_OUT = {"note", "reason"}
"""Kept in columns without a bound."""


def test_a_text_longer_than_its_column_is_refused_and_every_text_has_a_column():
    texts = {name for name, kind in FIELDS.items() if kind.read("x") == "x"}
    assert texts == COLUMNS.keys() | WRITTEN_OUT
    for name, column in COLUMNS.items():
        kind = column.type
        assert isinstance(kind, String), name
        if not isinstance(kind, Text):
            assert (FIELDS[name].read("x" * kind.length), FIELDS[name].read("x" * (kind.length + 1))) == (
                "x" * kind.length,
                None,
            )


@pytest.mark.parametrize("field", ["materials", "items", "papers_seen"])
def test_neither_names_nor_number_of_documents_are_without_bound(field: str):
    name = "m" * DeferredMaterial.material.type.length
    make = (lambda *names: dict.fromkeys(names, "paper")) if field == "materials" else (lambda *names: [*names])
    assert FIELDS[field].read(make(name)) == make(name)
    assert FIELDS[field].read(make(*(f"m{number}" for number in range(5000)))) is None
    if field == "materials":
        assert FIELDS[field].read(make(f"{name}m")) is None


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x85", "\ud800"])
def test_a_note_has_no_letter_that_a_terminal_obeys_wherever_it_is_written(letter: str):
    assert FIELDS["note"].read(f"甲{letter}乙") is None
    with pytest.raises(InputError, match="field_invalid"):
        check_text("note", f"甲{letter}乙")
    assert check_text("note", "甲\n\t乙　丙") == FIELDS["note"].read("甲\n\t乙　丙") == "甲\n\t乙　丙"
