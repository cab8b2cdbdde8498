"""Why a cell, a row or a sheet could not be used: a stable code and one sentence in each language."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CellProblem", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason, the same for every place where it occurs."""

    code: str
    zh: str
    en: str


class CellProblem(Exception):
    """Raised by the parser of a cell, never leaves this package; becomes a line of the report and never a guess."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.problem = Problem(code, zh, en)
