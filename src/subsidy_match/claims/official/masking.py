"""Hides what a public list must not tell: people, accounts, and numbers by which people are known."""

from __future__ import annotations

import re

__all__ = ["mask_account", "mask_numbers", "mask_person"]

# Identity cards, telephones, account and card numbers: seven figures or more in a row, an X at the end included.
_LONG_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?:\+?\d[\d -]{5,}\d[\dXx]?)(?![A-Za-z0-9])")
_SHOWN = 2


def mask_person(name: str) -> str:
    """Show the family name only: 张三 becomes 张*."""
    clean = name.strip()
    return clean[:1] + "*" * max(len(clean) - 1, 1) if clean else ""


def mask_account(last_four: str) -> str:
    """Show an account by its last two figures."""
    return f"****{last_four[-_SHOWN:]}" if last_four else ""


def mask_numbers(text: str) -> str:
    """Hide every long number in a text but its last two figures."""
    return _LONG_NUMBER.sub(lambda found: "*" * 4 + found[0][-_SHOWN:], text)
