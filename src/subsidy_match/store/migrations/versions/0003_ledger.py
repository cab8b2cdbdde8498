"""Transfers, year end, pooled funds, and rows that the database lets nobody change.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from subsidy_match.store.append_only import FUNCTION, barring, unbarring

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MONEY = sa.BigInteger()
_MOMENT = sa.DateTime(timezone=True)
_OLD = ("audit_entries", "claim_steps", "fund_entries")
_NEW = ("fund_transfers", "fund_closings", "fund_carries", "allocation_run_parts")


def upgrade() -> None:
    """Add terms of funds, documents between funds and allocation runs; bar changes of what is append-only."""
    _fund_terms()
    _transfers()
    _closings()
    _carries()
    _runs()
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute(FUNCTION)
    for table in (*_OLD, *_NEW):
        for statement in barring(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    """Take it all away again; the movements stay."""
    dialect = op.get_bind().dialect.name
    for table in (*_OLD, *_NEW):
        for statement in unbarring(table, dialect):
            op.execute(statement)
    if dialect != "sqlite":
        op.execute("DROP FUNCTION bar_change()")
    for table in ("allocation_run_parts", "allocation_runs", "fund_carries", "fund_closings", "fund_transfers"):
        op.drop_table(table)
    columns = [*_columns(), sa.Column("step", _MONEY, nullable=False), sa.Column("closed_on", sa.Date(), nullable=True)]
    terms = (_mode_check(), _step_check())
    with op.batch_alter_table("funds", copy_from=_funds(columns, *terms)) as batch:
        batch.drop_constraint(op.f("ck_funds_mode"), type_="check")
        batch.drop_constraint(op.f("ck_funds_step"), type_="check")
        batch.drop_column("closed_on")
        batch.drop_column("step")


def _fund_terms() -> None:
    with op.batch_alter_table("funds", copy_from=_funds(_columns())) as batch:
        batch.add_column(sa.Column("step", _MONEY, nullable=True))
        batch.add_column(sa.Column("closed_on", sa.Date(), nullable=True))
    op.execute("UPDATE funds SET step = 1")
    columns = [*_columns(), sa.Column("step", _MONEY, nullable=True), sa.Column("closed_on", sa.Date(), nullable=True)]
    with op.batch_alter_table("funds", copy_from=_funds(columns)) as batch:
        batch.alter_column("step", existing_type=_MONEY, nullable=False)
        batch.create_check_constraint(op.f("ck_funds_mode"), "mode IN ('fifo', 'pooled')")
        batch.create_check_constraint(op.f("ck_funds_step"), "step > 0")


def _columns() -> list[sa.Column[Any]]:
    texts = {"name_zh": 200, "name_en": 200, "department": 120, "mode": 10}
    more = {"indicator_no": 80, "function_code": 20, "spending_plan": 80}
    return [
        sa.Column("id", sa.String(length=80), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in texts.items()),
        sa.Column("year", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in more.items()),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        *(sa.Column(name, _MONEY, nullable=False) for name in ("allocated", "reserved", "committed", "paid")),
    ]


def _funds(columns: list[sa.Column[Any]], *checks: sa.CheckConstraint) -> sa.Table:
    not_negative = "reserved >= 0 AND committed >= 0 AND paid >= 0"
    return sa.Table(
        "funds",
        sa.MetaData(),
        *columns,
        sa.CheckConstraint("allocated >= reserved + committed + paid", name="ck_funds_not_overspent"),
        sa.CheckConstraint(not_negative, name="ck_funds_not_negative"),
        sa.PrimaryKeyConstraint("id", name="pk_funds"),
        *checks,
    )


def _mode_check() -> sa.CheckConstraint:
    return sa.CheckConstraint("mode IN ('fifo', 'pooled')", name="ck_funds_mode")


def _step_check() -> sa.CheckConstraint:
    return sa.CheckConstraint("step > 0", name="ck_funds_step")


def _transfers() -> None:
    op.create_table(
        "fund_transfers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("document_no", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("target_id", sa.String(length=80), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_fund_transfers_positive")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_fund_transfers_two_funds")),
        sa.ForeignKeyConstraint(["source_id"], ["funds.id"], name=op.f("fk_fund_transfers_source_id_funds")),
        sa.ForeignKeyConstraint(["target_id"], ["funds.id"], name=op.f("fk_fund_transfers_target_id_funds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_transfers")),
    )
    columns = ["document_no", "source_id", "target_id"]
    op.create_index("uq_fund_transfers_document", "fund_transfers", columns, unique=True)


def _closings() -> None:
    op.create_table(
        "fund_closings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("document_no", sa.String(length=80), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_fund_closings_not_negative")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name=op.f("fk_fund_closings_fund_id_funds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_closings")),
    )
    op.create_index("uq_fund_closings_document", "fund_closings", ["fund_id", "document_no"], unique=True)
    op.create_index("uq_fund_closings_taken", "fund_closings", ["id", "fund_id", "amount"], unique=True)


def _carries() -> None:
    op.create_table(
        "fund_carries",
        sa.Column("closing_id", _ID, autoincrement=False, nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("target_id", sa.String(length=80), nullable=False),
        sa.Column("taken_back", _MONEY, nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("document_no", sa.String(length=80), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount > 0 AND amount <= taken_back", name=op.f("ck_fund_carries_within")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_fund_carries_two_funds")),
        sa.ForeignKeyConstraint(
            ["closing_id", "source_id", "taken_back"],
            ["fund_closings.id", "fund_closings.fund_id", "fund_closings.amount"],
            name=op.f("fk_fund_carries_closing_id_fund_closings"),
        ),
        sa.ForeignKeyConstraint(["target_id"], ["funds.id"], name=op.f("fk_fund_carries_target_id_funds")),
        sa.PrimaryKeyConstraint("closing_id", name=op.f("pk_fund_carries")),
    )


def _runs() -> None:
    op.create_table(
        "allocation_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        *(sa.Column(name, _MONEY, nullable=False) for name in ("budget", "step", "needed", "total")),
        sa.Column("maker", sa.String(length=80), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("checker", sa.String(length=80), nullable=True),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('draft', 'confirmed', 'cancelled')", name=op.f("ck_allocation_runs_state")),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (checker IS NOT NULL AND checker <> maker)",
            name=op.f("ck_allocation_runs_two_people"),
        ),
        sa.CheckConstraint(
            "budget > 0 AND step > 0 AND total >= 0 AND total <= budget", name=op.f("ck_allocation_runs_within_budget")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name=op.f("fk_allocation_runs_fund_id_funds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_runs")),
    )
    op.create_index("uq_allocation_runs_number", "allocation_runs", ["number"], unique=True)
    draft = sa.text("state = 'draft'")
    op.create_index(
        "uq_allocation_runs_draft",
        "allocation_runs",
        ["fund_id"],
        unique=True,
        sqlite_where=draft,
        postgresql_where=draft,
    )
    op.create_table(
        "allocation_run_parts",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("asked", _MONEY, nullable=False),
        sa.Column("share", _MONEY, nullable=False),
        sa.CheckConstraint(
            "asked > 0 AND share >= 0 AND share <= asked", name=op.f("ck_allocation_run_parts_within_asked")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_runs.id"], name=op.f("fk_allocation_run_parts_run_id_allocation_runs")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_allocation_run_parts_claim_id_claims")),
        sa.PrimaryKeyConstraint("run_id", "claim_id", name=op.f("pk_allocation_run_parts")),
    )
    op.create_index("ix_allocation_run_parts_claim_id", "allocation_run_parts", ["claim_id"], unique=False)
