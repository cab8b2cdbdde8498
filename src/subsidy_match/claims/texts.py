"""Keeps what pins have in common once: the texts of policies, catalogue and tables, by their hash.

A pin in the store names its texts; what is read back is the evidence as it was pinned, byte for byte, or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subsidy_match.claims.evidence_records import PinnedText
from subsidy_match.errors import Conflict

__all__ = ["fold", "unfold"]

_WHOLE, _NAMED = "files", "texts"


def fold(session: Session, evidence: bytes) -> bytes:
    """Store the texts of ``evidence`` where they are not yet, and give what is left, with their hashes in their place."""
    content = _parsed(evidence)
    files = content.get(_WHOLE)
    # Only what comes back as the same bytes is folded; anything else is kept as it is.
    if not isinstance(files, dict) or _NAMED in content or _canonical(content) != evidence:
        return evidence
    texts = {name: text.encode() for name, text in files.items()}
    named = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}
    _keep(session, {named[name]: text for name, text in texts.items()})
    return _canonical({**{k: v for k, v in content.items() if k != _WHOLE}, _NAMED: named})


def unfold(session: Session, stored: bytes, digest: str) -> bytes:
    """Give the evidence as it was pinned.

    Raises:
        Conflict: ``evidence_damaged``, the store no longer has what was pinned.
    """
    content = _parsed(stored)
    named = content.get(_NAMED)
    whole = stored
    if isinstance(named, dict) and _WHOLE not in content:
        texts = _read(session, set(named.values()))
        missing = set(named.values()) - texts.keys()
        if missing:
            raise _damaged()
        files = {name: texts[hash_].decode() for name, hash_ in named.items()}
        whole = _canonical({**{k: v for k, v in content.items() if k != _NAMED}, _WHOLE: files})
    if hashlib.sha256(whole).hexdigest() != digest:
        raise _damaged()
    return whole


def _keep(session: Session, texts: Mapping[str, bytes]) -> None:
    known = set(session.scalars(select(PinnedText.digest).where(PinnedText.digest.in_(sorted(texts)))))
    # In the order of hashes, so that two who keep the same texts never wait for each other in a circle.
    for digest in sorted(texts.keys() - known):
        values = {"digest": digest, "content": texts[digest]}
        match session.get_bind().dialect.name:
            case "sqlite":
                session.execute(sqlite.insert(PinnedText).values(values).on_conflict_do_nothing())
            case _:
                session.execute(postgresql.insert(PinnedText).values(values).on_conflict_do_nothing())


def _read(session: Session, digests: set[str]) -> dict[str, bytes]:
    rows = session.scalars(select(PinnedText).where(PinnedText.digest.in_(digests)))
    return {row.digest: row.content for row in rows}


def _parsed(evidence: bytes) -> dict[str, Any]:
    try:
        content = json.loads(evidence)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _damaged() -> Conflict:
    zh, en = "留存的依据缺失或被改动", "what was pinned is missing or was changed"
    return Conflict("evidence_damaged", zh, en)
