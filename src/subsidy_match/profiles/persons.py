"""Person numbers never enter a snapshot: a keyed HMAC stands in for them, the same for one person in every file.

The key comes from ``SUBSIDY_PERSON_KEY``; where that is empty, one is made once under the home folder, readable by its owner
alone. Whoever loses the key can no longer tell that a person was counted before, so it belongs in the backup.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.uscc import check_uscc, normalise_uscc

__all__ = [
    "account_free",
    "key_fingerprint",
    "load_person_key",
    "masked",
    "number_free",
    "person_code",
    "person_free",
    "stand_in",
]

_SHORTEST = 6
_MASK = "******"
_IDENTITY_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))  # GB 11643
_IDENTITY_CHECKS = "10X98765432"
_STAND_IN_LENGTH = 12  # digits: old ids are found by stand-ins too, so that no two of a city may be the same
_STAND_IN = re.compile(rf"\*{{6}}[0-9a-f]{{{_STAND_IN_LENGTH}}}(?![0-9a-f])")
_SHORTEST_NUMBER = 15
_DIGITS = re.compile(r"\d{2}.*\d{4}|\d\.\d{9}")  # cheap: most texts have no such thing
# What numbers are glued to: 账号6222…, ID3208…; one letter alone may be the first of a firm's code.
_BEGIN = r"(?:(?<![0-9A-Za-z])|(?<=[A-Za-z]{2}))"
_PROJECT = r"(?P<project>(?<!\d)\d{4}-\d{6}-\d\d-\d\d-\d{6}(?!\d))"  # the national code of an investment project
_ACCOUNT = re.compile(rf"{_PROJECT}|(?<!\.){_BEGIN}\d{{4}}(?:[ -]?\d){{12,17}}(?![0-9A-Za-z])")
_GAP = r"[\s\-'_./·\u2010-\u2015]*"
_DAY = rf"(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
# GB 11643: region, day of birth, sequence, check character; before 1999 with two digits of the year and no check character
_LONG = rf"[1-8]\d{{5}}{_GAP}(?:19|20)\d\d{_GAP}{_DAY}{_GAP}\d{{3}}{_GAP}[\dXx]"
_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z]){_LONG}(?![0-9A-Za-z])"
    rf"|(?P<glued>{_LONG})"
    rf"|{_BEGIN}[1-8]\d{{5}}\d\d{_DAY}\d{{3}}(?![0-9A-Za-z])"
    r"|(?<![0-9.])[1-8]\.\d{9,}[Ee]\+?1[47](?!\d)"  # one that a spreadsheet took for a number
)


def load_person_key(home: Path, configured: str = "", *, create: bool = True, is_first: bool = True) -> bytes:
    """The key in force: the configured one, else the one under ``home``, made if there is none.

    Args:
        home: the home folder.
        configured: the key from the settings; empty for none.
        create: whether to keep a new key; a dry run uses one and forgets it.
        is_first: whether nothing was published under a key yet: later on a new one would make everybody somebody new.

    Raises:
        InputError: ``profiles.person_key_missing``.
    """
    if configured:
        return configured.encode()
    path = home / "person.key"
    if not is_first and not path.exists():
        zh, en = "人员密钥缺失,请放回 person.key", "the key of person numbers is missing: put person.key back"
        raise InputError("profiles.person_key_missing", zh, en, Location(str(path)), hint="SUBSIDY_PERSON_KEY")
    if not path.exists() and create:
        _keep(path, secrets.token_hex(32).encode())
    return path.read_bytes().strip() if path.exists() else secrets.token_bytes(32)


def person_code(number: str, key: bytes) -> str:
    """The stand-in for one person number: 64 hexadecimal digits."""
    written = plain(number).upper()
    if len(written) < _SHORTEST or not written.isalnum():
        raise CellProblem("cell.person", "证件号码不完整", "the person number is incomplete")
    return hmac.new(key, written.encode(), hashlib.sha256).hexdigest()


def masked(text: str) -> str:
    """A text with everything blotted out that looks like the number of an identity card, wherever it was written.

    Codes of firms stay: what is a valid one is not a person's.
    """
    text = _STAND_IN.sub(_MASK, text)
    return _blotted(text, lambda _: _MASK)


def person_free(text: str, key: bytes) -> str:
    """A text as it may be kept: a short stand-in for every number of an identity card, so that two persons stay two."""
    if len(text) < _SHORTEST_NUMBER or not _DIGITS.search(text):
        return text
    return _blotted(text, lambda number: _MASK + stand_in(number, key))


def stand_in(number: str, key: bytes) -> str:
    """A few digits in place of a number, the same wherever it is written; what is kept has the mask before them."""
    written = "".join(
        filter(str.isalnum, number)
    ).upper()  # blanks, hyphens and what spreadsheets add are no part of it
    return hmac.new(key, written.encode(), hashlib.sha256).hexdigest()[:_STAND_IN_LENGTH]


def account_free(text: str) -> str:
    """A text without long rows of digits, which may be bank accounts; codes of firms and of projects stay."""
    return _without_accounts(text, lambda _: _MASK)


def number_free(text: str, key: bytes) -> str:
    """A text as it may be kept that is no key: a short stand-in for every number of a person and of an account."""
    if len(text) < _SHORTEST_NUMBER or not _DIGITS.search(text):
        return text
    return _without_accounts(person_free(text, key), lambda number: _MASK + stand_in(number, key))


def _without_accounts(text: str, put: Callable[[str], str]) -> str:
    plain_text = unicodedata.normalize("NFKC", text)
    free = _ACCOUNT.sub(lambda found: found[0] if _is_code(found) else put(found[0]), plain_text)
    return text if free == plain_text else free


def _is_code(found: re.Match[str]) -> bool:
    return found["project"] is not None or check_uscc(found[0]).is_valid


def _blotted(text: str, put: Callable[[str], str]) -> str:
    plain_text = unicodedata.normalize("NFKC", text)
    parts, kept, at = [], 0, 0
    while found := _NUMBER.search(plain_text, at):
        at = found.end()
        if found["glued"] and not _is_person(found[0]):
            at = found.start() + 1  # another may begin within
        elif not _is_firm(found[0]):
            parts += [plain_text[kept : found.start()], put(found[0])]
            kept = at
    return "".join([*parts, plain_text[kept:]]) if parts else text


def _is_person(number: str) -> bool:
    """Whether a row of characters that stands among others is an identity number: its day exists and its check is right."""
    written = "".join(filter(str.isalnum, number)).upper()
    try:
        date(int(written[6:10]), int(written[10:12]), int(written[12:14]))
    except ValueError:
        return False
    return _is_identity(written)


def _is_firm(number: str) -> bool:
    """Whether it is a firm's code; one identity number in three hundred passes for one by chance, but not its own check too."""
    return check_uscc(number).is_valid and not _is_identity(normalise_uscc(number))


def _is_identity(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _IDENTITY_WEIGHTS, strict=True))
    return number[17] == _IDENTITY_CHECKS[total % 11]


def key_fingerprint(key: bytes) -> str:
    """A name for the key that says nothing about it: snapshots under two keys are not the same snapshot."""
    return hmac.new(key, b"fingerprint of the key", hashlib.sha256).hexdigest()[:12]


def _keep(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # another process made one first: that one counts, which is why this is no rename
        os.link(waiting, path)
    waiting.unlink()
