"""The audit trail as one file, and its verification from that file alone: no store, no settings, no other software.

A file of JSON lines in UTF-8, one object a line, ``kind`` first: a ``header`` (format, counts), every ``entry`` in chain
order, every ``head``, every ``anchor``. A missing line shows in the counts; a changed one in the chains.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.store import audit
from subsidy_match.store.anchors import Anchor, anchors, verify_anchors
from subsidy_match.store.audit import AuditEntry, Entry
from subsidy_match.store.schema import canonical_json, require_utc
from subsidy_match.store.whole_file import write_whole

__all__ = ["AuditFile", "export_audit", "read_audit", "verify_file"]

FORMAT = "subsidy-audit-1"
_KINDS = ("header", "entry", "head", "anchor")


@dataclass(frozen=True, slots=True)
class AuditFile:
    """What an export holds."""

    entries: tuple[Entry, ...]
    heads: Mapping[str, tuple[int, str]]
    anchors: tuple[Anchor, ...]


def export_audit(session: Session, path: Path, *, at: datetime) -> Mapping[str, int]:
    """Write all chains, heads and anchors, as they are in this transaction; gives how many of each."""
    heads, found = audit.heads(session), anchors(session)
    entries = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    counts = {"entry": entries, "head": len(heads), "anchor": len(found)}

    lines = (f"{canonical_json(line)}\n".encode() for line in _lines(session, heads, found, counts, at))
    write_whole(path.absolute(), lines)
    return counts


def read_audit(path: Path) -> AuditFile:
    """Read an export.

    Raises:
        InputError: ``audit_file_unreadable``, with the line; it is no export, or part of it is missing.
    """
    seen = Counter[str]()
    entries: list[Entry] = []
    heads: dict[str, tuple[int, str]] = {}
    found: list[Anchor] = []
    header: Mapping[str, Any] = {}
    number = 0
    for number, line in _parsed(path):
        kind = line.pop("kind", None)
        seen[str(kind)] += 1
        try:
            match kind:
                case "header" if number == 1 and line["format"] == FORMAT:
                    header = line
                case "entry" if number > 1:
                    entries.append(_entry(line))
                case "head" if number > 1:
                    heads[line["subject"]] = int(line["seq"]), str(line["hash"])
                case "anchor" if number > 1:
                    found.append(_anchor(line))
                case _:
                    raise _unreadable(path, number, "不是审计导出文件的内容", "not a line of an audit export")
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(path, number, "内容有误", f"not a valid line: {error!r}") from error
    if not header or any(header["counts"].get(kind) != seen[kind] for kind in _KINDS[1:]):
        raise _unreadable(path, number, "文件不完整", "the file is not complete: the counts do not fit")
    return AuditFile(tuple(entries), heads, tuple(found))


def verify_file(path: Path, kept: str | None = None) -> tuple[AuditFile, list[Finding]]:
    """Check an export by itself; ``kept`` is the digest of an anchor that was kept elsewhere."""
    file = read_audit(path)
    findings = audit.verify_chain(file.entries, file.heads)
    return file, findings + verify_anchors(file.entries, file.anchors, kept)


def _lines(
    session: Session,
    heads: Mapping[str, tuple[int, str]],
    found: Sequence[Anchor],
    counts: Mapping[str, int],
    at: datetime,
) -> Iterator[dict[str, Any]]:
    yield {"kind": "header", "format": FORMAT, "at": require_utc(at).isoformat(), "counts": dict(counts)}
    for entry in audit.entries(session):
        yield {"kind": "entry", **asdict(entry)}
    for subject, (seq, digest) in sorted(heads.items()):
        yield {"kind": "head", "subject": subject, "seq": seq, "hash": digest}
    for anchor in found:
        yield {"kind": "anchor", **asdict(anchor)}


def _parsed(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise _unreadable(path, number, "不是 JSON", "not JSON") from error
            if not isinstance(line, dict):
                raise _unreadable(path, number, "不是审计导出文件的内容", "not a line of an audit export")
            yield number, line


def _entry(line: Mapping[str, Any]) -> Entry:
    entry = Entry(**line)
    if type(line["seq"]) is not int or any(type(value) is not str for name, value in line.items() if name != "seq"):
        raise ValueError("types")
    return entry


def _anchor(line: Mapping[str, Any]) -> Anchor:
    heads = tuple((str(subject), int(seq), str(digest)) for subject, seq, digest in line["heads"])
    return Anchor(**{**line, "heads": heads})


def _unreadable(path: Path, line: int, zh: str, en: str) -> InputError:
    return InputError("audit_file_unreadable", zh, en, Location(str(path), line))
