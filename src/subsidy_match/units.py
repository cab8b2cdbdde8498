"""Units and literals: ``500万元``, ``5%``, ``30人``, ``1500元/人``, ``3年``, checked against the unit of a fact.

元, 万元 and 千元 mixed up is the commonest money error of this field, so every number of a policy carries its unit. Money
is counted in 分 inside; in a literal 分 means points of a score, and money is written in 元 and up.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

__all__ = ["NO_UNIT", "Duration", "LiteralError", "Quantity", "Unit", "parse_date", "parse_duration", "parse_quantity"]

_MULTIPLIERS = {"": 1, "百": 10**2, "千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}
# symbol -> (base, how many of the base)
_SYMBOLS: Mapping[str, tuple[str, int]] = {
    "元": ("元", 100),  # stored in 分
    "美元": ("美元", 100),
    "分": ("分", 1),
    "人": ("人", 1),
    "件": ("件", 1),
    "名": ("名", 1),
    "个": ("个", 1),
    "项": ("项", 1),
    "条": ("条", 1),
    "份": ("份", 1),
    "笔": ("笔", 1),
    "台": ("台", 1),
    "年": ("年", 1),
    "月": ("月", 1),
    "个月": ("月", 1),
    "天": ("天", 1),
    "度": ("度", 1),
    "吨": ("吨", 1),
    "立方米": ("立方米", 1),
}
# commas only between thousands: 1,5万元 is not 15万元; digits so many that any sum of such numbers stays finite as a float
_LONGEST = 40  # characters of a wrong literal that a message repeats
_NUMBER = re.compile(
    r"(?P<number>-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})(?:\.[0-9]{1,12})?)(?P<rest>[^0-9,.].*|)", re.DOTALL
)
_MAX_YEARS = 200
_UNIT_PART = re.compile(
    rf"(?P<times>{'|'.join(sorted(filter(None, _MULTIPLIERS), key=len, reverse=True))})?(?P<symbol>.*)"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class LiteralError(ValueError):
    """A literal that cannot be read; ``zh`` and ``en`` say why, ``hint`` what to write instead."""

    def __init__(self, zh: str, en: str, hint: str | None = None) -> None:
        super().__init__(en)
        self.zh, self.en, self.hint = zh, en, hint


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of base units, e.g. 元/人 is ``(("人", -1), ("元", 1))``."""

    powers: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, text: str) -> Unit:
        """Read ``元/人/月``; multipliers such as 万 are not allowed here."""
        powers: Counter[str] = Counter()
        for position, symbol in enumerate(filter(None, text.split("/"))):
            if symbol not in _SYMBOLS:
                raise LiteralError(f"不认识的单位:{symbol}", f"unknown unit {symbol!r}")
            powers[_SYMBOLS[symbol][0]] += -1 if position else 1
        return cls._from(powers)

    @classmethod
    def _from(cls, powers: Mapping[str, int]) -> Unit:
        return cls(tuple(sorted((base, power) for base, power in powers.items() if power)))

    def __mul__(self, other: Unit) -> Unit:
        powers = Counter(dict(self.powers))
        for base, power in other.powers:
            powers[base] += power
        return self._from(powers)

    def __truediv__(self, other: Unit) -> Unit:
        return self * Unit(tuple((base, -power) for base, power in other.powers))

    def __str__(self) -> str:
        above = [base for base, power in self.powers for _ in range(power)]
        below = [base for base, power in self.powers for _ in range(-power)]
        return "/".join([*("·".join(above),), *below]) if self.powers else "无单位"

    @property
    def is_money(self) -> bool:
        """Whether this is plain money."""
        return self == MONEY


NO_UNIT = Unit()
MONEY = Unit((("元", 1),))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit; money is in 分."""

    value: Fraction | int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of the calendar (民法典 201–202: years and months end on the corresponding day, or the month's last)."""

    years: int = 0
    months: int = 0
    days: int = 0

    def before(self, day: date) -> date:
        """The day this long before ``day``."""
        return _shifted(self, day, -1)

    def after(self, day: date) -> date:
        """The day this long after ``day``."""
        return _shifted(self, day, 1)

    def __str__(self) -> str:
        return self.say("zh")

    def say(self, lang: str) -> str:
        """The length in Chinese or English."""
        if lang == "zh":
            parts = ((self.years, "年"), (self.months, "个月"), (self.days, "天"))
            return "".join(f"{n}{name}" for n, name in parts if n) or "0天"
        english = ((self.years, "years"), (self.months, "months"), (self.days, "days"))
        return " ".join(f"{n} {name}" for n, name in english if n) or "0 days"


@lru_cache(maxsize=4096)  # a population asks for the same few look-backs from the same few days
def _shifted(length: Duration, day: date, sign: int) -> date:
    months = day.year * 12 + day.month - 1 + sign * (length.years * 12 + length.months)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=sign * length.days)


def parse_quantity(text: str) -> Quantity:
    """Read ``500万元``, ``5%``, ``30人``, ``0.8元/吨`` or a bare number.

    Raises:
        LiteralError: not a number with a unit this language knows.
    """
    _refuse_full_width(text)
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        short = text[:_LONGEST]
        raise LiteralError(f"“{short}”不是数值", f"{short!r} is not a number", "write for example 500万元, 5%, 30人")
    number = Fraction(found["number"].replace(",", ""))
    rest = found["rest"].strip()
    if rest == "%":
        return Quantity(_whole(number / 100), NO_UNIT)
    scale, unit = _read_unit(rest)
    return Quantity(_whole(number * scale), unit)


def parse_duration(text: str) -> Duration:
    """Read ``3年``, ``18个月`` or ``400天``."""
    quantity = parse_quantity(text)
    for symbol, name, a_year in (("年", "years", 1), ("月", "months", 12), ("天", "days", 365)):
        value = quantity.value
        if quantity.unit == Unit(((symbol, 1),)) and isinstance(value, int) and 0 <= value <= _MAX_YEARS * a_year:
            return Duration(**{name: value})
    raise LiteralError(f"“{text}”不是时长", f"{text!r} is not a length of time", "write for example 3年, 18个月, 400天")


def parse_date(text: str) -> date:
    """Read ``2026-01-31``."""
    _refuse_full_width(text)
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise LiteralError(f"“{text}”不是日期", f"{text!r} is not a date", "write YYYY-MM-DD") from None


def _read_unit(text: str) -> tuple[Fraction, Unit]:
    scale, unit = Fraction(1), NO_UNIT
    for position, part in enumerate(text.split("/") if text else ()):
        if part in _SYMBOLS:  # before splitting: 百 is a multiplier but 个月 is a symbol
            times, symbol = "", part
        else:
            found = _UNIT_PART.fullmatch(part)
            times, symbol = (found["times"] or "", found["symbol"]) if found else ("", part)
        if symbol and symbol not in _SYMBOLS:
            raise LiteralError(f"不认识的单位:{part}", f"unknown unit {part!r}", f"known units: {' '.join(_SYMBOLS)}")
        base, size = _SYMBOLS[symbol] if symbol else ("", 1)
        factor = Fraction(_MULTIPLIERS[times]) * size
        power = Unit(((base, 1),)) if base else NO_UNIT
        scale, unit = (scale / factor, unit / power) if position else (scale * factor, unit * power)
    return scale, unit


def _refuse_full_width(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text)
    if plain != text:
        raise LiteralError(f"“{text}”含全角字符", f"{text!r} has full-width characters", f"write {plain}")


def _whole(value: Fraction) -> Fraction | int:
    return value.numerator if value.denominator == 1 else value
