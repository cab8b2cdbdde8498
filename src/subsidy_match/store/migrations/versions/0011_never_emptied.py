"""Append-only tables cannot be emptied at one stroke either.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

from subsidy_match.store.append_only import barring_emptying, unbarring_emptying

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = (
    "audit_entries",
    "claim_steps",
    "fund_entries",
    "fund_transfers",
    "fund_closings",
    "fund_carries",
    "allocation_run_parts",
)


def upgrade() -> None:
    """Bar TRUNCATE, which PostgreSQL asks no trigger of rows about; SQLite has no such statement."""
    dialect = op.get_bind().dialect.name
    for table in _TABLES:
        for statement in barring_emptying(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    """Take the bars away again."""
    dialect = op.get_bind().dialect.name
    for table in _TABLES:
        for statement in unbarring_emptying(table, dialect):
            op.execute(statement)
