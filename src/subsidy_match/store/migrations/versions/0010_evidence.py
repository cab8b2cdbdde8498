"""Documents, risk flags, anchors of the audit chains and the log of reads.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OCCUPIES = sa.text("occupies")
_DRAFTS = "claim_id IN (SELECT id FROM claims WHERE state = 'DRAFT')"


def upgrade() -> None:
    """Create the tables of evidence, and free what drafts had taken: from now on only submission takes anything."""
    op.create_table(
        "audit_anchors",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("prev_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_anchors")),
    )
    op.create_index("uq_audit_anchors_day", "audit_anchors", ["day"], unique=True)
    op.create_table(
        "documents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", _ID, nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_documents_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_sha256", "documents", ["sha256"], unique=False)
    op.create_index("uq_documents_uscc_sha256", "documents", ["uscc", "sha256"], unique=True)
    op.create_table(
        "exclusive_caps",
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("group_id", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= cap", name=op.f("ck_exclusive_caps_within")),
        sa.PrimaryKeyConstraint("uscc", "group_id", "scope", name=op.f("pk_exclusive_caps")),
    )
    op.create_table(
        "personal_reads",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_reads")),
    )
    op.create_index("ix_personal_reads_at", "personal_reads", ["at"], unique=False)
    op.create_index("ix_personal_reads_subject", "personal_reads", ["subject"], unique=False)
    op.create_table(
        "pinned_texts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pinned_texts")),
    )
    op.create_table(
        "audit_anchor_heads",
        sa.Column("anchor", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("seq", _ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["anchor"], ["audit_anchors.seq"], name=op.f("fk_audit_anchor_heads_anchor_audit_anchors")
        ),
        sa.PrimaryKeyConstraint("anchor", "subject", name=op.f("pk_audit_anchor_heads")),
    )
    op.create_table(
        "claim_documents",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material", sa.String(length=80), nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_documents_claim_id_claims")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_claim_documents_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("claim_id", "version", "material", name=op.f("pk_claim_documents")),
    )
    op.create_index("ix_claim_documents_sha256", "claim_documents", ["sha256"], unique=False)
    op.create_table(
        "claim_risks",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("risk", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_risks_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "version", "risk", name=op.f("pk_claim_risks")),
    )
    op.create_table(
        "claim_uses",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("item_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_uses_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "kind", "item_key", name=op.f("pk_claim_uses")),
    )
    op.create_index("ix_claim_uses_key", "claim_uses", ["kind", "item_key"], unique=False)
    op.create_table(
        "deferred_materials",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("material", sa.String(length=80), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("handed_in_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_deferred_materials_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "material", "since_version", name=op.f("pk_deferred_materials")),
    )
    op.create_index("ix_deferred_materials_due_on", "deferred_materials", ["due_on"], unique=False)
    op.create_table(
        "exclusive_cap_parts",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("group_id", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_exclusive_cap_parts_not_negative")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_exclusive_cap_parts_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "group_id", "scope", name=op.f("pk_exclusive_cap_parts")),
    )
    op.create_index("ix_exclusive_cap_parts_place", "exclusive_cap_parts", ["uscc", "group_id", "scope"], unique=False)
    op.create_table(
        "exclusive_slots",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("group_id", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        sa.CheckConstraint("slot > 0", name=op.f("ck_exclusive_slots_slot")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_exclusive_slots_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "group_id", "scope", name=op.f("pk_exclusive_slots")),
    )
    op.create_index(
        "uq_exclusive_slots_occupied",
        "exclusive_slots",
        ["uscc", "group_id", "scope", "slot"],
        unique=True,
        sqlite_where=_OCCUPIES,
        postgresql_where=_OCCUPIES,
    )
    op.create_table(
        "qa_samples",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent > 0 AND percent <= 100", name=op.f("ck_qa_samples_percent")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_qa_samples_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_qa_samples")),
    )
    op.create_table(
        "risk_answers",
        sa.Column("claim_id", _ID, nullable=False),
        sa.Column("risk", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_risk_answers_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "risk", name=op.f("pk_risk_answers")),
    )
    op.execute(f"UPDATE claim_items SET occupies = false WHERE {_DRAFTS}")  # noqa: S608  # a constant


def downgrade() -> None:
    """Drop the tables of evidence, after every pin has its texts again."""
    _unfold()
    op.drop_table("risk_answers")
    op.drop_table("qa_samples")
    op.drop_index(
        "uq_exclusive_slots_occupied", table_name="exclusive_slots", sqlite_where=_OCCUPIES, postgresql_where=_OCCUPIES
    )
    op.drop_table("exclusive_slots")
    op.drop_index("ix_exclusive_cap_parts_place", table_name="exclusive_cap_parts")
    op.drop_table("exclusive_cap_parts")
    op.drop_index("ix_deferred_materials_due_on", table_name="deferred_materials")
    op.drop_table("deferred_materials")
    op.drop_index("ix_claim_uses_key", table_name="claim_uses")
    op.drop_table("claim_uses")
    op.drop_table("claim_risks")
    op.drop_index("ix_claim_documents_sha256", table_name="claim_documents")
    op.drop_table("claim_documents")
    op.drop_table("audit_anchor_heads")
    op.drop_table("pinned_texts")
    op.drop_index("ix_personal_reads_subject", table_name="personal_reads")
    op.drop_index("ix_personal_reads_at", table_name="personal_reads")
    op.drop_table("personal_reads")
    op.drop_table("exclusive_caps")
    op.drop_index("uq_documents_uscc_sha256", table_name="documents")
    op.drop_index("ix_documents_sha256", table_name="documents")
    op.drop_table("documents")
    op.drop_index("uq_audit_anchors_day", table_name="audit_anchors")
    op.drop_table("audit_anchors")


def _unfold() -> None:
    connection = op.get_bind()
    texts = {row.digest: bytes(row.content).decode() for row in connection.execute(sa.select(_TEXTS))}
    for pin in connection.execute(sa.select(_PINS)).fetchall():
        content = json.loads(bytes(pin.evidence))
        if isinstance(content, dict) and "texts" in content and "files" not in content:
            content["files"] = {name: texts[digest] for name, digest in content.pop("texts").items()}
            whole = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            mine = (_PINS.c.claim_id == pin.claim_id) & (_PINS.c.version == pin.version)
            connection.execute(sa.update(_PINS).where(mine).values(evidence=whole))


_TEXTS = sa.table("pinned_texts", sa.column("digest", sa.String), sa.column("content", sa.LargeBinary))
_PINS = sa.table(
    "claim_pins", sa.column("claim_id", _ID), sa.column("version", sa.Integer), sa.column("evidence", sa.LargeBinary)
)
