"""One version of one policy, and the set of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from subsidy_match.errors import Location, NotFound
from subsidy_match.money import Rounding
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.grading import Standard
from subsidy_match.rules.parameters import Parameter
from subsidy_match.rules.tree import Condition, Day, DayName, Label, Num, Value
from subsidy_match.units import Duration

__all__ = [
    "Acceptance",
    "Amount",
    "Channel",
    "ClaimTerms",
    "Clause",
    "Exclusive",
    "ForEach",
    "Grant",
    "GrantedBy",
    "Material",
    "Period",
    "PeriodKind",
    "Policy",
    "PolicySet",
]


class Channel(StrEnum):
    """How a policy is cashed in; the channel decides which stages are skipped."""

    NO_APPLY = "no_apply"  # 免申即享
    INSTANT = "instant"  # 即申即享
    FAST = "fast"  # 快申快享
    COMMITTED = "committed"  # 承诺兑现


class GrantedBy(StrEnum):
    """What makes an enterprise hold a status."""

    CONDITIONS = "conditions"  # whoever meets the policy holds it
    CERTIFICATE = "certificate"  # it is held once it is on the list of honours, however well the policy is met


class PeriodKind(StrEnum):
    """What one claim covers."""

    CALENDAR_YEAR = "calendar_year"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Clause:
    """A legal source that a condition or an amount comes from; ``quote`` only where the text is at hand, else a gist."""

    document: str
    article: str = ""
    gist: str = ""
    quote: str = ""
    provenance: str = ""

    def __str__(self) -> str:
        return f"{self.document}{self.article}"


@dataclass(frozen=True, slots=True)
class Period:
    """One claim period, with the fiscal year whose facts it judges."""

    id: str
    start: date
    end: date
    year_of_facts: int


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """The period of a claim, and how far back the judged year lies."""

    kind: PeriodKind
    facts_offset: int  # 0 the year of the period, -1 the year before

    def period(self, day: date, start: date, end: date) -> Period:
        """The period that ``day`` falls in, for a policy in force from ``start`` to ``end``."""
        if self.kind is PeriodKind.ONCE:
            return Period("once", start, end, day.year + self.facts_offset)
        return Period(str(day.year), date(day.year, 1, 1), date(day.year, 12, 31), day.year + self.facts_offset)


@dataclass(frozen=True, slots=True)
class ForEach:
    """The elements that are claimed for: one claim each, or one claim that lists them."""

    collection: str
    key: str
    together: bool
    item_if: Condition | None


@dataclass(frozen=True, slots=True)
class Amount:
    """How much: per item (summed where they are claimed together), capped, and rounded once."""

    each: Value | None
    total: Value | None
    cap: Value | None
    step: Num
    mode: Rounding
    at: Location


@dataclass(frozen=True, slots=True)
class Exclusive:
    """A limit within a group of policies: at most so many per year, policy or item key, or a cap over the group."""

    group: str
    at_most: int | None
    per: str | None
    cap: int | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding of the analysis that is known and meant, with the reason; ``clause`` narrows it to one id."""

    code: str
    reason: str
    clause: str | None
    at: Location


