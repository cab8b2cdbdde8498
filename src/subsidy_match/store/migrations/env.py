"""Alembic environment: works on the connection and transaction that ``store.migration`` opened."""

from __future__ import annotations

from alembic import context

from subsidy_match.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
