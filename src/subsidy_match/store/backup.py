"""Backup and restore of the whole store in one portable file, the same for SQLite and PostgreSQL.

A gzip of JSON lines: a head with the schema's revision, every row of every table, and an end with the number of rows
and the SHA-256 of all lines before it. It is written from one consistent state while others go on working, and restored
into a store of the same revision that is empty, in one transaction that is undone where anything does not agree.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from subsidy_match.errors import Conflict, Finding, InputError
from subsidy_match.store import audit
from subsidy_match.store.drafts import draft_of, private_file
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.unit import in_unit

__all__ = ["BackupReport", "Check", "backup", "restore"]

Check = Callable[[Session], list[Finding]]
_FORMAT = "subsidy-match-backup"
_FORMAT_VERSION = 1
_REVISIONS = "alembic_version"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written or read: rows by table, and the hash that the file ends with."""

    revision: str
    rows: Mapping[str, int]
    sha256: str


def backup(engine: Engine, path: Path) -> BackupReport:
    """Write the store to a new file, complete or not at all.

    Raises:
        Conflict: ``backup_exists``, there is a file of this name.
    """
    if path.exists():
        raise _exists(path)
    draft = draft_of(path)
    try:
        report = in_unit(engine, lambda session: _write_file(session.connection(), draft), immediate=False)
        os.link(draft, path)  # unlike a rename this never replaces another's file
    except FileExistsError as clash:
        raise _exists(path) from clash
    finally:
        draft.unlink(missing_ok=True)
    return report


def restore(engine: Engine, path: Path, checks: Sequence[Check] = ()) -> BackupReport:
    """Fill an empty, migrated store from a backup; audit chains and ``checks`` must find nothing but warnings.

    Raises:
        InputError: ``backup_damaged``.
        Conflict: ``store_not_empty``, ``backup_revision``, ``backup_inconsistent``.
    """

    def work(session: Session) -> BackupReport:
        tables = _tables(session.connection())
        _check_empty(session.connection(), tables)
        for _ in _checked_lines(path):  # the whole file is sound before anything is taken from it
            pass
        try:
            report = _read(session.connection(), tables, path)
        except OperationalError:
            raise  # the store's own trouble
        except StatementError as error:  # a value that its column does not take
            raise _damaged(path) from error
        _renumber(session.connection(), tables)
        found = (finding for check in (audit.verify, *checks) for finding in check(session))
        findings = [finding for finding in found if finding.severity != "warning"]
        if findings:
            zh, en = "备份内容前后不符,未恢复", "the content of the backup does not agree: nothing was restored"
            raise Conflict("backup_inconsistent", zh, en, findings=findings)
        return report

    return in_unit(engine, work)


def _write_file(connection: Connection, draft: Path) -> BackupReport:
    """Write the draft from its beginning, whatever an attempt before left in it."""
    with private_file(draft) as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
            report = _write(connection, file)
        raw.flush()
        os.fsync(raw.fileno())
    return report


def _write(connection: Connection, file: gzip.GzipFile) -> BackupReport:
    digest, counts = hashlib.sha256(), {}
    revision = _revision(connection)

    def put(content: Mapping[str, Any]) -> None:
        line = canonical_json(content).encode() + b"\n"
        digest.update(line)
        file.write(line)

    put({"format": _FORMAT, "version": _FORMAT_VERSION, "revision": revision})
    for table in _tables(connection).values():
        counts[table.name] = 0
        rows = connection.execution_options(yield_per=1000).execute(select(table).order_by(*table.primary_key))
        for row in rows:
            put({"table": table.name, "row": {name: _plain(value) for name, value in row._mapping.items()}})
            counts[table.name] += 1
    end = {"rows": counts, "sha256": digest.hexdigest()}
    file.write(canonical_json(end).encode() + b"\n")
    return BackupReport(revision, counts, digest.hexdigest())


