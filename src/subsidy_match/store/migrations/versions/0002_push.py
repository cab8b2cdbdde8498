"""What firms were told.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of push."""
    op.create_table(
        "push_notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("run_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_notices")),
    )
    op.create_index("ix_push_notices_uscc", "push_notices", ["uscc"])
    op.create_table(
        "push_told",
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("policy_id", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("amount_min", sa.BigInteger(), nullable=True),
        sa.Column("amount_max", sa.BigInteger(), nullable=True),
        sa.Column("notice_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["push_notices.id"], name=op.f("fk_push_told_notice_id_push_notices")),
        sa.PrimaryKeyConstraint("uscc", "policy_id", "period", "subject", name=op.f("pk_push_told")),
    )


def downgrade() -> None:
    """Drop the tables of push."""
    op.drop_table("push_told")
    op.drop_index("ix_push_notices_uscc", table_name="push_notices")
    op.drop_table("push_notices")
