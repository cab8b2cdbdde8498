"""Invented unified social credit codes (GB 32100-2015) with valid check characters, and the ways typists break them."""

from __future__ import annotations

from random import Random

__all__ = ["break_check", "in_disguise", "mistype", "new_uscc", "organisation_check", "uscc_check"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I O S V Z
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_FULL_WIDTH = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in ALPHABET})


def organisation_check(body: str) -> str:
    """Return the check character of the eight-character organisation code (GB 11714)."""
    total = sum(int(c, 36) * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def uscc_check(body: str) -> str:
    """Return the eighteenth character for the first seventeen (GB 32100-2015)."""
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return ALPHABET[-total % 31]


def new_uscc(random: Random, *, kind: str, office: str, digits_only: bool = False) -> str:
    """Draw one code: ``kind`` is the first two characters, ``office`` the six-digit place of first registration.

    Codes given out before 2015 carry the old all-digit organisation code, later ones begin with MA.
    """
    while True:
        letters = ALPHABET[:10] if digits_only else ALPHABET
        start = "" if digits_only else "MA"
        body = start + "".join(random.choice(letters) for _ in range(8 - len(start)))
        stem = kind + office + body + organisation_check(body)
        code = stem + uscc_check(stem)
        if not digits_only or code.isdigit():
            return code


def break_check(random: Random, code: str) -> str:
    """Change the last character, so that the format is right and the check character is not."""
    return code[:-1] + random.choice([c for c in ALPHABET if c != code[-1]])


def mistype(random: Random, code: str) -> str:
    """Break a code as a tired hand does: wrong check character, swapped neighbours, a lost or forbidden character."""
    match random.randrange(4):
        case 0:
            return break_check(random, code)
        case 1:
            spots = [i for i in range(8, 16) if code[i] != code[i + 1]]
            spot = random.choice(spots) if spots else 2
            return code[:spot] + code[spot + 1] + code[spot] + code[spot + 2 :]
        case 2:
            return code[:12] + code[13:]
        case _:
            return code.replace("0", "O", 1) if "0" in code else code.replace("1", "I", 1)


def in_disguise(random: Random, code: str) -> str:
    """Write a good code in a form that cleaning must undo: lower case, full width, blanks, an apostrophe."""
    match random.randrange(5):
        case 0:
            return code.lower()
        case 1:
            return code.translate(_FULL_WIDTH)
        case 2:
            return f"{code[:8]} {code[8:]}"
        case 3:
            return f"'{code}"
        case _:
            return f" {code} "
