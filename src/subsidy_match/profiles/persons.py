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
from pathlib import Path

from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.uscc import check_uscc, normalise_uscc

__all__ = ["account_free", "key_fingerprint", "load_person_key", "masked", "person_code", "person_free"]

_SHORTEST = 6
_MASK = "******"
_IDENTITY_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))  # GB 11643
_IDENTITY_CHECKS = "10X98765432"
_STAND_IN_LENGTH = 8
_STAND_IN = re.compile(rf"\*{{6}}[0-9a-f]{{{_STAND_IN_LENGTH}}}(?![0-9a-f])")
_SHORTEST_NUMBER = 15
_DIGITS = re.compile(r"\d{2}.*\d{4}|\d\.\d{9}")  # cheap: most texts have no such thing
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z.])\d{4}(?:[ -]?\d){12,17}(?![0-9A-Za-z])")
_GAP = r"[\s\-'\u2010-\u2015]*"
_DAY = rf"(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
# GB 11643: region, day of birth, sequence, check character; before 1999 with two digits of the year and no check character
_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z])(?P<long>[1-8]\d{{5}}{_GAP}(?:19|20)\d\d{_GAP}{_DAY}{_GAP}\d{{3}}{_GAP}[\dXx])(?![0-9A-Za-z])"
    rf"|(?<![0-9A-Za-z])[1-8]\d{{5}}\d\d{_DAY}\d{{3}}(?![0-9A-Za-z])"
    r"|(?<![0-9.])[1-8]\.\d{9,}[Ee]\+?1[47](?!\d)"  # one that a spreadsheet took for a number
)


def load_person_key(home: Path, configured: str = "", *, create: bool = True) -> bytes:
    """The key in force: the configured one, else the one under ``home``, made if there is none.

    Args:
        home: the home folder.
        configured: the key from the settings; empty for none.
        create: whether to keep a new key; a dry run uses one and forgets it.
    """
    if configured:
        return configured.encode()
    path = home / "person.key"
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
    return _blotted(text, lambda number: _MASK + _stand_in(number, key))


def _stand_in(number: str, key: bytes) -> str:
    written = "".join(
        filter(str.isalnum, number)
    ).upper()  # blanks, hyphens and what spreadsheets add are no part of it
    return hmac.new(key, written.encode(), hashlib.sha256).hexdigest()[:_STAND_IN_LENGTH]


def account_free(text: str) -> str:
    """A text without long rows of digits, which may be bank accounts; codes of firms stay."""
    return _ACCOUNT.sub(lambda found: found[0] if check_uscc(found[0]).is_valid else _MASK, text)


def _blotted(text: str, put: Callable[[str], str]) -> str:
    plain_text = unicodedata.normalize("NFKC", text)
    blotted = _NUMBER.sub(lambda found: found[0] if _is_firm(found[0]) else put(found[0]), plain_text)
    return text if blotted == plain_text else blotted


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
