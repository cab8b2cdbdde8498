"""One number at the bank is one movement; answers left to a person stay; a proposal without object is moot.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import (
    barring,
    barring_emptying,
    freezing,
    unbarring,
    unbarring_emptying,
    unfreezing,
)

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("resolved_at IS NULL")
_APPEND_ONLY = ("bank_references", "foreign_files")
_FIXED = ("line_id", "kind", "key", "reference", "amount", "code", "dated", "parked_by", "parked_at")
_KNOWN = (
    ("settlement", "SELECT bank_ref, id, NULL FROM payment_lines WHERE settled_on IS NOT NULL ORDER BY id"),
    ("return", "SELECT return_ref, line_id, NULL FROM payment_returns ORDER BY line_id"),
    ("recovery", "SELECT reference, NULL, recovery_id FROM recovery_receipts ORDER BY id"),
)
_INSERT = (
    "INSERT INTO bank_references (key, kind, reference, line_id, recovery_id) "
    "VALUES (:key, :kind, :ref, :line, :recovery)"
)
_APPROVED = "state IN ('proposed', 'refused'{}) OR decided_by IS NOT NULL"


def upgrade() -> None:
    """Add the tables and enter what is known; where a number counted twice before, it is that of the first."""
    _create_references()
    _create_parked()
    _create_foreign()
    _enter_known()
    dialect = op.get_bind().dialect.name
    op.execute(freezing("parked_answers", _FIXED, dialect))
    for table in _APPEND_ONLY:
        for statement in (*barring(table, dialect), *barring_emptying(table, dialect)):
            op.execute(statement)
    _require_decider(", 'moot'")


def downgrade() -> None:
    """Forget them; what was moot was refused."""
    dialect = op.get_bind().dialect.name
    op.execute("UPDATE recoveries SET state = 'refused' WHERE state = 'moot'")
    _require_decider("")
    for table in _APPEND_ONLY:
        for statement in (*unbarring_emptying(table, dialect), *unbarring(table, dialect)):
            op.execute(statement)
    op.execute(unfreezing("parked_answers", dialect))
    for table in ("foreign_files", "parked_answers", "bank_references"):
        op.drop_table(table)


def _create_references() -> None:
    op.create_table(
        "bank_references",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("line_id", _ID, nullable=True),
        sa.Column("recovery_id", _ID, nullable=True),
        sa.CheckConstraint("kind IN ('settlement', 'return', 'recovery')", name=op.f("ck_bank_references_kind")),
        sa.CheckConstraint("(line_id IS NULL) <> (recovery_id IS NULL)", name=op.f("ck_bank_references_of_one")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bank_references")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["payment_lines.id"], name=op.f("fk_bank_references_line_id_payment_lines")
        ),
        sa.ForeignKeyConstraint(
            ["recovery_id"], ["recoveries.id"], name=op.f("fk_bank_references_recovery_id_recoveries")
        ),
    )


def _create_parked() -> None:
    op.create_table(
        "parked_answers",
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
        sa.CheckConstraint("kind IN ('return', 'success', 'failure')", name=op.f("ck_parked_answers_kind")),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name=op.f("ck_parked_answers_resolved")),
        sa.CheckConstraint(
            "resolved_at IS NULL OR (note IS NOT NULL AND note <> '')", name=op.f("ck_parked_answers_explained")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_answers")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["payment_lines.id"], name=op.f("fk_parked_answers_line_id_payment_lines")
        ),
    )
    op.create_index("uq_parked_answers_said", "parked_answers", ["line_id", "kind", "key"], unique=True)
    op.create_index("ix_parked_answers_open", "parked_answers", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def _create_foreign() -> None:
    op.create_table(
        "foreign_files",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_foreign_files_explained")),
        sa.PrimaryKeyConstraint("name", "sha256", name=op.f("pk_foreign_files")),
    )


def _enter_known() -> None:
    connection = op.get_bind()
    seen: set[str] = set()
    rows = []
    for kind, query in _KNOWN:
        for reference, line, recovery in connection.execute(sa.text(query)):
            key = _key(reference)
            if key not in seen:
                seen.add(key)
                rows.append({"key": key, "kind": kind, "ref": reference, "line": line, "recovery": recovery})
    if rows:
        connection.execute(sa.text(_INSERT), rows)


def _key(text: str) -> str:
    # As ``claims.canonical`` compares today.
    wide = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    kinds = [(sign, unicodedata.category(sign)) for sign in wide]
    alike, unseen = {"Ps": "(", "Pe": ")", "Pd": "-"}, ("Cc", "Cf", "Zl", "Zp", "Zs")
    plain = "".join(alike.get(kind, sign) for sign, kind in kinds if kind not in unseen)
    return hashlib.sha256(plain.encode()).hexdigest()


def _require_decider(more: str) -> None:
    with op.batch_alter_table("recoveries") as batch:
        batch.drop_constraint(op.f("ck_recoveries_approved"), type_="check")
        batch.create_check_constraint(op.f("ck_recoveries_approved"), _APPROVED.format(more))
