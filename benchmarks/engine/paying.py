"""Exact amounts of plain policies over arrays of whole 分."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import numpy as np
import numpy.typing as npt

from engine.plain import Fixed, Plain, Steps, Times

Ints = npt.NDArray[np.int64]


def amounts(policy: Plain, column: Callable[[str], Ints], size: int) -> Ints:
    """What each of ``size`` firms gets; ``column`` gives their values, nothing where one is unknown."""
    match policy.pays:
        case Fixed(fen=fen):
            return np.full(size, fen, np.int64)
        case Times(column=name, factor=factor, cap=cap):
            return np.minimum(half_up(column(name), factor.numerator, factor.denominator, policy.step), cap)
        case Steps(column=name, steps=steps, otherwise=rest):
            values, found = column(name), np.full(size, rest, np.int64)
            for edge, fen in reversed(steps):
                found[values >= edge] = fen
            return found
        case _:
            assert_never(policy.pays)


def half_up(values: Ints, top: int, bottom: int, step: int) -> Ints:
    """A part of each value, on the nearest multiple of the step; the upper one where both are as near."""
    found: Ints = (values * (2 * top) + step * bottom) // (2 * step * bottom) * step
    return found
