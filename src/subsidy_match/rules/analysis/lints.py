"""Checks of single policies and of pairs that need no search: sources, regions, double funding, fair competition."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from subsidy_match.rules.analysis.finding import Doubt, doubt
from subsidy_match.rules.analysis.places import placed
from subsidy_match.rules.codes import region_prefixes
from subsidy_match.rules.policy import Channel, Policy, PolicySet
from subsidy_match.rules.tree import (
    All,
    Between,
    Compare,
    Fact,
    Includes,
    Is,
    Manual,
    Mark,
    OneOfCodes,
    PaidUnder,
    Quantified,
    Rows,
    Status,
    Within,
    WithinLast,
)
from subsidy_match.rules.walking import nodes_below

__all__ = ["double_funding", "gaps", "lints"]

APPLICANT = "applicant"
_ASKS = (Compare, Between, WithinLast, Is, OneOfCodes, Within, Includes, Quantified, Status, Manual)
_LEVELS = {"national": r"", "provincial": r"\d{2}0000", "city": r"\d{2}(?!00)\d{2}00", "county": r"\d{4}(?!00)\d{2}"}
# what a firm must not be asked for in return for money: to stay, to buy locally, to register here (国令783号 第十条)
_TIES = re.compile(
    r"不(得|再)?(迁出|迁离|外迁)|迁出本|注册地.{0,6}(不变|不得)|(采购|使用|购买)(本地|本市|本县|本区|本省)|本地(采购|产品|企业优先)"
)
_OWNERSHIP = {"state_owned_enterprise", "collective_enterprise"}


def lints(policies: PolicySet, policy: Policy) -> Iterator[Doubt]:
    """P016 no basis, P017 nobody owes the fact, P018 declared by the firm, P020 region and level, P022 fair competition."""
    yield from _without_basis(policy)
    yield from _sources(policies, policy)
    yield from _misplaced(policy)
    yield from _unfair(policies, policy)


def _without_basis(policy: Policy) -> Iterator[Doubt]:
    spots = list(placed(policy))
    made = {id(n) for s in spots if isinstance(s.node, Status | PaidUnder) for n in nodes_below(s.node.rows.where)}
    for node in (spot.node for spot in spots if id(spot.node) not in made):  # not what the reader itself put there
        if isinstance(node, _ASKS) and not node.mark.basis and node.mark.at.path == policy.path:
            yield doubt(
                "P016", policy, node.mark, "这个条件没有写明依据", "this condition names no basis", node, "add basis:"
            )


def _sources(policies: PolicySet, policy: Policy) -> Iterator[Doubt]:
    seen: set[str] = set()
    for spot in placed(policy):
        name = (
            spot.node.name
            if isinstance(spot.node, Fact)
            else spot.node.collection
            if isinstance(spot.node, Rows)
            else None
        )
        if name is not None and name not in seen:
            seen.add(name)
            yield from _source(policies, policy, name, Mark(spot.mark.at, name))


def _source(policies: PolicySet, policy: Policy, name: str, mark: Mark) -> Iterator[Doubt]:
    fact, spec = policies.catalogue.facts.get(name), policies.catalogue.collections.get(name)
    owed_by = fact.sources if fact is not None else spec.complete_from if spec is not None else ()
    if not owed_by:
        yield doubt("P017", policy, mark, "没有部门提供这项数据", "no department supplies this")
    elif policy.channel is Channel.NO_APPLY and set(owed_by) == {APPLICANT}:
        zh, en = "免申即享不能用企业自行申报的数据", "no_apply takes nothing that the firm declares itself"
        yield doubt("P018", policy, mark, zh, en, None, "channel: fast, or instant")


def _misplaced(policy: Policy) -> Iterator[Doubt]:
    region = policy.region or ""
    if not re.fullmatch(_LEVELS[policy.level], region):
        zh, en = (
            f"级别 {policy.level} 与地区 {region or '(无)'} 不符",
            f"level {policy.level} does not fit region {region or '(none)'}",
        )
        parts = policy.condition.of if isinstance(policy.condition, All) else ()
        mark = next((part.mark for part in parts if part.mark.id == "region"), None)
        yield doubt("P020", policy, mark, zh, en)


def _unfair(policies: PolicySet, policy: Policy) -> Iterator[Doubt]:
    for spot in placed(policy):
        if (tied := _tied(policies, spot.node)) is not None:
            yield doubt(
                "P022",
                policy,
                spot.mark,
                f"公平竞争审查:{tied[0]}",
                f"fair competition: {tied[1]}",
                spot.node,
                "国令783号 第八至十一条",
            )
    texts = [clause.gist + clause.quote for clause in policy.clauses.values()]
    texts += [material.label.zh for material in policy.materials]
    if any(_TIES.search(text) for text in texts):
        yield doubt(
            "P022",
            policy,
            None,
            "公平竞争审查:以不迁出、本地采购等为条件",
            "fair competition: asks to stay or to buy locally",
        )


def _tied(policies: PolicySet, node: object) -> tuple[str, str] | None:
    match node:
        case Fact(name=name) if policies.catalogue.facts[name].concern == "tax_paid":
            label = policies.catalogue.facts[name].label
            return f"奖补与{label.zh}挂钩", f"money tied to {label.en.lower()}"
        case OneOfCodes(value=Fact(name="ent_type"), codes=codes) if set(codes) <= _OWNERSHIP:
            return "只给予特定所有制企业", "only for firms of one kind of ownership"
        case Is(value=Fact(name="ent_type"), code=str(code), negated=negated) if code in _OWNERSHIP and not negated:
            return "只给予特定所有制企业", "only for firms of one kind of ownership"
        case Manual(text=text) if _TIES.search(text.zh):
            return "以不迁出、本地采购等为条件", "asks to stay or to buy locally"
        case _:
            return None


# --- several policies ---


def gaps(policies: PolicySet) -> Iterator[Doubt]:
    """P011: days between two versions on which none is in force."""
    by_id: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies.policies:
        by_id[policy.id].append(policy)
    for versions in by_id.values():
        for before, after in itertools.pairwise(sorted(versions, key=lambda policy: policy.start)):
            if before.end < after.start - timedelta(days=1):
                first, last = before.end + timedelta(days=1), after.start - timedelta(days=1)
                zh, en = f"{first} 至 {last} 没有有效版本", f"no version in force from {first} to {last}"
                yield doubt("P011", after, None, zh, en)


def double_funding(policies: PolicySet) -> Iterator[Doubt]:
    """P019: two policies pay for the same cost item at the same time and place, and share no exclusivity group."""
    paying = [policy for policy in policies.policies if policy.pays_for and not policy.needs_source]
    for one, other in itertools.combinations(paying, 2):
        if one.pays_for != other.pays_for or one.id == other.id or not _meet(one, other):
            continue
        if not {e.group for e in one.exclusive} & {e.group for e in other.exclusive}:
            zh = f"与 {one.id} 补同一成本项 {one.pays_for},但没有共同的互斥组"
            en = f"pays for {one.pays_for} as {one.id} does, without a common exclusivity group"
            yield doubt("P019", other, None, zh, en, None, "exclusive: [{group: …}] in both, or another pays_for")


def _meet(one: Policy, other: Policy) -> bool:
    in_time = max(one.start, other.start) <= min(one.end, other.end, date.max)
    regions = [next(iter(region_prefixes(policy.region or "")), "") for policy in (one, other)]
    return in_time and (regions[0].startswith(regions[1]) or regions[1].startswith(regions[0]))
