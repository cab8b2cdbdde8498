"""A number of a document is one, however it is written: notices and documents of allocation are compared by a key.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = ("fund_allocations", "public_notices")


def upgrade() -> None:
    """Add the keys; where a number was taken twice before, in two spellings, the later ones get a key of their own."""
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("number_key", sa.String(length=64), nullable=True))
        _fill(table)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("number_key", existing_type=sa.String(length=64), nullable=False)
        op.create_index(f"uq_{table}_number_key", table, ["number_key"], unique=True)


def downgrade() -> None:
    """Forget the keys; the numbers stay."""
    for table in reversed(_TABLES):
        op.drop_index(f"uq_{table}_number_key", table_name=table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("number_key")


def _fill(table: str) -> None:
    connection = op.get_bind()
    known = sa.table(table, sa.column("id"), sa.column("number"), sa.column("number_key"))
    seen: set[str] = set()
    for row_id, number in connection.execute(sa.select(known.c.id, known.c.number).order_by(known.c.id)).all():
        plain = _canonical(number)
        key = _key(f"{plain} {row_id}" if plain in seen else plain)  # no canonical form has a blank
        seen.add(plain)
        connection.execute(sa.update(known).where(known.c.id == row_id).values(number_key=key))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(text: str) -> str:
    # As ``claims.canonical`` compares today.
    wide = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    kinds = [(sign, unicodedata.category(sign)) for sign in wide]
    alike, unseen = {"Ps": "(", "Pe": ")", "Pd": "-"}, ("Cc", "Cf", "Zl", "Zp", "Zs")
    return "".join(alike.get(kind, sign) for sign, kind in kinds if kind not in unseen)
