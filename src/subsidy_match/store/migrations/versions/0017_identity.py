"""Whose a claim is and what it is for never changes, nor what was entered of an account.

The name of its firm changes by a recorded rename alone; a notice keeps the name with which it went out.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import FROZEN, freezing, keeping_names, unfreezing, unkeeping_names

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FIXED = {
    "claims": ("uscc", "policy_id", "period", "subject", "filer", "created_at"),
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


_LISTED = "public_notice_claims"
_FILL = f"""
UPDATE {_LISTED} SET enterprise_name = (SELECT c.enterprise_name FROM claims AS c WHERE c.id = {_LISTED}.claim_id)
""".strip()  # noqa: S608  # two constants


def upgrade() -> None:
    """Bar other values; take the names into the notices."""
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute(FROZEN)
    for table, columns in _FIXED.items():
        op.execute(freezing(table, columns, dialect))
    for statement in keeping_names(dialect):
        op.execute(statement)
    op.add_column(_LISTED, sa.Column("enterprise_name", sa.String(length=200), nullable=True))
    op.execute(_FILL)


def downgrade() -> None:
    """Take the bars away again; the rows stay."""
    op.drop_column(_LISTED, "enterprise_name")
    op.execute(unkeeping_names(op.get_bind().dialect.name))
    for table in _FIXED:
        op.execute(unfreezing(table, op.get_bind().dialect.name))
