"""The rules between the claims of one firm: what policies say of each other, with payments and claims in hand counted in.

What is not known of a payment or a claim in hand is not counted, and said: a ``Doubt`` for everything that may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from subsidy_match.matching.options import AtMost, Cap, Constraint, Difference, Option, Origin, Use
from subsidy_match.rules.enterprise import Collection, Enterprise
from subsidy_match.rules.policy import Exclusive, Policy, PolicySet
from subsidy_match.rules.tree import Clamped, Literal, Named, PaidUnder, Rounded, Subtract, Value
from subsidy_match.rules.walking import nodes_below

__all__ = ["Doubt", "Pending", "RulesBetween", "netted_policies"]

_HISTORY = "subsidy_history"


@dataclass(frozen=True, slots=True)
class Pending:
    """A claim in hand; ``is_paid`` says that its money is in the history already, so that it only bars a second claim."""

    claim_no: str
    policy_id: str
    period: str
    subject: str | None
    amount: int | None
    item_keys: tuple[str, ...] = ()
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the choice is not certain."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something that may count; ``None`` where policy, year or item keys are not known."""

    use: Use
    policy: str | None
    year: int | None
    keys: frozenset[str] | None


@dataclass(slots=True)
class RulesBetween:
    """Builds the constraints between some options.

    Attributes:
        policies: all policies, for the groups.
        enterprise: the firm with its history, our own payments included.
        as_of: the day of the choice; its calendar year is the year of every limit and cap.
        pending: claims in hand.
        doubts: what came up while building.
    """

    policies: PolicySet
    enterprise: Enterprise
    as_of: date
    pending: Sequence[Pending] = ()
    doubts: list[Doubt] = field(default_factory=list)
    _entries: list[_Entry] = field(default_factory=list)
    _groups: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._entries = [
            *_from_history(self.enterprise),
            *(_from_claim(p, self.as_of.year) for p in self.pending if not p.is_paid),
        ]
        for policy in self.policies.policies:
            for rule in policy.exclusive:
                self._groups.setdefault(rule.group, set()).add(policy.id)

    def between(self, options: Sequence[Option], texts: Mapping[str, Policy]) -> list[Constraint]:
        """All constraints that touch the options; ``texts`` are the policies by id."""
        rules = dict.fromkeys(rule for option in options for rule in texts[option.policy_id].exclusive)
        found: list[Constraint] = []
        for rule in rules:
            members = [o for o in options if o.policy_id in self._groups[rule.group]]
            binding = [o for o in members if rule in texts[o.policy_id].exclusive]
            found += [self._cap(rule, rule.cap, members)] if rule.cap is not None else []
            found += self._limits(rule, rule.at_most, members, binding) if rule.at_most is not None else []
        if rules and options:
            self._check_history()
        for option in options:
            found += self._differences(texts[option.policy_id], option, options)
        self.doubts = list(dict.fromkeys(self.doubts))
        return found

    # --- the four forms ---

    def _cap(self, rule: Exclusive, limit: int, members: Sequence[Option]) -> Cap:
        used = self._counted(self._groups[rule.group], year=self.as_of.year)
        for use in used:
            if use.amount is None:
                self._doubt_amount(use)
        return Cap(rule.group, str(self.as_of.year), limit, tuple(o.id for o in members), used)

    def _limits(
        self, rule: Exclusive, limit: int, members: Sequence[Option], binding: Sequence[Option]
    ) -> Iterable[AtMost]:
        group = self._groups[rule.group]
        match rule.per:
            case "year":
                scopes = {str(self.as_of.year): (members, self._counted(group, year=self.as_of.year))}
            case "policy":
                ids = dict.fromkeys(o.policy_id for o in binding)
                scopes = {id_: ([o for o in members if o.policy_id == id_], self._counted({id_})) for id_ in ids}
            case "item_key":
                keys = dict.fromkeys(key for o in binding for key in o.item_keys)
                scopes = {k: ([o for o in members if k in o.item_keys], self._counted(group, key=k)) for k in keys}
            case _:
                scopes = {"": (members, self._counted(group))}
        for scope, (inside, used) in scopes.items():
            if len(inside) + len(used) <= limit:
                continue  # every one of them may be chosen
            bound = tuple(o.id for o in inside if o in binding)
            yield AtMost(rule.group, rule.per, scope, limit, tuple(o.id for o in inside), bound, used)

    def _differences(self, policy: Policy, option: Option, options: Sequence[Option]) -> Iterable[Difference]:
        for netted in netted_policies(policy):
            sources = tuple(o.id for o in options if o.policy_id in netted and o.id != option.id)
            used = tuple(_use(p) for p in self.pending if p.policy_id in netted and not p.is_paid)
            if not sources and not used:
                continue
            for use in used:
                if use.amount is None:
                    self._doubt_amount(use)
            if not _is_plain_difference(policy):
                zh, en = f"{policy.title.zh}的补差金额为估算", f"what {policy.title.en} loses to others is an estimate"
                self.doubts.append(Doubt("difference_estimated", zh, en))
            yield Difference(self._name(policy, netted), option.id, sources, used)

    # --- what counts already ---

    def _counted(self, group: set[str], *, year: int | None = None, key: str | None = None) -> tuple[Use, ...]:
        used = []
        for entry in self._entries:
            answers = (
                entry.policy in group if entry.policy is not None else None,
                year is None or (entry.year == year if entry.year is not None else None),
                key is None or (key in entry.keys if entry.keys is not None else None),
            )
            if all(answers):
                used.append(entry.use)
            elif False not in answers:
                ref = entry.use.ref
                zh, en = f"记录{ref}缺少政策、日期或标的,未计入", f"{ref} lacks its policy, date or item: not counted"
                self.doubts.append(Doubt("use_unclear", zh, en))
        return tuple(used)

    def _check_history(self) -> None:
        spec = self.policies.catalogue.collections[_HISTORY]
        if not spec.is_complete(self.enterprise.collections.get(_HISTORY, Collection()), self.as_of):
            zh = "奖补历史未导入、已过期或有争议,可能漏计已享受的奖补"
            en = "the subsidy history is missing, stale or in dispute: payments may not have been counted"
            self.doubts.append(Doubt("history_incomplete", zh, en))

    def _doubt_amount(self, use: Use) -> None:
        zh, en = f"记录{use.ref}金额不明,未计入", f"the amount of {use.ref} is not known: not counted"
        self.doubts.append(Doubt("use_amount_unknown", zh, en))

    def _name(self, policy: Policy, netted: tuple[str, ...]) -> str:
        """The group that a difference is about."""
        if netted == (policy.id,):
            return policy.id
        return next((group for group, ids in self._groups.items() if ids == set(netted)), ", ".join(netted))


