"""Public notices, objections and documents of allocation.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN, _LIVE = sa.text("is_open"), sa.text("is_live")


def upgrade() -> None:
    """Create the tables of documents that cover many claims."""
    _notices()
    _objections()
    _allocations()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("fund_allocation_funds")
    op.drop_index(
        "uq_fund_allocation_claims_live",
        table_name="fund_allocation_claims",
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.drop_table("fund_allocation_claims")
    op.drop_index("uq_fund_allocations_number", table_name="fund_allocations")
    op.drop_table("fund_allocations")
    op.drop_index("ix_objections_claim_id", table_name="objections")
    op.drop_table("objections")
    op.drop_index(
        "uq_public_notice_claims_open", table_name="public_notice_claims", sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.drop_table("public_notice_claims")
    op.drop_index("uq_public_notices_number", table_name="public_notices")
    op.drop_table("public_notices")


def _notices() -> None:
    op.create_table(
        "public_notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("contact_department", sa.String(length=120), nullable=False),
        sa.Column("contact_phone", sa.String(length=80), nullable=False),
        sa.Column("contact_email", sa.String(length=120), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("drafted_by", sa.String(length=80), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("contact_phone <> '' OR contact_email <> ''", name=op.f("ck_public_notices_reachable")),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'PUBLISHED', 'CLOSED', 'WITHDRAWN')", name=op.f("ck_public_notices_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('PUBLISHED', 'CLOSED') OR until_on IS NOT NULL", name=op.f("ck_public_notices_has_days")
        ),
        sa.CheckConstraint("from_on IS NULL OR until_on >= from_on", name=op.f("ck_public_notices_days_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notices")),
    )
    op.create_index("uq_public_notices_number", "public_notices", ["number"], unique=True)
    op.create_table(
        "public_notice_claims",
        sa.Column("notice_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account_tail", sa.String(length=4), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_public_notice_claims_positive")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name=op.f("fk_public_notice_claims_notice_id_public_notices")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_public_notice_claims_claim_id_claims")),
        sa.PrimaryKeyConstraint("notice_id", "claim_id", name=op.f("pk_public_notice_claims")),
    )
    op.create_index(
        "uq_public_notice_claims_open",
        "public_notice_claims",
        ["claim_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", _ID, nullable=False),
        sa.Column("notice_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("objector", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("days_left", sa.Integer(), nullable=False),
        sa.Column("filed_by", sa.String(length=80), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('OPEN', 'DISMISSED', 'UPHELD')", name=op.f("ck_objections_state")),
        sa.CheckConstraint("(state = 'OPEN') = (decided_by IS NULL)", name=op.f("ck_objections_decided")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> filed_by", name=op.f("ck_objections_two_people")),
        sa.CheckConstraint("days_left >= 0", name=op.f("ck_objections_days_left")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name=op.f("fk_objections_notice_id_public_notices")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_objections_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
    )
    op.create_index("ix_objections_claim_id", "objections", ["claim_id", "id"])


def _allocations() -> None:
    op.create_table(
        "fund_allocations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("maker", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issuer", sa.String(length=80), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.String(length=80), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("issuer IS NULL OR issuer <> maker", name=op.f("ck_fund_allocations_two_people")),
        sa.CheckConstraint("state <> 'ISSUED' OR issuer IS NOT NULL", name=op.f("ck_fund_allocations_issued_by")),
        sa.CheckConstraint("state IN ('DRAFT', 'ISSUED', 'VOID')", name=op.f("ck_fund_allocations_state")),
        sa.CheckConstraint("total > 0 AND claim_count > 0", name=op.f("ck_fund_allocations_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_allocations")),
    )
    op.create_index("uq_fund_allocations_number", "fund_allocations", ["number"], unique=True)
    op.create_table(
        "fund_allocation_claims",
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_fund_allocation_claims_positive")),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["fund_allocations.id"],
            name=op.f("fk_fund_allocation_claims_allocation_id_fund_allocations"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_fund_allocation_claims_claim_id_claims")),
        sa.PrimaryKeyConstraint("allocation_id", "claim_id", name=op.f("pk_fund_allocation_claims")),
    )
    op.create_index(
        "uq_fund_allocation_claims_live",
        "fund_allocation_claims",
        ["claim_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_table(
        "fund_allocation_funds",
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_fund_allocation_funds_positive")),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["fund_allocations.id"],
            name=op.f("fk_fund_allocation_funds_allocation_id_fund_allocations"),
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name=op.f("fk_fund_allocation_funds_fund_id_funds")),
        sa.PrimaryKeyConstraint("allocation_id", "fund_id", name=op.f("pk_fund_allocation_funds")),
    )
