"""Which claims moved from a closed fund to the one that its money was carried over to.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import barring, barring_emptying, unbarring, unbarring_emptying

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "claim_rehomings"
_WAY = ("closing_id", "source_id", "target_id")


def upgrade() -> None:
    """Create the table; a row of it may only go the way that a carry-over went."""
    op.create_index("uq_fund_carries_way", "fund_carries", list(_WAY), unique=True)
    _create()
    op.create_index("uq_claim_rehomings_source", _TABLE, ["claim_id", "source_id"], unique=True)
    op.create_index("ix_claim_rehomings_source_id", _TABLE, ["source_id", "claim_id"], unique=False)
    dialect = op.get_bind().dialect.name
    for statement in (*barring(_TABLE, dialect), *barring_emptying(_TABLE, dialect)):
        op.execute(statement)


def downgrade() -> None:
    """Drop it; claims stay where they are by now."""
    dialect = op.get_bind().dialect.name
    for statement in (*unbarring_emptying(_TABLE, dialect), *unbarring(_TABLE, dialect)):
        op.execute(statement)
    op.drop_table(_TABLE)
    op.drop_index("uq_fund_carries_way", table_name="fund_carries")


def _create() -> None:
    op.create_table(
        _TABLE,
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("target_id", sa.String(length=80), nullable=False),
        sa.Column("closing_id", _ID, nullable=False),
        sa.Column("document_no", sa.String(length=80), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("reserved >= 0 AND committed >= 0", name=op.f("ck_claim_rehomings_not_negative")),
        sa.ForeignKeyConstraint(
            list(_WAY),
            [f"fund_carries.{column}" for column in _WAY],
            name=op.f("fk_claim_rehomings_closing_id_fund_carries"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_rehomings_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_claim_rehomings")),
    )
