"""Numbers of persons and accounts where nobody looks for them: in codes and names of firms, and in names of files, sheets, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.profiles.persons import masked, person_free, stand_in
from subsidy_match.profiles.uscc import check_uscc, normalise_uscc

__all__ = ["blotted", "blotted_errors", "identity_free"]

_MASK = "******"
_SHORTEST_ACCOUNT = 16
# In one run or in groups of four: hyphens between other groups stand in periods, such as 20250101-20251231.
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z.])(?:\d{16,21}|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,5})?)(?![0-9A-Za-z])")
_MOMENT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
# A firm's code with a slip of the hand: whoever decides must see it, and the nearest codes are looked for.
_NEARLY_CODE = re.compile(r"(?:1[1239]|5[1239])[1-6]\d{15}|9[123][1-6]\d{14,16}")


def blotted(text: str) -> str:
    """The name of a file, a sheet or a header without numbers of persons and of accounts; days, times and firms' codes stay."""
    return _ACCOUNT.sub(lambda found: _MASK if _is_account(found[0]) else found[0], masked(text))


def identity_free(text: str, key: bytes) -> str:
    """A code or a name as it may be kept: a short stand-in for each such number, so that two of them stay two."""
    text = person_free(text, key)
    return _ACCOUNT.sub(lambda found: _stand_in(found[0], key), text) if len(text) >= _SHORTEST_ACCOUNT else text


@contextmanager
def blotted_errors() -> Iterator[None]:
    """Whatever is wrong with a file is told without such numbers in its name, its sheets and its headers."""
    try:
        yield
    except InputError as error:
        error.zh, error.en, error.at = blotted(error.zh), blotted(error.en), _place(error.at)
        error.hint = error.hint and blotted(error.hint)
        error.findings = tuple(map(_finding, error.findings))
        raise


def _is_account(number: str) -> bool:
    digits = normalise_uscc(number)
    return not (check_uscc(digits).is_valid or _MOMENT.match(digits) or _NEARLY_CODE.fullmatch(digits))


def _stand_in(number: str, key: bytes) -> str:
    return _MASK + stand_in(normalise_uscc(number), key) if _is_account(number) else number


def _finding(found: Finding) -> Finding:
    hint = found.hint and blotted(found.hint)
    return replace(found, zh=blotted(found.zh), en=blotted(found.en), at=_place(found.at), hint=hint)


def _place(at: Location | None) -> Location | None:
    return at and replace(at, path=blotted(at.path), cell=at.cell and blotted(at.cell))