def _read(connection: Connection, tables: Mapping[str, Table], path: Path) -> BackupReport:
    lines = _checked_lines(path)
    head = next(lines)
    if (head.get("format"), head.get("version")) != (_FORMAT, _FORMAT_VERSION):
        raise _damaged(path)
    revision = _revision(connection)
    if head.get("revision") != revision:
        zh = f"备份的库结构为{head.get('revision')},当前为{revision}"
        raise Conflict("backup_revision", zh, f"the backup is of schema {head.get('revision')}, not {revision}")
    counts = dict.fromkeys(tables, 0)
    batch: list[dict[str, Any]] = []
    current: Table | None = None
    for line in lines:
        if "sha256" in line:
            _insert(connection, current, batch)
            if line.get("rows") != counts:
                raise _damaged(path)
            return BackupReport(revision, counts, line["sha256"])
        table, row = _row(tables, line, path)
        if table is not current or len(batch) >= _BATCH:
            _insert(connection, current, batch)
            current, batch = table, []
        batch.append(row)
        counts[table.name] += 1
    raise _damaged(path)


def _row(tables: Mapping[str, Table], line: Mapping[str, Any], path: Path) -> tuple[Table, dict[str, Any]]:
    try:
        table = tables[line["table"]]
        row = {name: _typed(table, name, value) for name, value in line["row"].items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:  # of another store, or written by hand
        raise _damaged(path) from error
    if set(row) != set(table.c.keys()):
        raise _damaged(path)
    return table, row


def _checked_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every line as it stands; the last one only where it has the hash of all before it."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise _damaged(path)
                if "sha256" in content:
                    if content["sha256"] != digest.hexdigest() or file.read(1):
                        raise _damaged(path)
                    yield content
                    return
                digest.update(line)
                yield content
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError, KeyError, AttributeError) as error:
        raise _damaged(path) from error
    raise _damaged(path)


def _insert(connection: Connection, table: Table | None, rows: list[dict[str, Any]]) -> None:
    if table is not None and rows:
        connection.execute(insert(table), rows)


def _tables(connection: Connection) -> dict[str, Table]:
    """The tables that are there, those that others refer to first; what the store has, not what the code knows."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != _REVISIONS}


def _check_empty(connection: Connection, tables: Mapping[str, Table]) -> None:
    for table in tables.values():
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            zh = "目标库非空,未恢复:备份只恢复到空库"
            en = "the store is not empty: a backup is restored only into an empty one"
            raise Conflict("store_not_empty", zh, en, hint=table.name)


def _renumber(connection: Connection, tables: Mapping[str, Table]) -> None:
    """Let PostgreSQL go on numbering after the rows that were put in; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.values():
        name = f'public."{table.name}"'
        query = text("SELECT pg_get_serial_sequence(:t, 'id')") if "id" in table.c else None
        sequence = None if query is None else connection.execute(query, {"t": name}).scalar_one_or_none()
        if sequence is not None and (last := connection.execute(select(func.max(table.c.id))).scalar_one()) is not None:
            connection.execute(text("SELECT setval(:s, :n)"), {"s": sequence, "n": last})


def _revision(connection: Connection) -> str:
    return str(connection.execute(text(f"SELECT version_num FROM {_REVISIONS}")).scalar_one())  # noqa: S608  # constant


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            # Moments are UTC in every store, with or without saying so.
            return {"at": value.replace(tzinfo=None).isoformat()}
        case date():
            return {"on": value.isoformat()}
        case bytes() | memoryview():
            return {"b64": base64.b64encode(bytes(value)).decode()}
        case _:
            return value


def _typed(table: Table, name: str, value: Any) -> Any:
    match value:
        case {"at": moment}:
            known = datetime.fromisoformat(moment)
            aware = getattr(table.c[name].type, "timezone", False)
            return datetime.fromisoformat(f"{moment}+00:00") if aware else known
        case {"on": day}:
            return date.fromisoformat(day)
        case {"b64": content}:
            return base64.b64decode(content, validate=True)
        case _ if table.c[name].type.python_type is bool and value is not None:
            return bool(value)
        case _:
            return value


def _exists(path: Path) -> Conflict:
    return Conflict("backup_exists", f"文件已存在,未覆盖:{path.name}", f"the file exists and is kept: {path.name}")


def _damaged(path: Path) -> InputError:
    return InputError("backup_damaged", f"备份文件不完整或被改动:{path.name}", f"damaged or cut off: {path.name}")
