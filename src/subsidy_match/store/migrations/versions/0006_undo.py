"""Recoveries, appeals and amendments.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("is_open")


def upgrade() -> None:
    """Create the tables of recoveries, appeals and amendments."""
    _appeals()
    _amendments()
    _recoveries()
    _dues()
    _receipts()
    _write_offs()


def downgrade() -> None:
    """Drop them; their indexes go with them."""
    for table in ("write_offs", "recovery_receipts", "recovery_dues", "recoveries", "claim_amendments", "appeals"):
        op.drop_table(table)


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("decided_state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.String(length=80), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(outcome IS NULL) = (decided_by IS NULL)", name=op.f("ck_appeals_decided")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> filed_by", name=op.f("ck_appeals_two_people")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_appeals_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "decision", name=op.f("pk_appeals")),
    )


def _amendments() -> None:
    op.create_table(
        "claim_amendments",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("old_value", sa.String(length=200), nullable=True),
        sa.Column("new_value", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_claim_amendments_explained")),
        sa.CheckConstraint("old_value IS NULL OR old_value <> new_value", name=op.f("ck_claim_amendments_changes")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_amendments_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", "field", name=op.f("pk_claim_amendments")),
    )


def _recoveries() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("returns_to", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("returns_to IN ('fund', 'treasury')", name=op.f("ck_recoveries_returns_to")),
        sa.CheckConstraint("state <> 'recovered' OR recovered = amount", name=op.f("ck_recoveries_in_full")),
        sa.CheckConstraint(
            "state IN ('proposed', 'refused') OR decided_by IS NOT NULL", name=op.f("ck_recoveries_approved")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_recoveries_positive")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_recoveries_two_people")),
        sa.CheckConstraint("recovered >= 0 AND recovered <= amount", name=op.f("ck_recoveries_within")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_recoveries_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
    )
    op.create_index("ix_recoveries_claim_id", "recoveries", ["claim_id", "id"])
    op.create_index(
        "uq_recoveries_open", "recoveries", ["claim_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _dues() -> None:
    op.create_table(
        "recovery_dues",
        sa.Column("recovery_id", _ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_recovery_dues_positive")),
        sa.ForeignKeyConstraint(
            ["recovery_id"], ["recoveries.id"], name=op.f("fk_recovery_dues_recovery_id_recoveries")
        ),
        sa.PrimaryKeyConstraint("recovery_id", "due_on", name=op.f("pk_recovery_dues")),
    )


def _receipts() -> None:
    op.create_table(
        "recovery_receipts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("recovery_id", _ID, nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_recovery_receipts_positive")),
        sa.ForeignKeyConstraint(
            ["recovery_id"], ["recoveries.id"], name=op.f("fk_recovery_receipts_recovery_id_recoveries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_receipts")),
    )
    op.create_index("ix_recovery_receipts_recovery_id", "recovery_receipts", ["recovery_id", "id"])
    op.create_index("uq_recovery_receipts_reference", "recovery_receipts", ["reference"], unique=True)


def _write_offs() -> None:
    op.create_table(
        "write_offs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("recovery_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND amount IS NOT NULL AND amount > 0)",
            name=op.f("ck_write_offs_approved"),
        ),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_write_offs_two_people")),
        sa.ForeignKeyConstraint(["recovery_id"], ["recoveries.id"], name=op.f("fk_write_offs_recovery_id_recoveries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_offs")),
    )
    op.create_index("ix_write_offs_recovery_id", "write_offs", ["recovery_id", "id"])
    op.create_index(
        "uq_write_offs_open", "write_offs", ["recovery_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
