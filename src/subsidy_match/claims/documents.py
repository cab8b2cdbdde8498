"""Documents that firms hand in: a file named by its hash, and a row for each firm that handed it in.

The file is on the disk before its row is in the store, so that a row never names what is not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.document_kinds import KINDS, kind_of
from subsidy_match.claims.evidence_records import DocumentRow
from subsidy_match.claims.people.persons import check_interest
from subsidy_match.claims.refusals import Forbidden, audited
from subsidy_match.errors import Conflict, InputError, NotFound, RetryableError
from subsidy_match.store import audit
from subsidy_match.store.file_pack import hashed_path
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role
from subsidy_match.store.whole_file import write_whole

__all__ = ["Document", "DocumentRoom", "find_document", "handed_in"]

_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Document:
    """A document as people may see it."""

    id: int
    uscc: str
    sha256: str
    kind: str
    name: str
    size: int
    added_by: str
    added_at: datetime

    @property
    def media_type(self) -> str:
        """With which it is given out."""
        return KINDS[self.kind].media_type


@dataclass(frozen=True, slots=True)
class DocumentRoom:
    """Documents over one store and one folder."""

    engine: Engine
    folder: Path

    def add(
        self,
        content: bytes,
        *,
        name: str,
        uscc: str,
        actor: Actor,
        at: datetime,
        sha256: str | None = None,
        also: Callable[[Session, Document], None] | None = None,
    ) -> Document:
        """Take a document in; the same one again is the one that is there.

        Args:
            content: its bytes.
            name: of the file; its ending must fit its content.
            uscc: the firm whose document it is.
            actor: whoever hands it in: for the firm, or a clerk at the window.
            at: when.
            sha256: what the sender says its hash is.
            also: called inside the transaction.

        Raises:
            Forbidden: ``not_your_firm``, ``interest_declared``.
            InputError: ``document_type``, ``document_size``, ``document_hash``, ``document_name``.
        """

        def take() -> Document:
            digest = self._checked(content, name, uscc, actor, sha256)
            if not actor.may_file_for(uscc):
                in_unit(self.engine, lambda session: check_interest(session, actor, uscc), immediate=False)
            self._write(digest, content)
            row = DocumentRow(
                uscc=uscc,
                sha256=digest,
                kind=kind_of(name, content).name,
                name=name,
                size=len(content),
                added_by=actor.id,
                added_at=at,
            )
            return in_unit(self.engine, lambda session: _insert(session, row, actor, at, also))

        return audited(self.engine, f"enterprise:{uscc}", "add_document", actor=actor, at=at, work=take)

    def read(self, document_id: int, *, viewer: Actor) -> tuple[Document, bytes]:
        """Give a document with its bytes; for an outsider another firm's document does not exist.

        Raises:
            NotFound: ``document_unknown``.
            Conflict: ``document_damaged``, the file is missing or is not what was handed in.
        """
        document = self.document(document_id, viewer=viewer)
        try:
            content = self._path(document.sha256).read_bytes()
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() != document.sha256:
            raise Conflict("document_damaged", "文件缺失或被改动", "the file is missing or was changed")
        return document, content

    def document(self, document_id: int, *, viewer: Actor) -> Document:
        """What is known of a document.

        Raises:
            NotFound: ``document_unknown``.
        """

        def find(session: Session) -> Document:
            row = session.get(DocumentRow, document_id)
            if row is None or (viewer.is_outsider and not viewer.may_file_for(row.uscc)):
                raise NotFound("document_unknown", f"文件不存在:{document_id}", f"no document {document_id}")
            return _document(row)

        return in_unit(self.engine, find, immediate=False)

    def _checked(self, content: bytes, name: str, uscc: str, actor: Actor, sha256: str | None) -> str:
        if not (actor.may_file_for(uscc) or Role.CLERK in actor.roles):
            raise Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")
        if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME or set(name) & set('/\\"'):
            raise InputError("document_name", "文件名有误", "not a valid name of a file")
        kind_of(name, content)
        digest = hashlib.sha256(content).hexdigest()
        if sha256 is not None and sha256.strip().lower() != digest:
            raise InputError("document_hash", "文件与所报摘要不符", f"the content is not what its hash says: {digest}")
        return digest

    def _write(self, digest: str, content: bytes) -> None:
        path = self._path(digest)
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return
        write_whole(path, content)

    def _path(self, digest: str) -> Path:
        if not _HASH.fullmatch(digest):
            raise AssertionError("a hash names the file")
        return hashed_path(self.folder.absolute(), digest)


def handed_in(session: Session) -> list[str]:
    """The hashes of all documents that firms handed in."""
    return list(session.scalars(select(DocumentRow.sha256).distinct()))


def find_document(session: Session, uscc: str, sha256: str) -> DocumentRow | None:
    """Find a firm's document by its hash."""
    query = select(DocumentRow).where(DocumentRow.uscc == uscc, DocumentRow.sha256 == sha256)
    return session.scalars(query).one_or_none()


def _insert(
    session: Session,
    row: DocumentRow,
    actor: Actor,
    at: datetime,
    also: Callable[[Session, Document], None] | None,
) -> Document:
    found = find_document(session, row.uscc, row.sha256)
    if found is None:
        fresh = DocumentRow(
            **{name: getattr(row, name) for name in ("uscc", "sha256", "kind", "name", "size", "added_by", "added_at")}
        )
        session.add(fresh)
        try:
            session.flush()
        except IntegrityError as clash:  # handed in twice at once: the other one is there when we look again
            raise RetryableError("store_busy", "系统繁忙,请稍后重试", "the store is busy, try again") from clash
        detail = {"document": fresh.id, "sha256": fresh.sha256, "file": fresh.name, "size": fresh.size}
        detail["name"] = actor.name
        audit.append(session, f"enterprise:{fresh.uscc}", at=at, actor=actor.id, action="add_document", detail=detail)
        found = fresh
    document = _document(found)
    if also is not None:
        also(session, document)
    return document


def _document(row: DocumentRow) -> Document:
    return Document(row.id, row.uscc, row.sha256, row.kind, row.name, row.size, row.added_by, row.added_at)
