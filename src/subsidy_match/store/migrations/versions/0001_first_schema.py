"""The first schema: people, audit, outbox, idempotency, funds, claims, payouts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "audit_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("seq", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("uq_audit_entries_subject_seq", "audit_entries", ["subject", "seq"], unique=True)
    op.create_table(
        "audit_heads",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("seq", _ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "funds",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("indicator_no", sa.String(length=80), nullable=False),
        sa.Column("function_code", sa.String(length=20), nullable=False),
        sa.Column("spending_plan", sa.String(length=80), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("allocated >= reserved + committed + paid", name=op.f("ck_funds_not_overspent")),
        sa.CheckConstraint("reserved >= 0 AND committed >= 0 AND paid >= 0", name=op.f("ck_funds_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funds")),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", _ID, nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
    )
    op.create_index("uq_idempotency_scope_key", "idempotency", ["scope", "key"], unique=True)
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["topic", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index("uq_outbox_key", "outbox", ["key"], unique=True)
    op.create_table(
        "payee_accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("bank_name", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_by", sa.String(length=80), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_accounts")),
    )
    op.create_index("ix_payee_accounts_fingerprint", "payee_accounts", ["fingerprint"], unique=False)
    op.create_index("ix_payee_accounts_uscc", "payee_accounts", ["uscc"], unique=False)
    op.create_table(
        "payout_batches",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("maker", sa.String(length=80), nullable=False),
        sa.Column("checker", sa.String(length=80), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker IS NULL OR checker <> maker", name=op.f("ck_payout_batches_two_people")),
        sa.CheckConstraint("total > 0 AND line_count > 0", name=op.f("ck_payout_batches_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
    )
    op.create_index("uq_payout_batches_number", "payout_batches", ["number"], unique=True)
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_login", "users", ["login"], unique=True)
    op.create_index("uq_users_token_hash", "users", ["token_hash"], unique=True)
    op.create_table(
        "claims",
        sa.Column("id", _ID, nullable=False),
        sa.Column("claim_no", sa.String(length=40), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("enterprise_name", sa.String(length=200), nullable=False),
        sa.Column("policy_id", sa.String(length=120), nullable=False),
        sa.Column("policy_zh", sa.String(length=300), nullable=False),
        sa.Column("policy_en", sa.String(length=300), nullable=False),
        sa.Column("policy_hash", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("with_recheck", sa.Boolean(), nullable=False),
        sa.Column("notice_counts", sa.Boolean(), nullable=False),
        sa.Column("sla_days", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("amount_min", sa.BigInteger(), nullable=True),
        sa.Column("amount_max", sa.BigInteger(), nullable=True),
        sa.Column("amount_claimed", sa.BigInteger(), nullable=True),
        sa.Column("amount_proposed", sa.BigInteger(), nullable=True),
        sa.Column("amount_approved", sa.BigInteger(), nullable=True),
        sa.Column("snapshot_id", sa.String(length=80), nullable=False),
        sa.Column("account_id", _ID, nullable=True),
        sa.Column("filer", sa.String(length=80), nullable=False),
        sa.Column("assignee", sa.String(length=80), nullable=True),
        sa.Column("asked_in", sa.String(length=20), nullable=True),
        sa.Column("correction_due", sa.Date(), nullable=True),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("notice_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_approved IS NULL OR amount_approved > 0", name=op.f("ck_claims_approved_positive")),
        sa.CheckConstraint("amount_proposed IS NULL OR amount_proposed > 0", name=op.f("ck_claims_proposed_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payee_accounts.id"], name=op.f("fk_claims_account_id_payee_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_policy_id", "claims", ["policy_id", "id"], unique=False)
    op.create_index("ix_claims_state", "claims", ["state", "id"], unique=False)
    op.create_index("uq_claims_claim_no", "claims", ["claim_no"], unique=True)
    op.create_index(
        "uq_claims_occupied",
        "claims",
        ["uscc", "policy_id", "period", "subject"],
        unique=True,
        sqlite_where=sa.text("occupies"),
        postgresql_where=sa.text("occupies"),
    )
    op.create_table(
        "fund_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("claim_id", _ID, nullable=True),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("op", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_fund_entries_positive")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name=op.f("fk_fund_entries_fund_id_funds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_entries")),
    )
    op.create_index("ix_fund_entries_claim_id", "fund_entries", ["claim_id"], unique=False)
    op.create_index("ix_fund_entries_fund_id", "fund_entries", ["fund_id", "id"], unique=False)
    op.create_index("uq_fund_entries_key", "fund_entries", ["key"], unique=True)
    op.create_table(
        "user_firms",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_firms_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "uscc", name=op.f("pk_user_firms")),
    )
    op.create_table(
        "user_funds",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_funds_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "fund_id", name=op.f("pk_user_funds")),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_roles")),
    )
    op.create_table(
        "claim_items",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("group_id", sa.String(length=160), nullable=False),
        sa.Column("item_key", sa.String(length=160), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_items_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "group_id", "item_key", name=op.f("pk_claim_items")),
    )
    op.create_index(
        "uq_claim_items_occupied",
        "claim_items",
        ["group_id", "item_key"],
        unique=True,
        sqlite_where=sa.text("occupies"),
        postgresql_where=sa.text("occupies"),
    )
    op.create_table(
        "claim_pauses",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_pauses_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_claim_pauses")),
    )
    op.create_table(
        "claim_pins",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("amount_min", sa.BigInteger(), nullable=True),
        sa.Column("amount_max", sa.BigInteger(), nullable=True),
        sa.Column("policy_hash", sa.String(length=80), nullable=False),
        sa.Column("snapshot_id", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_pins_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_claim_pins")),
    )
    op.create_table(
        "claim_shares",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("fund_id", sa.String(length=80), nullable=False),
        sa.Column("numerator", _ID, nullable=False),
        sa.Column("denominator", _ID, nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("numerator > 0 AND denominator >= numerator", name=op.f("ck_claim_shares_share")),
        sa.CheckConstraint("reserved >= 0 AND committed >= 0 AND paid >= 0", name=op.f("ck_claim_shares_not_negative")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_shares_claim_id_claims")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name=op.f("fk_claim_shares_fund_id_funds")),
        sa.PrimaryKeyConstraint("claim_id", "fund_id", name=op.f("pk_claim_shares")),
    )
    op.create_index("ix_claim_shares_fund_id", "claim_shares", ["fund_id"], unique=False)
    op.create_table(
        "claim_steps",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("elapsed_days", sa.Integer(), nullable=True),
        sa.Column("counted_days", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_steps_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", name=op.f("pk_claim_steps")),
    )
    op.create_index("ix_claim_steps_actor", "claim_steps", ["actor"], unique=False)
    op.create_table(
        "payment_lines",
        sa.Column("id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("parent_id", _ID, nullable=True),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("bank_ref", sa.String(length=80), nullable=True),
        sa.Column("failure_code", sa.String(length=40), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_lines_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payee_accounts.id"], name=op.f("fk_payment_lines_account_id_payee_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batches.id"], name=op.f("fk_payment_lines_batch_id_payout_batches")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_payment_lines_claim_id_claims")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["payment_lines.id"], name=op.f("fk_payment_lines_parent_id_payment_lines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_lines")),
    )
    op.create_index("ix_payment_lines_batch_id", "payment_lines", ["batch_id", "id"], unique=False)
    op.create_index("uq_payment_lines_instruction", "payment_lines", ["instruction"], unique=True)
    op.create_index(
        "uq_payment_lines_open",
        "payment_lines",
        ["claim_id"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )


def downgrade() -> None:
    """Drop every table."""
    op.drop_index(
        "uq_payment_lines_open",
        table_name="payment_lines",
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.drop_index("uq_payment_lines_instruction", table_name="payment_lines")
    op.drop_index("ix_payment_lines_batch_id", table_name="payment_lines")
    op.drop_table("payment_lines")
    op.drop_index("ix_claim_steps_actor", table_name="claim_steps")
    op.drop_table("claim_steps")
    op.drop_index("ix_claim_shares_fund_id", table_name="claim_shares")
    op.drop_table("claim_shares")
    op.drop_table("claim_pins")
    op.drop_table("claim_pauses")
    op.drop_index(
        "uq_claim_items_occupied",
        table_name="claim_items",
        sqlite_where=sa.text("occupies"),
        postgresql_where=sa.text("occupies"),
    )
    op.drop_table("claim_items")
    op.drop_table("user_roles")
    op.drop_table("user_funds")
    op.drop_table("user_firms")
    op.drop_index("uq_fund_entries_key", table_name="fund_entries")
    op.drop_index("ix_fund_entries_fund_id", table_name="fund_entries")
    op.drop_index("ix_fund_entries_claim_id", table_name="fund_entries")
    op.drop_table("fund_entries")
    op.drop_index(
        "uq_claims_occupied",
        table_name="claims",
        sqlite_where=sa.text("occupies"),
        postgresql_where=sa.text("occupies"),
    )
    op.drop_index("uq_claims_claim_no", table_name="claims")
    op.drop_index("ix_claims_state", table_name="claims")
    op.drop_index("ix_claims_policy_id", table_name="claims")
    op.drop_table("claims")
    op.drop_index("uq_users_token_hash", table_name="users")
    op.drop_index("uq_users_login", table_name="users")
    op.drop_table("users")
    op.drop_index("uq_payout_batches_number", table_name="payout_batches")
    op.drop_table("payout_batches")
    op.drop_index("ix_payee_accounts_uscc", table_name="payee_accounts")
    op.drop_index("ix_payee_accounts_fingerprint", table_name="payee_accounts")
    op.drop_table("payee_accounts")
    op.drop_index("uq_outbox_key", table_name="outbox")
    op.drop_index(
        "ix_outbox_unsent",
        table_name="outbox",
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_index("uq_idempotency_scope_key", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("funds")
    op.drop_table("audit_heads")
    op.drop_index("uq_audit_entries_subject_seq", table_name="audit_entries")
    op.drop_table("audit_entries")
