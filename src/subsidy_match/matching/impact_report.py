"""The report that a bureau signs before it publishes: both sides, the counts, the shares, examples, and what to keep in mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from subsidy_match.matching.history import Payment
from subsidy_match.matching.impact import Change, Impact, Kind, Standing
from subsidy_match.matching.impact_shares import Shares, share_out
from subsidy_match.matching.impact_sides import Payments, Side, matches_of, standings
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.tree import PaidUnder
from subsidy_match.rules.walking import nodes_below

__all__ = [
    "DEFAULT_STEP",
    "Budget",
    "Example",
    "Report",
    "examples",
    "remarks",
    "shares_of",
    "typical",
]

DEFAULT_STEP = 10_000  # 分: pooled funds are shared out in whole hundreds of 元
_EXAMPLES = ((Kind.GAIN,), (Kind.LOSS,), (Kind.UP, Kind.DOWN, Kind.RANGE))
_Remark = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much there is (分), shared out in steps; ``fund`` names the pooled fund that it was read from."""

    amount: int
    step: int = DEFAULT_STEP
    fund: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One typical firm, with its match under either version, None where there is none."""

    change: Change
    old: Match | None
    new: Match | None


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. ``shares`` are of what is guaranteed and of what is possible; the latter needs every amount bounded."""

    impact: Impact
    old: Side | None
    new: Side
    snapshot: str
    replaced: tuple[str, ...] = ()
    budget: Budget | None = None
    shares: tuple[Shares, Shares | None] | None = None
    examples: tuple[Example, ...] = ()
    asked: date | None = None  # the day that was asked for; a version not in force then is judged on the nearest day


def typical(impact: Impact) -> list[Change]:
    """A gain, a loss and a changed amount: the median of each by money, so that neither extreme is shown.

    Where one of them does not occur, another firm for which something changes takes its place.
    """
    found: list[Change] = []
    for kinds in (*_EXAMPLES, *(tuple(Kind),) * len(_EXAMPLES)):
        told = {change.firm.uscc for change in found}
        several = sorted(
            (c for c in impact.affected() if c.kind in kinds and c.firm.uscc not in told),
            key=lambda c: (c.worth, c.firm.uscc, c.subject or ""),
        )
        if several and len(found) < len(_EXAMPLES):
            found.append(several[(len(several) - 1) // 2])
    return found


def examples(
    impact: Impact, old: Side | None, new: Side, snapshot: Snapshot, payments: Payments
) -> tuple[Example, ...]:
    """The typical firms, evaluated again with every reason."""
    return tuple(_example(change, old, new, snapshot, payments.get(change.firm.uscc, ())) for change in typical(impact))


def shares_of(impact: Impact, budget: Budget) -> tuple[Shares, Shares | None]:
    """The budget shared over what is guaranteed, and over what is possible where every amount has a bound."""
    demands = list(impact.demands())
    guaranteed = share_out({firm.uscc: low for firm, low, _ in demands}, budget.amount, budget.step)
    if any(high is None for _, _, high in demands):
        return guaranteed, None
    possible = {firm.uscc: high for firm, _, high in demands if high is not None}
    return guaranteed, share_out(possible, budget.amount, budget.step)


def remarks(report: Report) -> Iterator[_Remark]:
    """What the reader has to keep in mind, in Chinese and English."""
    yield from _about_sides(report)
    money = report.impact.total
    if money.new.unbounded or money.new.open_unbounded or money.old.unbounded or money.old.open_unbounded:
        yield (
            "有的金额因缺数据没有上限,合计中只计其最低数",
            "some amounts have no upper bound while data are missing; the sums hold their least",
        )
    if report.shares and report.shares[1] is None:
        yield (
            "可能金额没有上限,无法据以分摊",
            "the possible amounts have no bound and cannot be shared out",
        )
    if any(side and (side.policy.exclusive or _counts_payments(side.policy)) for side in (report.old, report.new)):
        yield (
            "合计未扣除互斥与补差:同组政策只能享受其一或只补差额的,实际支出更少",
            "the sums ignore exclusivity: where only one of a group may be had, or only the difference, less is spent",
        )
    if any(side and side.policy.grants for side in (report.old, report.new)):
        yield (
            "本政策授予资质,其他政策因此的变化不在本报告内",
            "the policy grants a status; what that changes for other policies is not part of this report",
        )


def _about_sides(report: Report) -> Iterator[_Remark]:
    old, new = report.old, report.new
    moved = sorted({side.as_of for side in (old, new) if side and report.asked and side.as_of != report.asked})
    if moved:
        days = "、".join(day.isoformat() for day in moved)
        yield (
            f"{report.asked}不在有效期内,改按{days}评价",
            f"judged on {days}: the day asked for, {report.asked}, is not in its term",
        )
    if report.replaced:
        names = ", ".join(report.replaced)
        yield (
            f"评价新版本时,未计入生效期与其重叠的版本:{names};发布前须先终止",
            f"left out beside the new version, because both would be in force: {names}; end them before publishing",
        )
    if old is None:
        return
    if old.policy.hash == new.policy.hash:
        yield "新旧文本完全相同", "both texts are the same"
    if old.as_of != new.as_of:
        yield (
            f"两侧评价日不同({old.as_of}、{new.as_of}):一部分差异来自日期",
            f"the days differ ({old.as_of}, {new.as_of}): part of the difference comes from the calendar",
        )
    if old.period.year_of_facts != new.period.year_of_facts:
        years = old.period.year_of_facts, new.period.year_of_facts
        yield (
            f"两侧所依据的数据年度不同({years[0]}、{years[1]});快照可能还没有新年度的数据",
            f"the years of the facts differ ({years[0]}, {years[1]}); the snapshot may not have the later year yet",
        )
    if files := _other_files(old, new):
        names = ", ".join(files)
        yield (f"两套政策的其他文件也不同:{names}", f"other files of the two sets differ as well: {names}")


def _counts_payments(policy: Policy) -> bool:
    terms = (policy.amount.each, policy.amount.total, policy.amount.cap) if policy.amount else ()
    return any(isinstance(node, PaidUnder) for node in nodes_below(policy.condition, *terms))


def _other_files(old: Side, new: Side) -> Sequence[str]:
    """The files in which two sets differ, other than the versions of the policies compared."""
    before, after, own = old.policies.files, new.policies.files, {f"{s.policy.id}@" for s in (old, new)}
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return [name for name in names if name.rpartition("/")[2].partition("@")[0] + "@" not in own]


def _example(change: Change, old: Side | None, new: Side, snapshot: Snapshot, paid: Sequence[Payment]) -> Example:
    enterprise = snapshot.enterprise(change.firm.uscc)

    def match(side: Side | None, standing: Standing | None) -> Match | None:
        found = matches_of(side, enterprise, paid) if side else []
        # by all of it, for several elements may have the same key
        return next((match for match, own in zip(found, standings(found), strict=True) if own == standing), None)

    return Example(change, match(old, change.old), match(new, change.new))
