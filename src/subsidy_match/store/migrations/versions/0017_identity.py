"""Whose a claim is and what it is for never changes, nor what was entered of an account.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

from subsidy_match.store.append_only import FROZEN, freezing, unfreezing

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FIXED = {
    "claims": ("uscc", "enterprise_name", "policy_id", "period", "subject", "filer", "created_at"),
    "payee_accounts": (
        "uscc",
        "holder",
        "bank_name",
        "sealed",
        "fingerprint",
        "last_four",
        "entered_by",
        "entered_at",
    ),
}


def upgrade() -> None:
    """Bar other values."""
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute(FROZEN)
    for table, columns in _FIXED.items():
        op.execute(freezing(table, columns, dialect))


def downgrade() -> None:
    """Take the bars away again; the rows stay."""
    for table in _FIXED:
        op.execute(unfreezing(table, op.get_bind().dialect.name))
