"""The calendar, stage limits and breaches.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Where each live claim stands since when, from the steps written so far.
_STANDING = """
    INSERT INTO stage_visits (claim_id, version, stage, entered_on)
    SELECT s.claim_id, s.version, s.to_state, s.day FROM claim_steps s
    WHERE s.to_state NOT IN ('NOT_ACCEPTED', 'LAPSED', 'REJECTED', 'WITHDRAWN', 'COMPLETED')
    AND s.version = (
        SELECT max(t.version) FROM claim_steps t
        WHERE t.claim_id = s.claim_id AND (t.from_state IS NULL OR t.from_state <> t.to_state)
    )"""
# Several reasons may stop one clock at once; the old key has room for one a version.
_SURPLUS = """
    DELETE FROM claim_pauses WHERE EXISTS (
        SELECT 1 FROM claim_pauses o WHERE o.claim_id = claim_pauses.claim_id AND o.version = claim_pauses.version
        AND o.reason || ' ' || o.of_what < claim_pauses.reason || ' ' || claim_pauses.of_what
    )"""


def upgrade() -> None:
    """Create the tables of the clock, and let several reasons stop one clock."""
    _create_calendar()
    _create_stages()
    _create_marks()
    _pauses_anew(["claim_id", "version", "reason", "of_what"])
    op.execute(_STANDING)


def downgrade() -> None:
    """Drop them again; of several stops at one version one is kept."""
    op.execute(_SURPLUS)
    _pauses_anew(["claim_id", "version"])
    op.drop_index("ix_sweep_runs_at", table_name="sweep_runs")
    op.drop_table("sweep_runs")
    op.drop_index("uq_breaches", table_name="breaches")
    op.drop_table("breaches")
    op.drop_table("claim_dues")
    op.drop_index("uq_stage_visits_open", table_name="stage_visits")
    op.drop_table("stage_visits")
    op.drop_index("uq_stage_limits", table_name="stage_limits")
    op.drop_table("stage_limits")
    op.drop_table("calendar_days")
    op.drop_table("calendar_years")


def _pauses_anew(key: list[str]) -> None:
    # Made anew on both stores: a renamed table is written out in another way than a created one.
    is_new = "of_what" in key
    columns = "claim_id, version, reason, start_on, end_on"
    op.execute("CREATE TABLE pauses_kept AS SELECT * FROM claim_pauses")
    op.drop_table("claim_pauses")
    op.create_table(
        "claim_pauses",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        *([sa.Column("of_what", sa.String(length=60), nullable=False)] if is_new else []),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_pauses_claim_id_claims")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_claim_pauses")),
    )
    more, empty = (", of_what", ", ''") if is_new else ("", "")
    op.execute(f"INSERT INTO claim_pauses ({columns}{more}) SELECT {columns}{empty} FROM pauses_kept")  # noqa: S608
    op.drop_table("pauses_kept")


def _create_calendar() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_by", sa.String(length=80), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("year BETWEEN 1990 AND 2999", name=op.f("ck_calendar_years_year")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_calendar_days_kind")),
        sa.ForeignKeyConstraint(["year"], ["calendar_years.year"], name=op.f("fk_calendar_days_year_calendar_years")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )


def _create_stages() -> None:
    op.create_table(
        "stage_limits",
        sa.Column("id", _ID, nullable=False),
        sa.Column("policy_id", sa.String(length=120), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('budget', 'deemed', 'expiry')", name=op.f("ck_stage_limits_kind")),
        sa.CheckConstraint("days > 0", name=op.f("ck_stage_limits_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_limits")),
    )
    key = ["policy_id", "stage", "kind", "effective_from"]
    op.create_index("uq_stage_limits", "stage_limits", key, unique=True)
    op.create_table(
        "stage_visits",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("limit_days", sa.Integer(), nullable=True),
        sa.Column("elapsed_days", sa.Integer(), nullable=True),
        sa.Column("counted_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("left_on IS NULL OR left_on >= entered_on", name=op.f("ck_stage_visits_order")),
        sa.CheckConstraint(
            "counted_days IS NULL OR (counted_days >= 0 AND elapsed_days >= counted_days)",
            name=op.f("ck_stage_visits_days"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_stage_visits_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_stage_visits")),
    )
    is_open = sa.text("left_on IS NULL")
    op.create_index(
        "uq_stage_visits_open",
        "stage_visits",
        ["claim_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _create_marks() -> None:
    op.create_table(
        "claim_dues",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_dues_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_dues")),
    )
    op.create_table(
        "breaches",
        sa.Column("id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("counted_days", sa.Integer(), nullable=False),
        sa.Column("limit_days", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IN ('yellow', 'red')", name=op.f("ck_breaches_level")),
        sa.CheckConstraint("limit_days > 0 AND counted_days > 0", name=op.f("ck_breaches_days")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_breaches_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaches")),
    )
    op.create_index("uq_breaches", "breaches", ["claim_id", "stage", "level"], unique=True)
    op.create_table(
        "sweep_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_runs")),
    )
    op.create_index("ix_sweep_runs_at", "sweep_runs", ["at"])
