"""Money: whole 分 wherever stored, exact rationals while computing, 元 only at the edges."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NewType, assert_never

__all__ = ["Fen", "Rounding", "fen_from_yuan", "round_to", "yuan_text"]

Fen = NewType("Fen", int)

_YUAN = 100
_WAN = 10_000 * _YUAN
_YI = 10_000 * _WAN


class Rounding(StrEnum):
    """How a result falls on its step: the three modes that policies name."""

    HALF_UP = "half_up"
    DOWN = "down"
    UP = "up"


def round_to(value: Fraction | int, step: Fraction | int, mode: Rounding) -> Fraction | int:
    """Round ``value`` to a multiple of ``step`` (same unit); halves go away from zero, down is towards zero."""
    quotient = Fraction(value) / step
    magnitude = abs(quotient)
    match mode:
        case Rounding.HALF_UP:
            whole = math.floor(magnitude + Fraction(1, 2))
        case Rounding.DOWN:
            whole = math.floor(magnitude)
        case Rounding.UP:
            whole = math.ceil(magnitude)
        case _:
            assert_never(mode)
    result = whole * step if quotient >= 0 else -whole * step
    return result.numerator if isinstance(result, Fraction) and result.denominator == 1 else result


def fen_from_yuan(yuan: Decimal | int | str) -> Fen:
    """Convert 元 to 分 exactly.

    Raises:
        ValueError: the amount has a fraction of a 分.
    """
    fen = Decimal(yuan) * _YUAN
    if fen != fen.to_integral_value():
        raise ValueError(f"{yuan}元 is not a whole number of 分")
    return Fen(int(fen))


def yuan_text(fen: Fraction | int | None, *, lang: str = "zh") -> str:
    """Money for people: ``12.4万元`` where that is exact and short, else ``1,234.56元``."""
    if fen is None:
        return "—"
    if lang == "zh":
        for size, name in ((_YI, "亿元"), (_WAN, "万元")):
            scaled = Fraction(fen) / size * 100
            if abs(scaled) >= 100 and scaled.denominator == 1:
                return f"{_plain(Decimal(scaled.numerator) / 100)}{name}"
    return f"{_plain(_decimal(Fraction(fen) / _YUAN))}{'元' if lang == 'zh' else ' yuan'}"


def _decimal(value: Fraction) -> Decimal:
    cents = round_to(value * _YUAN, 1, Rounding.HALF_UP)
    return Decimal(int(cents)).scaleb(-2)


def _plain(value: Decimal) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
