"""How many places the group had when a claim took one, so that a claim that comes back finds a free one.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OCCUPIES = sa.text("occupies")
# What the policy said then is not known any more: there were at least as many places as were ever taken.
_FILL = """
    UPDATE exclusive_slots SET places = (
        SELECT max(other.slot) FROM exclusive_slots AS other WHERE other.group_id = exclusive_slots.group_id)"""


def upgrade() -> None:
    """Add the number of places to every place that is or was taken."""
    with op.batch_alter_table("exclusive_slots", copy_from=_slots()) as batch:
        batch.add_column(sa.Column("places", sa.Integer(), nullable=True))
    op.execute(_FILL)
    with op.batch_alter_table("exclusive_slots", copy_from=_slots(_places(nullable=True))) as batch:
        batch.alter_column("places", existing_type=sa.Integer(), nullable=False)
        batch.create_check_constraint(op.f("ck_exclusive_slots_within"), "slot <= places")


def downgrade() -> None:
    """Forget how many there were."""
    within = sa.CheckConstraint("slot <= places", name="ck_exclusive_slots_within")
    with op.batch_alter_table("exclusive_slots", copy_from=_slots(_places(nullable=False), within)) as batch:
        batch.drop_constraint(op.f("ck_exclusive_slots_within"), type_="check")
        batch.drop_column("places")


def _places(*, nullable: bool) -> sa.Column[int]:
    return sa.Column("places", sa.Integer(), nullable=nullable)


def _slots(*more: sa.Column[int] | sa.CheckConstraint) -> sa.Table:
    return sa.Table(
        "exclusive_slots",
        sa.MetaData(),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("group_id", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        *more,
        sa.CheckConstraint("slot > 0", name="ck_exclusive_slots_slot"),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name="fk_exclusive_slots_claim_id_claims"),
        sa.PrimaryKeyConstraint("claim_id", "group_id", "scope", name="pk_exclusive_slots"),
        sa.Index(
            "uq_exclusive_slots_occupied",
            "uscc",
            "group_id",
            "scope",
            "slot",
            unique=True,
            sqlite_where=_OCCUPIES,
            postgresql_where=_OCCUPIES,
        ),
    )
