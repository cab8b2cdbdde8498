"""Whose a claim is and what it is for never changes, nor what was entered of an account.

The name of its firm changes by a recorded rename alone; a notice keeps the name with which it went out.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import FROZEN, freezing, keeping_names, unfreezing, unkeeping_names

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FIXED = {
    "claims": ("uscc", "policy_id", "period", "subject", "filer", "created_at"),
    "payee_accounts": (
        "uscc",
        "holder",
        "bank_name",
        "sealed",
        "fingerprint",
        "last_four",
        "entered_by",
        "entered_at",
    ),
}


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("is_open")
_LISTED = "public_notice_claims"
_FILL = f"""
UPDATE {_LISTED} SET enterprise_name = (SELECT c.enterprise_name FROM claims AS c WHERE c.id = {_LISTED}.claim_id)
""".strip()  # noqa: S608  # two constants


def upgrade() -> None:
    """Bar other values; take the names into the notices."""
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute(FROZEN)
    for table, columns in _FIXED.items():
        op.execute(freezing(table, columns, dialect))
    for statement in keeping_names(dialect):
        op.execute(statement)
    with op.batch_alter_table(_LISTED, copy_from=_listed()) as batch:
        batch.add_column(_name(nullable=True))
    op.execute(_FILL)
    with op.batch_alter_table(_LISTED, copy_from=_listed(_name(nullable=True))) as batch:
        batch.alter_column("enterprise_name", existing_type=sa.String(length=200), nullable=False)


def downgrade() -> None:
    """Take the bars away again; the rows stay."""
    with op.batch_alter_table(_LISTED, copy_from=_listed(_name(nullable=False))) as batch:
        batch.drop_column("enterprise_name")
    op.execute(unkeeping_names(op.get_bind().dialect.name))
    for table in _FIXED:
        op.execute(unfreezing(table, op.get_bind().dialect.name))


def _name(*, nullable: bool) -> sa.Column[str]:
    return sa.Column("enterprise_name", sa.String(length=200), nullable=nullable)


def _listed(*more: sa.Column[str]) -> sa.Table:
    return sa.Table(
        _LISTED,
        sa.MetaData(),
        sa.Column("notice_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account_tail", sa.String(length=4), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        *more,
        sa.CheckConstraint("amount > 0", name="ck_public_notice_claims_positive"),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name="fk_public_notice_claims_notice_id_public_notices"
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name="fk_public_notice_claims_claim_id_claims"),
        sa.PrimaryKeyConstraint("notice_id", "claim_id", name="pk_public_notice_claims"),
        sa.Index("uq_public_notice_claims_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
