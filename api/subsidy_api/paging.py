"""Cursor pagination: ``limit`` and ``cursor`` in, ``items`` and ``next`` out; a cursor is opaque to the caller."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from subsidy_match.errors import InputError

__all__ = ["Cursor", "Limit", "after_id", "after_text", "page"]

Entry = TypeVar("Entry")
Limit = Annotated[int, Query(ge=1, le=200, description="每页条数 / entries a page")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="上一页的 next / `next` of the page before", json_schema_extra={"example": None}),
]
_LARGEST_ID = 2**63 - 1


def after_text(cursor: str | None) -> str:
    """What a cursor stands for; an empty text is the beginning.

    Raises:
        InputError: ``cursor_invalid``.
    """
    if cursor is None:
        return ""
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"==").decode()
    except (UnicodeError, binascii.Error) as error:
        raise _invalid() from error


def after_id(cursor: str | None) -> int:
    """The id that a cursor stands for; 0 is the beginning.

    Raises:
        InputError: ``cursor_invalid``.
    """
    text = after_text(cursor) or "0"
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(_LARGEST_ID)) or int(text) > _LARGEST_ID:
        raise _invalid()
    return int(text)


def page(found: Sequence[Entry], limit: int, key: Callable[[Entry], object]) -> tuple[Sequence[Entry], str | None]:
    """Cut what was read (up to ``limit`` + 1) to one page, with the cursor of the next where there is more."""
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    return shown, urlsafe_b64encode(str(key(shown[-1])).encode()).decode().rstrip("=")


def _invalid() -> InputError:
    return InputError("cursor_invalid", "翻页标记无效", "not a cursor of this list")
