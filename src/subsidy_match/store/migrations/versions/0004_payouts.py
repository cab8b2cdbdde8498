"""Receipt files, returned payments, the steps of payment lines and the files of batches.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SETTLED = sa.text("state = 'SETTLED'")
_REACHED = sa.text("settled_on IS NOT NULL")
_LINES = "payment_lines"


def upgrade() -> None:
    """Create the tables of bank files, and bar what must never be in the lines."""
    _bar_twice()
    _create_files()
    _create_steps()
    _create_returns()


def downgrade() -> None:
    """Drop them; what came back from the bank is forgotten with them."""
    op.drop_table("payment_returns")
    op.drop_table("payment_line_steps")
    op.drop_table("bank_files")
    op.drop_table("payout_files")
    for name in ("settled", "bank_ref", "id_amount"):
        op.drop_index(f"uq_payment_lines_{name}", table_name=_LINES)


def _bar_twice() -> None:
    op.create_index(
        "uq_payment_lines_settled", _LINES, ["claim_id"], unique=True, sqlite_where=_SETTLED, postgresql_where=_SETTLED
    )
    op.create_index(
        "uq_payment_lines_bank_ref", _LINES, ["bank_ref"], unique=True, sqlite_where=_REACHED, postgresql_where=_REACHED
    )
    op.create_index("uq_payment_lines_id_amount", _LINES, ["id", "amount"], unique=True)


def _create_files() -> None:
    op.create_table(
        "payout_files",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("by_indicator", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("total > 0 AND line_count > 0", name=op.f("ck_payout_files_not_empty")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_files_batch_id_payout_batches")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_payout_files")),
    )
    op.create_table(
        "bank_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
    )
    op.create_index("uq_bank_files_kind_sha256", "bank_files", ["kind", "sha256"], unique=True)


def _create_steps() -> None:
    table = "payment_line_steps"
    op.create_table(
        table,
        sa.Column("line_id", _ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=True),
        sa.Column("file_id", _ID, nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "from_state NOT IN ('SENT', 'UNKNOWN', 'SETTLED') OR source IS NOT NULL",
            name=op.f("ck_payment_line_steps_answered"),
        ),
        sa.CheckConstraint(
            "source IS NULL OR source IN ('statement', 'query')", name=op.f("ck_payment_line_steps_known_source")
        ),
        sa.CheckConstraint(
            "source <> 'statement' OR file_id IS NOT NULL", name=op.f("ck_payment_line_steps_statement_kept")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f(f"fk_{table}_file_id_bank_files")),
        sa.ForeignKeyConstraint(["line_id"], ["payment_lines.id"], name=op.f(f"fk_{table}_line_id_payment_lines")),
        sa.PrimaryKeyConstraint("line_id", "seq", name=op.f(f"pk_{table}")),
    )


def _create_returns() -> None:
    table = "payment_returns"
    op.create_table(
        table,
        sa.Column("line_id", _ID, autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("return_ref", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id", "amount"],
            ["payment_lines.id", "payment_lines.amount"],
            name=op.f(f"fk_{table}_line_id_amount_payment_lines"),
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f(f"pk_{table}")),
    )
    op.create_index("uq_payment_returns_return_ref", table, ["return_ref"], unique=True)
