from __future__ import annotations

import threading
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from claims_world import World
from sqlalchemy import Engine, inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable
from store_truths import check_store

import subsidy_match.claims.fund.fund_office
import subsidy_match.claims.payment.payouts
import subsidy_match.claims.service
import subsidy_match.push.records
import subsidy_match.store.anchors
import subsidy_match.store.idempotency
import subsidy_match.store.migration
import subsidy_match.store.read_log
from subsidy_match.claims.states import State
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import current_revision, downgrade, head_revision, upgrade
from subsidy_match.store.schema import Base


def shape(engine: Engine) -> dict[str, list[str]]:
    """Every definition that the database itself reports, so that checks and partial indexes are compared as well."""
    if engine.dialect.name == "sqlite":
        query = "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
    else:
        query = """
            SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
            UNION ALL SELECT tablename, indexdef FROM pg_indexes
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
            UNION ALL SELECT table_name, concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable)
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
            UNION ALL SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"""
    found: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for table, definition in connection.execute(text(query)):
            definition = definition.replace(f'"{table}"', table)  # a table that SQLite rebuilt has its name in quotes
            found.setdefault(table, []).extend(sorted(part.strip() for part in definition.split("\n")))
    return {table: sorted(line.strip(" ,") for line in lines) for table, lines in found.items()}


def test_the_migrated_schema_is_the_metadata(engine: Engine, empty_url: str):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    if empty_url.split(":")[0] != engine.url.get_backend_name():
        return
    created = open_engine(empty_url)
    Base.metadata.create_all(created)
    expected, found = shape(created), shape(engine)
    created.dispose()
    assert found == expected


def test_upgrading_twice_changes_nothing(empty_url: str):
    upgrade(empty_url)
    upgrade(empty_url)
    assert current_revision(empty_url) == head_revision()


def test_two_processes_may_upgrade_at_once(empty_url: str):
    errors: list[Exception] = []

    def go() -> None:
        try:
            upgrade(empty_url)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_down_to_nothing_and_up_again(empty_url: str):
    upgrade(empty_url)
    downgrade(empty_url, "base")
    engine = open_engine(empty_url)
    left = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    assert left == set()
    upgrade(empty_url)


def test_every_table_can_be_written_out_for_both_stores(engine: Engine):
    for table in Base.metadata.sorted_tables:
        assert str(CreateTable(table).compile(engine))
        assert all(str(CreateIndex(index).compile(engine)) for index in table.indexes)


def test_data_outlives_going_down_and_up_again(world: World, store_url: str):
    """Down to each revision and up again on a store in use: the first tables keep every row."""
    world.walk(State.COMPLETED)
    world.engine.dispose()
    before = rows_of(world.engine)
    world.engine.dispose()
    for revision in reversed(revisions()):
        downgrade(store_url, revision)
        assert current_revision(store_url) == revision
        assert rows_of(world.engine) == before
        world.engine.dispose()
        upgrade(store_url)
        world.engine.dispose()
        assert rows_of(world.engine) == before
        check_store(world.engine)
    assert world.walk(State.ACCEPTED, period="2027").state is State.ACCEPTED


def revisions() -> list[str]:
    scripts = ScriptDirectory(str(Path(subsidy_match.store.migration.__file__).parent / "migrations"))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def rows_of(engine: Engine) -> dict[str, list[str]]:
    """The rows of the tables of the first revision, by the columns that they had there."""
    first = ("claims", "claim_steps", "claim_pins", "fund_entries", "funds", "audit_entries", "users", "payment_lines")
    with engine.connect() as connection:
        found = {table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all() for table in first}
    keys = {"claims": ("id", "claim_no", "state", "version"), "funds": ("id", "allocated", "paid"), "users": ("login",)}
    usual = {
        "audit_entries": ("subject", "seq", "hash"),
        "fund_entries": ("key", "amount"),
        "payment_lines": ("amount",),
    }
    names = keys | usual | dict.fromkeys(("claim_steps", "claim_pins"), ("claim_id", "version", "event"))
    return {table: sorted(str([row[name] for name in names[table]]) for row in rows) for table, rows in found.items()}
