"""The errors of the library: one tree, every leaf with a stable code, two languages and a place.

SubsidyError
├── AuthorError      the policy text is wrong: fix the YAML
├── InputError       the data is wrong: fix the file or the request
│   ├── NotFound     the thing named does not exist
│   └── Conflict     the thing exists but is not in a state that allows this
└── RetryableError   nothing is wrong with the request: try again later
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["AuthorError", "Conflict", "Finding", "InputError", "Location", "NotFound", "RetryableError", "SubsidyError"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where something was found: a line of a text file, or a cell of a sheet."""

    path: str
    line: int | None = None
    column: int | None = None
    cell: str | None = None

    def __str__(self) -> str:
        if self.cell is not None:
            return f"{self.path}:{self.cell}"
        parts = [self.path, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong (or doubtful), in both languages, with its place and a hint where there is one."""

    code: str
    zh: str
    en: str
    at: Location | None = None
    hint: str | None = None
    severity: str = "error"

    def __str__(self) -> str:
        place = f"{self.at}  " if self.at else ""
        hint = f" — {self.hint}" if self.hint else ""
        return f"{place}{self.code}  {self.en}{hint}   {self.zh}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data, for JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "zh": self.zh,
            "en": self.en,
            "hint": self.hint,
            "path": self.at.path if self.at else None,
            "line": self.at.line if self.at else None,
            "column": self.at.column if self.at else None,
            "cell": self.at.cell if self.at else None,
        }


@dataclass(eq=False)
class SubsidyError(Exception):
    """Base of every error this library raises on purpose."""

    code: str
    zh: str
    en: str
    at: Location | None = None
    hint: str | None = None
    findings: Sequence[Finding] = field(default=())

    def __str__(self) -> str:
        if self.findings:
            return "\n".join(str(f) for f in self.findings)
        return str(self.as_finding())

    def as_finding(self) -> Finding:
        """This error as a finding, without the findings it carries."""
        return Finding(self.code, self.zh, self.en, self.at, self.hint)


class AuthorError(SubsidyError):
    """The policy text is wrong; its author must change it."""


class InputError(SubsidyError):
    """The data given is wrong; whoever gave it must change it."""


class NotFound(InputError):
    """The thing named does not exist."""


class Conflict(InputError):
    """The thing exists, but its state does not allow this."""


class RetryableError(SubsidyError):
    """Nothing is wrong with the request; the same request may succeed later."""
