from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from claims_world import World, build_world
from sqlalchemy import Engine, event, text
from store_fixtures import STORES, database_url, execute_on
from store_truths import check_store

from subsidy_match.claims.fund import funds
from subsidy_match.claims.payment.payment_checks import check_totals
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store.backup import backup, restore
from subsidy_match.store.drafts import draft_of
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade

CHECKS = (funds.check_balances, check_totals)


@pytest.fixture(params=STORES)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty migrated store of either kind, whatever the source is."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    name = f"target_{uuid.uuid4().hex}"
    url = f"sqlite:///{tmp_path / 'target.sqlite3'}"
    if server is not None:
        execute_on(server, f"CREATE DATABASE {name}")
        url = database_url(server, name)
    upgrade(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()
    if server is not None:
        execute_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(sqlite_template, tmp_path / "store.sqlite3")
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    yield engine
    engine.dispose()


def content(engine: Engine) -> dict[str, list[str]]:
    tables = ("claims", "claim_steps", "claim_pins", "fund_entries", "funds", "audit_entries", "users", "payment_lines")
    with engine.connect() as connection:
        return {
            t: sorted(str(len(r)) + str(r[0]) for r in connection.execute(text(f"SELECT * FROM {t}"))) for t in tables
        }


def test_a_store_comes_back_whole_on_either_kind_and_goes_on(world: World, target: Engine, tmp_path: Path):
    world.walk(State.COMPLETED, period="2025")
    held = world.walk(State.ACCEPTED)
    written = backup(world.engine, tmp_path / "b.gz")
    read = restore(target, tmp_path / "b.gz", CHECKS)
    assert (read.rows, read.sha256) == (written.rows, written.sha256)
    check_store(target)
    assert content(target) == content(world.engine)
    desk = replace(world.desk, engine=target)
    again = replace(world, engine=target, desk=desk, office=replace(world.office, desk=desk, folder=tmp_path / "p"))
    assert again.desk.claim(held.id) == world.desk.claim(held.id)
    assert again.desk.timeline(held.id) == world.desk.timeline(held.id)
    again.carry_on(again.desk.claim(held.id), State.COMPLETED)
    assert again.walk(State.ACCEPTED, period="2027").id == held.id + 1  # numbers go on
    check_store(target)


def test_nothing_is_overwritten(world: World, tmp_path: Path):
    path = tmp_path / "b.gz"
    backup(world.engine, path)
    before = path.read_bytes()
    with pytest.raises(SubsidyError, match="backup_exists"):
        backup(world.engine, path)
    with pytest.raises(SubsidyError, match="store_not_empty"):
        restore(world.engine, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".b")] == []


def harmed(path: Path, harm: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(harm(lines))))


def _without_one(lines: list[bytes]) -> list[bytes]:
    return lines[:5] + lines[6:]


def _richer(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"allocated":100000000', b'"allocated":900000000') for line in lines]


@pytest.mark.parametrize(
    "harm", [_without_one, _richer, lambda lines: lines[:-1], lambda lines: [*lines, b"{}\n"], lambda lines: [b"x\n"]]
)
def test_a_file_that_was_touched_restores_nothing(world: World, target: Engine, tmp_path: Path, harm):
    if world.engine.dialect.name != target.dialect.name:
        pytest.skip("kind by kind is enough")
    path = tmp_path / "b.gz"
    backup(world.engine, path)
    harmed(path, harm)
    with pytest.raises(SubsidyError, match="backup_damaged"):
        restore(target, path, CHECKS)
    assert set(map(len, content(target).values())) == {0}


def test_a_file_whose_hash_fits_but_whose_money_does_not_restores_nothing(world: World, target: Engine, tmp_path: Path):
    if world.engine.dialect.name != target.dialect.name:
        pytest.skip("kind by kind is enough")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE funds SET allocated = allocated + 1"))
    backup(world.engine, tmp_path / "b.gz")
    with pytest.raises(SubsidyError, match="F001") as caught:
        restore(target, tmp_path / "b.gz", CHECKS)
    assert caught.value.code == "backup_inconsistent"
    assert [finding.code for finding in caught.value.findings] == ["F001"]
    assert content(target)["funds"] == []


def test_a_backup_of_another_schema_is_refused(world: World, target: Engine, tmp_path: Path):
    path = tmp_path / "b.gz"
    backup(world.engine, path)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    lines[0] = json.dumps(json.loads(lines[0]) | {"revision": "0001"}).encode() + b"\n"
    end = json.loads(lines[-1]) | {"sha256": hashlib.sha256(b"".join(lines[:-1])).hexdigest()}
    path.write_bytes(gzip.compress(b"".join(lines[:-1]) + json.dumps(end).encode()))
    with pytest.raises(SubsidyError, match="backup_revision"):
        restore(target, path)


def test_the_file_is_for_its_owner_only(world: World, tmp_path: Path):
    backup(world.engine, tmp_path / "b.gz")
    assert (tmp_path / "b.gz").stat().st_mode & 0o777 == 0o600


def rehashed(lines: list[bytes]) -> bytes:
    """The lines as a whole backup again: whoever writes one by hand can count and hash as well."""
    end = json.loads(lines[-1]) | {"sha256": hashlib.sha256(b"".join(lines[:-1])).hexdigest()}
    return gzip.compress(b"".join(lines[:-1]) + json.dumps(end).encode() + b"\n")


def _row_with(**changes: object) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        at = next(n for n, line in enumerate(lines) if b'"table":"users"' in line)
        content = json.loads(lines[at])
        content["row"] |= changes
        return [*lines[:at], json.dumps(content).encode() + b"\n", *lines[at + 1 :]]

    return change


CRAFTED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "unknown table": lambda lines: [lines[0], b'{"table":"nope","row":{}}\n', *lines[1:]],
    "unknown column": _row_with(nope=1),
    "no moment": _row_with(name={"at": "xx"}),
    "no base64": _row_with(name={"b64": "*"}),
    "null key": _row_with(login=None),
    "row that is a list": lambda lines: [lines[0], b'{"table":"users","row":[1]}\n', *lines[1:]],
    "line that is a list": lambda lines: [lines[0], b"[1]\n", *lines[1:]],
}


@pytest.mark.parametrize("case", CRAFTED)
def test_a_file_written_by_hand_is_refused_in_words(tmp_path: Path, empty_store: Engine, case: str):
    path = tmp_path / "b.gz"
    build_world(empty_store, tmp_path)
    backup(empty_store, path)
    path.write_bytes(rehashed(CRAFTED[case](gzip.decompress(path.read_bytes()).splitlines(keepends=True))))
    upgrade(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    other = open_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with pytest.raises(SubsidyError, match="backup_damaged"):
        restore(other, path)
    other.dispose()


def test_two_backups_to_one_file_leave_the_first_whole(empty_store: Engine, tmp_path: Path):
    path = tmp_path / "b.gz"
    draft_of(path).write_bytes(b"left by a crash")
    written = backup(empty_store, path)
    path.rename(tmp_path / "first.gz")
    rival, other = [], open_engine(empty_store.url.render_as_string(hide_password=False))

    def at_once(connection: object, *_: object) -> None:
        if not rival:
            rival.append(None)
            rival[0] = backup(other, path)

    event.listen(empty_store, "begin", at_once)
    with pytest.raises(SubsidyError, match="backup_exists"):
        backup(empty_store, path)
    event.remove(empty_store, "begin", at_once)
    other.dispose()
    assert (rival[0].sha256, path.read_bytes()) == (written.sha256, (tmp_path / "first.gz").read_bytes())
