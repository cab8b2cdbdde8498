"""How department clerks write names, codes, days and numbers: mostly well, and sometimes as they please."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from .codes import in_disguise, mistype
from .model import City, Firm
from .naming import key_of, look_alike, swap_suffix
from .sheets import Cell, Row

__all__ = ["Scribe", "csv_day", "empty_cell", "full_width", "sheet_day", "wan", "wan_cell", "yuan_cell"]

_FULL_WIDTH = {code: code + 0xFEE0 for code in (*range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1))}
_EMPTY = ("-", "—", "/", "无", None, "")
Mark = tuple[str, dict[str, Any]]


def full_width(text: str) -> str:
    """Write digits and capital letters in full width."""
    return text.translate(_FULL_WIDTH)


def csv_day(random: Random, day: date) -> str:
    """Write a day as the registry's CSV does: in whatever form the clerk's machine had."""
    form = random.choices(range(5), (40, 22, 18, 19, 1))[0]
    return (
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        day.isoformat(),
        str((day - date(1899, 12, 30)).days),
    )[form]


def sheet_day(random: Random, day: date | None) -> Cell:
    """Write a day in a worksheet: usually a date cell, else text, a number, or a bare serial."""
    if day is None:
        return None
    form = random.choices(range(6), (66, 14, 8, 6, 5, 1))[0]
    return (
        day,
        day.isoformat(),
        f"{day:%Y.%m.%d}",
        f"{day.year}年{day.month}月{day.day}日",
        int(f"{day:%Y%m%d}"),
        (day - date(1899, 12, 30)).days,
    )[form]


def wan(yuan: int) -> Decimal:
    """Turn 元 into 万元 exactly."""
    return Decimal(yuan) / 10_000


def wan_cell(random: Random, yuan: int) -> Cell:
    """Write 元 as 万元: a number, a number as text, with thousands separators, negatives in brackets."""
    value = wan(yuan)
    match random.choices(range(4), (62, 22, 12, 4))[0]:
        case 0:
            return int(value) if value == value.to_integral() else float(value)
        case 1:
            return f"({-value:,.2f})" if value < 0 else _plain(value, ",")
        case 2:
            return _plain(value, "")
        case _:
            return full_width(_plain(value, "")) if value >= 0 else _plain(value, "")


def yuan_cell(random: Random, yuan: int) -> Cell:
    """Write 元 as a number or as text."""
    return random.choices((yuan, f"{yuan:,.2f}", str(yuan), f"{yuan:,}"), (70, 14, 10, 6))[0]


def empty_cell(random: Random) -> Cell:
    """Write that nothing is known."""
    return random.choice(_EMPTY)


def _plain(value: Decimal, comma: str) -> str:
    return f"{value:{comma}.2f}" if value * 100 == int(value * 100) else f"{value:{comma}}"


class Scribe:
    """Writes names and codes into one file, with a set number of slips on firms that tests do not rely on."""

    def __init__(
        self, city: City, file: str, firms: Iterable[Firm], *, typos: int = 0, suffixes: int = 3, bad_codes: int = 0
    ) -> None:
        self.random = city.random(file)
        free = sorted(
            {f.uscc: f for f in firms if not f.guarded and not f.entangled and f.company and f.active}.values(),
            key=lambda f: f.uscc,
        )
        self._taken = {key_of(f.name) for f in city.firms}
        victims = self._victims(free, city.share(typos) if typos else 0)
        self._typos = {f.uscc for f in victims}
        self._suffixes = {f.uscc for f in self._victims(free, city.share(suffixes) if suffixes else 0)}
        self._bad_codes = {f.uscc for f in self._victims(free, city.share(bad_codes) if bad_codes else 0)}

    def sign(self, row: Row, firm: Firm, *, name: int, code: int | None = None) -> Row:
        """Write the firm's name and code into the given columns of a row, and mark what went wrong."""
        row.cells[name] = self._name(row, firm)
        if code is not None:
            row.cells[code] = self._code(row, firm)
        return row

    def _victims(self, free: list[Firm], count: int) -> list[Firm]:
        plain = [f for f in free if not f.former]
        return self.random.sample(plain, min(count, len(plain) // 4))

    def _name(self, row: Row, firm: Firm) -> str:
        if firm.uscc in self._typos:
            self._typos.discard(firm.uscc)
            return self._typo(row, firm)
        if firm.former and not firm.guarded and self.random.random() < 0.6:
            old = self.random.choice(firm.former)
            row.mark("old_name", written=old, uscc=firm.uscc, name=firm.name)
            return old
        if firm.uscc in self._suffixes:
            written = swap_suffix(firm.name)
            row.mark("suffix_variant", written=written, uscc=firm.uscc, name=firm.name)
            return written
        return firm.name if firm.guarded else self._cosmetics(row, firm)

    def _typo(self, row: Row, firm: Firm) -> str:
        written = firm.name
        while key_of(written) in self._taken:
            written = look_alike(self.random, firm.name)
        row.mark("name_typo", written=written, uscc=firm.uscc, name=firm.name)
        return written

    def _cosmetics(self, row: Row, firm: Firm) -> str:
        written = firm.name
        if "（" in written and self.random.random() < 0.5:
            written = written.replace("（", "(").replace("）", ")")
        if any(c.isascii() and c.isalnum() for c in written) and self.random.random() < 0.5:
            written = full_width(written)
        dice = self.random.random()
        if dice < 0.025:
            written += self.random.choice((" ", "  ", "\u3000"))
        elif dice < 0.03:
            written = written[:2] + " " + written[2:]
        if written != firm.name:
            row.mark("name_cosmetics", written=written, uscc=firm.uscc, name=firm.name)
        return written

    def _code(self, row: Row, firm: Firm) -> str:
        if firm.uscc in self._bad_codes:
            self._bad_codes.discard(firm.uscc)
            written = mistype(self.random, firm.uscc)
            row.mark("bad_uscc", written=written, uscc=firm.uscc, name=firm.name)
            return written
        if not firm.guarded and self.random.random() < 0.012:
            written = in_disguise(self.random, firm.uscc)
            row.mark("uscc_disguised", written=written, uscc=firm.uscc)
            return written
        return firm.uscc
