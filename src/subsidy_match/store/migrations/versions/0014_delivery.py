"""When a message is tried again, and which ones are given up.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNSENT = sa.text("sent_at IS NULL")
_INDEX = "ix_outbox_unsent"


def upgrade() -> None:
    """Add both moments; the oldest unsent message of any topic is found at once."""
    op.drop_index(_INDEX, table_name="outbox", sqlite_where=_UNSENT, postgresql_where=_UNSENT)
    # Made anew on SQLite, which writes an added column out in another way than one of a created table.
    how: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("outbox", copy_from=_outbox(), recreate=how) as batch:
        batch.add_column(_moment("next_at"))
        batch.add_column(_moment("dead_at"))
    _indexes(["id"])


def downgrade() -> None:
    """Forget them: what was given up waits again."""
    op.drop_index(_INDEX, table_name="outbox", sqlite_where=_UNSENT, postgresql_where=_UNSENT)
    with op.batch_alter_table("outbox", copy_from=_outbox(_moment("next_at"), _moment("dead_at"))) as batch:
        batch.drop_column("dead_at")
        batch.drop_column("next_at")
    _indexes(["topic", "id"])


def _indexes(columns: list[str]) -> None:
    op.create_index(_INDEX, "outbox", columns, sqlite_where=_UNSENT, postgresql_where=_UNSENT)
    if op.get_bind().dialect.name == "sqlite":  # there the table was made anew, without its indexes
        op.create_index("uq_outbox_key", "outbox", ["key"], unique=True)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _outbox(*more: sa.Column[datetime]) -> sa.Table:
    return sa.Table(
        "outbox",
        sa.MetaData(),
        sa.Column("id", _ID, nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        *more,
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