@dataclass(frozen=True, slots=True)
class Material:
    """A document that a claim needs, and who brings it; a ``deferrable`` one may follow later (容缺)."""

    label: Label
    brought_by: str  # applicant | department | commitment
    required: bool
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A status that an eligible enterprise holds until the named day, at once or not before its certificate is issued."""

    status: str
    until: Day
    by: GrantedBy


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One version of a policy; (id, start) is its key and ``hash`` names its exact text, clauses included."""

    id: str
    start: date
    end: date
    title: Label
    provenance: str
    level: str
    region: str | None
    authority: str
    clauses: Mapping[str, Clause]
    window: tuple[date, date] | None
    channel: Channel
    claim: ClaimTerms
    for_each: ForEach | None
    condition: Condition
    amount: Amount | None
    pays_for: str | None
    exclusive: tuple[Exclusive, ...]
    materials: tuple[Material, ...]
    chain: tuple[str, ...]
    sla_days: int
    notice_days: int
    notice_counts: bool
    funding: tuple[tuple[str, Fraction], ...]
    grants: Grant | None
    payee: str
    needs_source: bool
    accepts: tuple[Acceptance, ...]
    path: str
    texts: Mapping[str, str] = field(repr=False)
    hash: str = ""

    @property
    def key(self) -> str:
        """``id@start``, the name of the file without its ending."""
        return f"{self.id}@{self.start.isoformat()}"

    def period(self, as_of: date) -> Period:
        """The claim period that a day falls in."""
        return self.claim.period(as_of, self.start, self.end)

    def day(self, node: Day, as_of: date) -> date:
        """What a date that the policy names is on the day of evaluation, shifted by periods."""
        period = self.period(as_of)
        match node.name:
            case DayName.AS_OF:
                found = as_of
            case DayName.PERIOD_START:
                found = period.start
            case DayName.PERIOD_END:
                found = period.end
            case DayName.WINDOW_OPEN:
                found = self.window[0] if self.window else period.start
            case DayName.WINDOW_CLOSE:
                found = self.window[1] if self.window else period.end
            case _:
                assert_never(node.name)
        if found == date.max:  # in force without end: there is no day after it, and the same day a period before
            return found
        apart = Duration(years=abs(node.offset))
        return apart.before(found) if node.offset < 0 else apart.after(found)

    def is_open(self, day: date) -> bool:
        """Whether a claim may be filed on ``day``."""
        return self.start <= day <= self.end and (self.window is None or self.window[0] <= day <= self.window[1])


@dataclass(frozen=True, slots=True, eq=False)
class PolicySet:
    """All versions of all policies with what they refer to; ``hash`` names the exact content of all files."""

    catalogue: Catalogue
    parameters: Mapping[str, Parameter]
    standards: Mapping[str, Standard]
    policies: tuple[Policy, ...]
    hash: str
    files: Mapping[str, str] = field(repr=False)  # path below the folder -> text
    parameters_hash: str = field(init=False, repr=False)
    """Names the exact content of the dated tables; every answer carries it, so it is worked out once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters_hash", self._hash_of_parameters())

    def _hash_of_parameters(self) -> str:
        digest = hashlib.sha256()
        for name, text in sorted(self.files.items()):
            if name.startswith("parameters/"):
                digest.update(f"{name}\0{text}\0".encode())
        return digest.hexdigest()

    def in_force(self, day: date) -> Iterator[Policy]:
        """The version of every policy in force on ``day``, in the order of ids; one whose text is not at hand decides nothing."""
        return (p for p in self.policies if p.start <= day <= p.end and not p.needs_source)

    def find(self, policy_id: str, day: date) -> Policy | None:
        """The version of one policy in force on ``day``."""
        return next((policy for policy in self.in_force(day) if policy.id == policy_id), None)

    def get(self, policy_id: str, day: date) -> Policy:
        """The version of one policy in force on ``day``.

        Raises:
            NotFound: there is no such policy, or no version of it is in force then.
        """
        policy = self.find(policy_id, day)
        if policy is not None:
            return policy
        if any(p.id == policy_id and p.needs_source and p.start <= day <= p.end for p in self.policies):
            raise NotFound(
                "policy_needs_source",
                f"政策“{policy_id}”在{day}适用的文本尚未录入",
                f"the text of {policy_id!r} in force on {day} is not at hand",
            )
        if any(p.id == policy_id for p in self.policies):
            raise NotFound(
                "policy_not_in_force", f"政策“{policy_id}”在{day}不在有效期内", f"{policy_id!r} not in force on {day}"
            )
        raise NotFound("policy_not_found", f"没有这项政策:{policy_id}", f"no such policy: {policy_id!r}")
