"""Which files are taken as documents: by ending, first bytes, and, for packed formats, what lies inside."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from subsidy_match.errors import InputError

__all__ = ["KINDS", "DocumentKind", "kind_of"]

_MEGABYTE = 1024 * 1024
_MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """One kind of document.

    Attributes:
        name: its name in the store.
        endings: of file names, in lower case.
        media_type: with which it is given out.
        first: the bytes that it begins with.
        holds: members that a packed one must hold; empty for one that is not packed.
        largest: bytes.
    """

    name: str
    endings: tuple[str, ...]
    media_type: str
    first: bytes
    holds: tuple[str, ...] = ()
    largest: int = 20 * _MEGABYTE


_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIP = b"PK\x03\x04"

KINDS: Mapping[str, DocumentKind] = {
    kind.name: kind
    for kind in (
        DocumentKind("pdf", ("pdf",), "application/pdf", b"%PDF-"),
        DocumentKind("png", ("png",), "image/png", b"\x89PNG\r\n\x1a\n", largest=10 * _MEGABYTE),
        DocumentKind("jpeg", ("jpg", "jpeg"), "image/jpeg", b"\xff\xd8\xff", largest=10 * _MEGABYTE),
        DocumentKind("ofd", ("ofd",), "application/ofd", _ZIP, ("OFD.xml",)),
        DocumentKind("docx", ("docx",), f"{_OFFICE}.wordprocessingml.document", _ZIP, ("word/document.xml",)),
        DocumentKind("xlsx", ("xlsx",), f"{_OFFICE}.spreadsheetml.sheet", _ZIP, ("xl/workbook.xml",)),
    )
}
"""Every kind that is taken, by name."""

_MACROS = "vbaproject.bin"


def kind_of(name: str, content: bytes) -> DocumentKind:
    """Find the kind of a file; its name and its content must say the same.

    Raises:
        InputError: ``document_type``, ``document_size``.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = next((kind for kind in KINDS.values() if ending in kind.endings), None)
    if kind is None:
        raise _wrong(f"不接收此类文件:{name}", f"files of this kind are not taken: {name}")
    if not content:
        raise InputError("document_size", f"文件为空:{name}", f"the file is empty: {name}")
    if len(content) > kind.largest:
        most = kind.largest // _MEGABYTE
        raise InputError("document_size", f"文件超过{most}MB:{name}", f"larger than {most} MB: {name}")
    if not content.startswith(kind.first) or not _holds(kind, content):
        raise _wrong(f"文件内容与扩展名不符:{name}", f"the content is not what the name says: {name}")
    return kind


def _holds(kind: DocumentKind, content: bytes) -> bool:
    """Look at the list of members only: nothing is unpacked."""
    if not kind.holds:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    if len(members) > _MOST_MEMBERS or any(member.lower().endswith(_MACROS) for member in members):
        return False
    return set(kind.holds) <= set(members)


def _wrong(zh: str, en: str) -> InputError:
    endings = ", ".join(ending for kind in KINDS.values() for ending in kind.endings)
    return InputError("document_type", zh, en, hint=endings)