def netted_policies(policy: Policy) -> list[tuple[str, ...]]:
    """The policies whose payments the amount is net of, one tuple for each ``paid_under``."""
    terms = policy.amount
    roots = (terms.each, terms.total, terms.cap) if terms is not None else ()
    return sorted({node.policies for node in nodes_below(*roots) if isinstance(node, PaidUnder)})


def _is_plain_difference(policy: Policy) -> bool:
    """Whether the amount is max(0, gross less what was paid): then what a payment takes away is exact."""
    terms = policy.amount
    value: Value | None = terms.total if terms is not None and terms.cap is None else None
    while isinstance(value, Named | Rounded | Clamped):
        if isinstance(value, Clamped) and not _is_floor_of_nothing(value):
            return False
        value = value.of
    if not isinstance(value, Subtract):
        return False
    gross, *less = value.of
    apart = [part for part in less if not isinstance(part, PaidUnder)]
    return not any(isinstance(node, PaidUnder) for node in nodes_below(gross, *apart))


def _is_floor_of_nothing(value: Clamped) -> bool:
    return value.cap is None and isinstance(value.floor, Literal) and value.floor.value == 0


def _from_history(enterprise: Enterprise) -> Iterable[_Entry]:
    """One entry a record; a record that is listed twice counts once."""
    seen = set()
    for number, row in enumerate(enterprise.collections.get(_HISTORY, Collection()).rows, start=1):
        ref = str(row.get("record_no") or f"#{number}")
        if ref in seen:
            continue
        seen.add(ref)
        policy, paid_on, key, amount = (row.get(name) for name in ("policy", "paid_on", "item_key", "amount"))
        known = amount if isinstance(amount, int) else None
        yield _Entry(
            Use(ref, str(policy or ""), known, Origin.HISTORY),
            str(policy) if policy else None,
            paid_on.year if isinstance(paid_on, date) else None,
            frozenset({str(key)}) if key else None,
        )


def _from_claim(claim: Pending, this_year: int) -> _Entry:
    keys = frozenset(claim.item_keys or ((claim.subject,) if claim.subject else ()))
    year = int(claim.period) if claim.period.isdecimal() else this_year  # without a year of its own: it is in hand now
    return _Entry(_use(claim), claim.policy_id, year, keys)


def _use(claim: Pending) -> Use:
    return Use(claim.claim_no, claim.policy_id, claim.amount, Origin.PENDING)
