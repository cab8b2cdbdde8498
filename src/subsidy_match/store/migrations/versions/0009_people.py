"""Scoped roles, authorisations, interests, delegations and tasks.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of people and of handling."""
    op.create_table(
        "authorisations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("policy_id", sa.String(length=120), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_authorisations_ended")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_authorisations_days")),
        sa.CheckConstraint("length(document_sha256) = 64", name=op.f("ck_authorisations_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisations")),
    )
    op.create_index("ix_authorisations_login", "authorisations", ["login", "uscc"], unique=False)
    op.create_table(
        "delegations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("deputy", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_delegations_ended")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_delegations_days")),
        sa.CheckConstraint("principal <> deputy", name=op.f("ck_delegations_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_deputy", "delegations", ["deputy", "role"], unique=False)
    op.create_table(
        "handling_rules",
        sa.Column("id", _ID, nullable=False),
        sa.Column("policy_id", sa.String(length=120), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("tasks", sa.Text(), nullable=False),
        sa.Column("bands", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling_rules")),
    )
    op.create_index("ix_handling_rules_policy_id", "handling_rules", ["policy_id", "from_on"], unique=False)
    op.create_table(
        "interests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_interests_ended")),
        sa.CheckConstraint("ended_by IS NULL OR ended_by <> login", name=op.f("ck_interests_ended_by_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interests")),
    )
    op.create_index("ix_interests_uscc", "interests", ["uscc"], unique=False)
    op.create_index(
        "uq_interests_open",
        "interests",
        ["login", "uscc"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "user_persons",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_persons_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_persons")),
    )
    op.create_index("ix_user_persons_person", "user_persons", ["person"], unique=False)
    op.create_table(
        "user_scopes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level >= 0", name=op.f("ck_user_scopes_level")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_scopes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_scopes")),
    )
    op.create_index("uq_user_scopes_place", "user_scopes", ["user_id", "role", "department", "fund_id"], unique=True)
    op.create_table(
        "claim_endorsements",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_endorsements_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", "person", name=op.f("pk_claim_endorsements")),
    )
    op.create_index("uq_claim_endorsements_person", "claim_endorsements", ["claim_id", "since", "person"], unique=True)
    op.create_table(
        "claim_tasks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("officer", sa.String(length=80), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.Column("opened_version", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(result IS NULL) = (opinion IS NULL)", name=op.f("ck_claim_tasks_result_with_opinion")),
        sa.CheckConstraint("NOT is_open OR result IS NULL", name=op.f("ck_claim_tasks_open_has_no_result")),
        sa.CheckConstraint("is_open = (closed_at IS NULL)", name=op.f("ck_claim_tasks_closed")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_tasks_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_tasks")),
    )
    op.create_index("ix_claim_tasks_department", "claim_tasks", ["department"], unique=False)
    op.create_index(
        "uq_claim_tasks_open",
        "claim_tasks",
        ["claim_id", "kind", "department"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "claim_terms",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("chain", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_terms_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_terms")),
    )
    op.create_table(
        "step_deputies",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=True),
        sa.Column("delegation_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_step_deputies_claim_id_claims")),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegations.id"], name=op.f("fk_step_deputies_delegation_id_delegations")
        ),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_step_deputies")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "step_deputies",
        "claim_terms",
        "claim_tasks",
        "claim_endorsements",
        "user_scopes",
        "user_persons",
        "interests",
        "handling_rules",
        "delegations",
        "authorisations",
    ):
        op.drop_table(table)
