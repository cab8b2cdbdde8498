"""What is true in the invented city: its firms with everything that departments will later report about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from .trades import Trade

__all__ = [
    "AS_OF", "DEMO_NAME", "Accounts", "Award", "City", "Discredit", "ExportPolicy", "Firm", "Hire", "Insurance", "Payment",
    "Project", "Truth",
]  # fmt: skip

AS_OF = date(2026, 5, 31)
DEMO_NAME = "淮安云璟智能装备有限公司"


@dataclass(slots=True)
class Accounts:
    """One year of accounts in 元."""

    revenue: int
    assets: int
    cost: int
    rd: int | None
    profit: int


@dataclass(slots=True)
class Insurance:
    """Unemployment insurance, each pair for 2024 and 2025; premiums in 元."""

    premium: tuple[int, int]
    end: tuple[int, int]
    average: tuple[int, int]
    drawers: int
    months: int


@dataclass(slots=True)
class Award:
    """A certificate, entry, prize, institute, standard or green listing; ``kind`` is the word its department uses."""

    kind: str
    level: str
    on: date
    until: date | None = None
    number: str = ""
    title: str = ""


@dataclass(slots=True)
class Project:
    """An investment project; money in 元."""

    number: str
    title: str
    kind: str
    completed: date | None
    total: int
    equipment: int
    software: int


@dataclass(slots=True)
class Hire:
    """A newly hired person under an impossible identity number."""

    person: str
    category: str
    contract: date
    kinds: str
    months: int


@dataclass(slots=True)
class ExportPolicy:
    """A policy of export credit insurance; premium in 元."""

    number: str
    market: str
    premium: int
    paid: date


@dataclass(slots=True)
class Discredit:
    """A penalty or an entry in a discredit list."""

    number: str
    kind: str
    grade: str
    on: date
    ended: date | None
    repaired: bool


@dataclass(slots=True)
class Payment:
    """A subsidy paid earlier; amount in 元."""

    number: str
    item: str
    key: str
    level: str
    amount: int
    paid: date


@dataclass(slots=True)
class Firm:
    """One registered subject.

    ``guarded`` firms are kept free of accidental dirt because tests rely on them;
    ``entangled`` ones already carry identity trouble of their own.
    """

    uscc: str
    name: str
    kind: str
    status: str
    founded: date
    district: str
    trade: Trade
    capital: int
    former: list[str] = field(default_factory=list)
    innovative: bool = False
    guarded: bool = False
    entangled: bool = False
    staff: tuple[int, int] = (0, 0)
    sci_staff: int | None = None
    accounts: dict[int, Accounts] = field(default_factory=dict)
    insurance: Insurance | None = None
    ip: tuple[int, int, int, int, int, int] | None = None
    high_tech: list[Award] = field(default_factory=list)
    tech_sme: list[Award] = field(default_factory=list)
    institutes: list[Award] = field(default_factory=list)
    prizes: list[Award] = field(default_factory=list)
    standards: list[Award] = field(default_factory=list)
    green: list[Award] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    hires: list[Hire] = field(default_factory=list)
    exports: list[ExportPolicy] = field(default_factory=list)
    disabled: dict[int, tuple[int, int]] = field(default_factory=dict)
    discredit: list[Discredit] = field(default_factory=list)
    barred: list[tuple[str, date, str]] = field(default_factory=list)
    energy: list[tuple[str, bool, date]] = field(default_factory=list)
    paid: list[Payment] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Say whether the registration is in force."""
        return self.status == "active"

    @property
    def company(self) -> bool:
        """Say whether this is a company proper: neither branch nor person nor partnership nor association."""
        return "公司" in self.kind and "分公司" not in self.kind


@dataclass(slots=True)
class Truth:
    """What was planted, by case, so that an importer can be held to it."""

    noise: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    boundaries: list[dict[str, str]] = field(default_factory=list)
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    all_rounders: list[str] = field(default_factory=list)

    def plant(self, case: str, **details: Any) -> None:
        """Record one planted piece of dirt."""
        self.noise.setdefault(case, []).append(details)


@dataclass(slots=True)
class City:
    """All firms, the ground truth, and the running numbers of invented documents."""

    seed: int
    size: int
    firms: list[Firm] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)
    numbers: dict[str, int] = field(default_factory=dict)

    def random(self, purpose: str) -> Random:
        """Return a stream of its own for a purpose, so that one file can change without moving the others."""
        return Random(f"{self.seed}:{purpose}")

    def share(self, of_three_thousand: int) -> int:
        """Scale a count meant for 3,000 firms to this city, never below one."""
        return max(1, round(of_three_thousand * self.size / 3000))

    def next_number(self, series: str) -> int:
        """Count up one series of document numbers."""
        self.numbers[series] = self.numbers.get(series, 0) + 1
        return self.numbers[series]

    def document(self, issuer: str, year: int) -> str:
        """Return the next document number of an issuer, in the usual tortoise-shell brackets."""
        return f"{issuer}\u3014{year}\u3015{self.next_number(issuer):04d}号"
