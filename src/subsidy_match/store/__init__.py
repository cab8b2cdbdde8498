"""The transactional store: engine, unit of work, tables, audit, outbox, users."""
