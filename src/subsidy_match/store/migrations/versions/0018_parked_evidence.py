"""An answer left to a person keeps the file it came from; what that person said of it stays as it was said.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import FROZEN, freezing, settling, unfreezing, unsettling

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("resolved_at IS NULL")
_PARKED = "parked_answers"
_BEFORE = ("line_id", "kind", "key", "reference", "amount", "code", "dated", "parked_by", "parked_at")
_FIXED = (*_BEFORE, "source", "file_id")
_ANSWER = ("resolved_at", "resolved_by", "note")
_KNOWN = "source IS NULL OR source IN ('statement', 'query')"
_KEPT = "source <> 'statement' OR file_id IS NOT NULL"
_FILE = "fk_parked_answers_file_id_bank_files"
# The file in which an answer came was taken in at the very same moment by the same person.
_FROM = "FROM bank_files AS f WHERE f.at = parked_answers.parked_at AND f.actor = parked_answers.parked_by"
_FILL = f"""
UPDATE {_PARKED} SET source = 'statement', file_id = (SELECT min(f.id) {_FROM})
WHERE (SELECT count(*) {_FROM}) = 1
""".strip()  # noqa: S608  # constants


def upgrade() -> None:
    """Add where an answer came from, and enter it where only one file can be meant."""
    dialect = op.get_bind().dialect.name
    op.execute(unfreezing(_PARKED, dialect))
    with op.batch_alter_table(_PARKED, copy_from=_parked()) as batch:
        for column in _evidence():
            batch.add_column(column)
        batch.create_foreign_key(_FILE, "bank_files", ["file_id"], ["id"])
        batch.create_check_constraint(op.f("ck_parked_answers_known_source"), _KNOWN)
        batch.create_check_constraint(op.f("ck_parked_answers_statement_kept"), _KEPT)
    op.execute(_FILL)
    if dialect != "sqlite":
        op.execute(FROZEN)
    op.execute(freezing(_PARKED, _FIXED, dialect))
    op.execute(settling(_PARKED, "resolved_at", _ANSWER, dialect))


def downgrade() -> None:
    """Forget where they came from; the answers stay."""
    dialect = op.get_bind().dialect.name
    op.execute(unsettling(_PARKED, dialect))
    op.execute(unfreezing(_PARKED, dialect))
    known = sa.CheckConstraint(_KNOWN, name=op.f("ck_parked_answers_known_source"))
    kept = sa.CheckConstraint(_KEPT, name=op.f("ck_parked_answers_statement_kept"))
    file = sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=_FILE)
    with op.batch_alter_table(_PARKED, copy_from=_parked(*_evidence(), known, kept, file)) as batch:
        batch.drop_constraint(op.f("ck_parked_answers_statement_kept"), type_="check")
        batch.drop_constraint(op.f("ck_parked_answers_known_source"), type_="check")
        batch.drop_constraint(_FILE, type_="foreignkey")
        batch.drop_column("file_id")
        batch.drop_column("source")
    op.execute(freezing(_PARKED, _BEFORE, dialect))


def _evidence() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("source", sa.String(length=20), nullable=True), sa.Column("file_id", _ID, nullable=True)


def _parked(*more: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(
        _PARKED,
        sa.MetaData(),
        sa.Column("id", _ID, nullable=False),
        sa.Column("line_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("parked_by", sa.String(length=80), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.String(length=80), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        *more,
        sa.CheckConstraint("kind IN ('return', 'success', 'failure')", name="ck_parked_answers_kind"),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name="ck_parked_answers_resolved"),
        sa.CheckConstraint(
            "resolved_at IS NULL OR (note IS NOT NULL AND note <> '')", name="ck_parked_answers_explained"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_parked_answers"),
        sa.ForeignKeyConstraint(["line_id"], ["payment_lines.id"], name="fk_parked_answers_line_id_payment_lines"),
        sa.Index("uq_parked_answers_said", "line_id", "kind", "key", unique=True),
        sa.Index("ix_parked_answers_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
