"""What the register says of a firm besides facts, as columns: ids of before 2015, parent, predecessor, moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias

import pyarrow as pa

from subsidy_match.profiles.cells import is_empty, parse_date
from subsidy_match.profiles.names import display_name
from subsidy_match.profiles.persons import masked, number_free, person_free
from subsidy_match.profiles.problems import CellProblem, Problem
from subsidy_match.profiles.uscc import is_organisation_code, normalise_uscc

__all__ = ["link_columns", "old_id"]

Texts: TypeAlias = Callable[[str], Sequence[str]]
Wrong: TypeAlias = Callable[[int, str, Problem], None]

_ID_ROLES = ("registration_no", "organisation_code", "tax_no")
_CODE_ROLES = ("parent_uscc", "predecessor_uscc")
_TEXT_ROLES = ("parent_name", "moved_from", "moved_to")
_DAY_ROLES = ("moved_in_on", "moved_out_on")
_REGISTRATION = re.compile(r"\d{13}(?:\d\d)?")
_TAX = re.compile(r"\d{6}[0-9A-Z]{9}")
_ID = Problem(
    "identity.old_id", "不是此类旧代码的写法,或疑似个人证件号,未采用", "no such id, or perhaps a person's: not used"
)


def old_id(role: str, text: str, key: bytes) -> str | None:
    """An id of before 2015 in the form in which it is compared, which is that of codes in rows; ``None`` for what cannot be one.

    The tax number of an individual business was often the owner's identity number, and such a number is never kept. Some
    registration numbers look like one: a stand-in is kept of these.
    """
    written = normalise_uscc(text)
    if role == "organisation_code":
        return written if is_organisation_code(written) else None
    if role == "tax_no":
        return written if _TAX.fullmatch(written) and masked(written) == written else None
    return person_free(written, key) if _REGISTRATION.fullmatch(written) else None


def link_columns(texts: Texts, size: int, wrong: Wrong, key: bytes) -> dict[str, pa.Array]:
    """The columns of a register that say how firms hang together; those that a file lacks are empty.

    Args:
        texts: the texts of a role; none where there is no such column.
        size: the number of rows.
        wrong: told of a cell that cannot be used: row, role and reason.
        key: the key for stand-ins.
    """
    columns: dict[str, pa.Array] = {"other_ids": _other_ids(texts, size, wrong, key)}
    for role in (*_CODE_ROLES, *_TEXT_ROLES):
        read, free = (normalise_uscc, person_free) if role in _CODE_ROLES else (display_name, number_free)
        found = [None if is_empty(text) else free(read(text), key) for text in texts(role)]
        columns[role] = pa.array(found, pa.string()) if found else pa.nulls(size, pa.string())
    for role in _DAY_ROLES:
        days = [_day(i, role, text, wrong) for i, text in enumerate(texts(role))]
        columns[role] = pa.array(days, pa.date32()) if days else pa.nulls(size, pa.date32())
    return columns


def _other_ids(texts: Texts, size: int, wrong: Wrong, key: bytes) -> pa.Array:
    ids: list[list[str]] = [[] for _ in range(size)]
    for role in _ID_ROLES:
        for position, text in enumerate(texts(role)):
            if is_empty(text):
                continue
            if found := old_id(role, text, key):
                ids[position].append(found)
            else:
                wrong(position, role, _ID)
    return pa.array(ids, pa.list_(pa.string()))


def _day(position: int, role: str, text: str, wrong: Wrong) -> date | None:
    try:
        return None if is_empty(text) else parse_date(text)
    except CellProblem as found:
        wrong(position, role, found.problem)
        return None
