"""The database itself holds what the code alone held: known states, a checker, rows and columns that never change.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from subsidy_match.store.append_only import (
    FROZEN,
    FUNCTION,
    barring,
    barring_emptying,
    freezing,
    unbarring,
    unbarring_emptying,
    unfreezing,
)

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_APPEND_ONLY = (
    "audit_anchor_heads",
    "audit_anchors",
    "claim_amendments",
    "claim_pins",
    "claim_risks",
    "payment_line_steps",
    "payment_returns",
    "risk_answers",
    "breaches",
)
_LINES = "payment_lines"
_FIXED = ("batch_id", "claim_id", "account_id", "instruction", "amount")
_CLAIM_STATES = (
    "state IN ('DRAFT', 'SUBMITTED', 'NOT_ACCEPTED', 'ACCEPTED', 'CORRECTION', 'LAPSED', 'IN_REVIEW', 'IN_RECHECK', "
    "'IN_APPROVAL', 'REJECTED', 'APPROVED', 'PUBLISHED', 'OBJECTION', 'REVOKED', 'PAYABLE', 'IN_PAYMENT', "
    "'PAY_FAILED', 'PAID', 'COMPLETED', 'WITHDRAWN', 'APPEAL', 'RECOVERING', 'RECOVERED', 'WRITTEN_OFF')"
)
_LINE_STATES = "state IN ('CREATED', 'BATCHED', 'APPROVED', 'SENT', 'SETTLED', 'FAILED', 'UNKNOWN', 'RETURNED')"
_BATCH_STATES = "state IN ('MADE', 'APPROVED', 'REFUSED', 'CANCELLED', 'SENDING', 'SENT', 'CLOSED')"
_CHECKS = {
    "claims": {"ck_claims_state": _CLAIM_STATES},
    "payment_lines": {"ck_payment_lines_state": _LINE_STATES},
    "payout_batches": {
        "ck_payout_batches_state": _BATCH_STATES,
        "ck_payout_batches_checked": "state IN ('MADE', 'CANCELLED') OR checker IS NOT NULL",
    },
}


def upgrade() -> None:
    """Bar what must never be."""
    dialect = op.get_bind().dialect.name
    for table, checks in _CHECKS.items():
        _add(table, checks)
    if dialect != "sqlite":
        op.execute(FUNCTION)
        op.execute(FROZEN)
    op.execute(freezing(_LINES, _FIXED, dialect))
    for table in _APPEND_ONLY:
        for statement in (*barring(table, dialect), *barring_emptying(table, dialect)):
            op.execute(statement)


def downgrade() -> None:
    """Take the bars away again; the rows stay."""
    dialect = op.get_bind().dialect.name
    for table in _APPEND_ONLY:
        for statement in (*unbarring_emptying(table, dialect), *unbarring(table, dialect)):
            op.execute(statement)
    op.execute(unfreezing(_LINES, dialect))
    if dialect != "sqlite":
        op.execute("DROP FUNCTION bar_other_value()")
    for table, checks in _CHECKS.items():
        _take_away(table, checks)


def _add(table: str, checks: dict[str, str]) -> None:
    with _altering(table) as batch:
        for name, condition in checks.items():
            batch.create_check_constraint(op.f(name), condition)


def _take_away(table: str, checks: dict[str, str]) -> None:
    with _altering(table) as batch:
        for name in checks:
            batch.drop_constraint(op.f(name), type_="check")


@contextmanager
def _altering(table: str) -> Iterator[BatchOperations]:
    """Alter a table; SQLite rebuilds it, and forgets its triggers with it."""
    connection = op.get_bind()
    statements: Sequence[str] = ()
    if connection.dialect.name == "sqlite":
        triggers = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
        statements = connection.execute(triggers, {"table": table}).scalars().all()
    with op.batch_alter_table(table) as batch:
        yield batch
    for statement in statements:
        op.execute(statement)
