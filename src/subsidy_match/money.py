"""Money: whole 分 wherever stored, exact rationals while computing, 元 only at the edges."""

from __future__ import annotations

from decimal import Decimal, Inexact, localcontext
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
    # in whole numbers, for a division of fractions looks for common factors each time
    over, under = abs(value.numerator) * step.denominator, value.denominator * step.numerator
    match mode:
        case Rounding.HALF_UP:
            whole = (2 * over + under) // (2 * under)
        case Rounding.DOWN:
            whole = over // under
        case Rounding.UP:
            whole = -(-over // under)
        case _:
            assert_never(mode)
    result = whole * step if value >= 0 else -whole * step
    return result.numerator if isinstance(result, Fraction) and result.denominator == 1 else result


def fen_from_yuan(yuan: Decimal | int | str) -> Fen:
    """Convert 元 to 分 exactly.

    Raises:
        ValueError: the amount has a fraction of a 分.
    """
    with localcontext() as exact:
        exact.traps[Inexact] = True  # digits beyond the precision would fall away unseen
        try:
            fen = Decimal(yuan) * _YUAN
        except Inexact as lost:
            raise ValueError(f"{yuan}元 has more digits than an amount can have") from lost
    if fen != fen.to_integral_value():
        raise ValueError(f"{yuan}元 is not a whole number of 分")
    return Fen(int(fen))


def yuan_text(fen: Fraction | int | None, *, lang: str = "zh") -> str:
    """Money for people: ``12.4万元`` where that is exact and short, else ``1,234.56元``."""
    if fen is None:
        return "—"
    if lang == "zh" and fen.denominator == 1:
        for size, name in ((_YI, "亿元"), (_WAN, "万元")):
            hundredths, rest = divmod(fen.numerator * 100, size)
            if not rest and abs(hundredths) >= 100:
                return f"{_plain(hundredths)}{name}"
    return f"{_plain(int(round_to(fen, 1, Rounding.HALF_UP)))}{'元' if lang == 'zh' else ' yuan'}"


def _plain(hundredths: int) -> str:
    whole, rest = divmod(abs(hundredths), 100)
    text = f"{'-' if hundredths < 0 else ''}{whole:,}.{rest:02d}"
    return text.rstrip("0").rstrip(".") if "." in text else text
