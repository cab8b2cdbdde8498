"""The tables of the impact report, for paper and spreadsheet alike: text, counts and money, each cell of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from subsidy_match import __version__
from subsidy_match.matching.impact import Change, Dimension, Firm, Kind, Money, Standing, Tally
from subsidy_match.matching.impact_data import ENGINE
from subsidy_match.matching.impact_report import Example, Report, remarks
from subsidy_match.matching.impact_shares import Shares
from subsidy_match.matching.impact_words import DIMENSION_WORDS, KIND_WORDS, group_words, in_both, verdict_words
from subsidy_match.rules.explanation import explain_text
from subsidy_match.rules.truth import Verdict

__all__ = [
    "Cell",
    "Table",
    "Yuan",
    "change_rows",
    "changes",
    "demands",
    "distribution",
    "example_lines",
    "summary",
]


class Yuan(NamedTuple):
    """A cell of money, in 分."""

    fen: int


Cell: TypeAlias = str | int | Yuan | None
_Row: TypeAlias = tuple[Cell, ...]
_NUMBERS = frozenset(range(1, 7))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; ``right`` are the columns of numbers, ``verbatim`` those of names and codes out of the data."""

    columns: tuple[str, ...]
    rows: list[_Row] = field(default_factory=list)
    right: frozenset[int] = frozenset()
    verbatim: frozenset[int] = frozenset()


_STATES: tuple[Verdict | None, ...] = (*Verdict, None)
_CHANGED = tuple(kind for kind in Kind if kind is not Kind.SAME)
_FIRM = ("统一社会信用代码 / code", "企业 / firm", "区县 / district", "行业 / section", "规模 / size")


def summary(report: Report) -> list[Table]:
    """The first page: totals, the budget, who changes how, transitions of firms and subjects, what it was made from."""
    found = [_totals(report), _budget(report), _kinds(report), _matrix(report, subjects=False)]
    if report.impact.subjects != report.impact.total.firms:
        found.append(_matrix(report, subjects=True))
    return [
        *found,
        _manifest(report),
        Table(("须留意 / keep in mind",), [(in_both(words),) for words in remarks(report)]),
    ]


def distribution(report: Report) -> Table:
    """The totals by district, industry section and size."""
    columns = (
        "维度 / by", "代码 / code", "名称 / name", "企业 / firms", *(in_both(KIND_WORDS[kind]) for kind in _CHANGED),
        "原确定 / old guaranteed", "新确定 / new guaranteed", "差 / difference",
        "原可能 / old possible", "新可能 / new possible", "差 / difference",
    )  # fmt: skip
    rows: list[_Row] = [
        (in_both(DIMENSION_WORDS[dimension]), code, in_both(words), *_tally_cells(tally))
        for dimension in Dimension
        for code, words, tally in group_words(report, dimension)
    ]
    return Table(columns, rows, frozenset(range(3, len(columns))))


def changes() -> Table:
    """The head of the list of what changes; its rows come from ``change_rows``."""
    columns = (
        *_FIRM, "标的 / subject", "变化 / change", "原结论 / old verdict", "原最低 / old least", "原最高 / old most",
        "新结论 / new verdict", "新最低 / new least", "新最高 / new most", "差额 / difference",
    )  # fmt: skip
    return Table(columns, right=frozenset({8, 9, 11, 12, 13}), verbatim=frozenset({0, 1, 5}))


def change_rows(report: Report) -> Iterator[_Row]:
    """Every subject for which something changes."""
    words = _Words(report)
    for change in report.impact.affected():
        yield (*words.firm(change.firm), *_change_cells(change))


def demands(report: Report) -> Table:
    """What each firm asks of the fund, and its share where there is a budget."""
    columns = (
        *_FIRM, "确定金额 / guaranteed", "按确定额分得 / share of guaranteed", "可能金额 / possible",
        "按可能额分得 / share of possible",
    )  # fmt: skip
    words, (certain, possible) = _Words(report), report.shares or (None, None)
    rows: list[_Row] = [
        (
            *words.firm(firm),
            Yuan(low),
            _part(certain, firm),
            None if high is None else Yuan(high),
            _part(possible, firm),
        )
        for firm, low, high in report.impact.demands()
    ]
    return Table(columns, rows, frozenset({5, 6, 7, 8}), verbatim=frozenset({0, 1}))


def example_lines(report: Report, lang: str = "zh") -> Iterator[tuple[str, str]]:
    """The example firms with both explanations, line by line: side or heading, and text."""
    for example in report.examples:
        change = example.change
        subject = f" · {change.subject}" if change.subject else ""
        yield in_both(KIND_WORDS[change.kind]), f"{change.firm.name} {change.firm.uscc}{subject}"
        yield from _told(example, report, lang)


def _told(example: Example, report: Report, lang: str) -> Iterator[tuple[str, str]]:
    sides = (("原 / old", example.old, report.old), ("新 / new", example.new, report.new))
    for name, match, side in sides:
        if match is None or side is None:
            yield name, in_both(verdict_words(None))
            continue
        for line in explain_text(match, side.policies, lang).splitlines():
            yield name, line


class _Words:
    """The words of the groups, looked up once."""

    def __init__(self, report: Report) -> None:
        self._labels = {
            (dimension, code): in_both(words)
            for dimension in Dimension
            for code, words, _ in group_words(report, dimension)
        }

    def firm(self, firm: Firm) -> tuple[str, ...]:
        groups = (self._labels[dimension, firm.group(dimension)] for dimension in Dimension)
        return firm.uscc, firm.name, *groups


def _totals(report: Report) -> Table:
    old, new = report.impact.total.old, report.impact.total.new
    names = (
        ("guaranteed", "确定(符合,最低数) / guaranteed (eligible, least)"),
        ("possible", "可能(含待核实,最高数) / possible (with those to confirm, most)"),
        ("open", "另待补数据(最高数) / open besides (data missing, most)"),
    )
    rows: list[_Row] = [(label, *_three(getattr(old, name), getattr(new, name))) for name, label in names]
    rows += _unbounded(old, new)
    return Table(("资金 / money", "原 / old", "新 / new", "差 / difference"), rows, _NUMBERS)


def _unbounded(old: Money, new: Money) -> Iterator[_Row]:
    if any((old.unbounded, new.unbounded, old.open_unbounded, new.open_unbounded)):
        label = "无上限的笔数(可能+待补) / without upper bound (possible + open)"
        before, after = old.unbounded + old.open_unbounded, new.unbounded + new.open_unbounded
        yield label, before, after, after - before


def _budget(report: Report) -> Table:
    columns = ("资金需求与分摊 / budget and shares", "按确定额 / guaranteed", "按可能额 / possible")
    new, budget, shares = report.impact.total.new, report.budget, report.shares
    more = "+" if new.unbounded else ""
    rows: list[_Row] = [(f"所需资金{more} / needed{more}", Yuan(new.guaranteed), Yuan(new.possible))]
    if budget is None or shares is None:
        return Table(columns, rows, _NUMBERS)
    fund = f" ({budget.fund})" if budget.fund else ""
    rows += [
        (f"资金规模{fund} / budget{fund}", Yuan(budget.amount), Yuan(budget.amount)),
        ("分摊步长 / step", Yuan(budget.step), Yuan(budget.step)),
    ]
    rows += zip(_SHARE_ROWS, _share_cells(shares[0]), _share_cells(shares[1]), strict=True)
    return Table(columns, rows, _NUMBERS)


_SHARE_ROWS = (
    "是否不足 / short", "兑付比例 / rate", "分摊合计 / shared out", "余额 / remainder", "足额企业 / firms paid in full",
    "分得为零的企业 / firms that get nothing",
)  # fmt: skip


def _share_cells(shares: Shares | None) -> tuple[Cell, ...]:
    if shares is None:
        return (None,) * len(_SHARE_ROWS)
    short = "是 / yes" if shares.is_short else "否 / no"
    basis_points = shares.rate.numerator * 10_000 // shares.rate.denominator  # rounded down: never promise more
    rate = f"{basis_points // 100}.{basis_points % 100:02d}%"
    return short, rate, Yuan(shares.paid), Yuan(shares.remainder), shares.full, shares.nothing


def _kinds(report: Report) -> Table:
    impact = report.impact
    rows: list[_Row] = [
        (in_both(KIND_WORDS[kind]), impact.total.kinds[kind], impact.kinds_subjects[kind]) for kind in Kind
    ]
    rows.append(("合计 / total", impact.total.firms, impact.subjects))
    return Table(("变化 / change", "企业 / firms", "标的 / subjects"), rows, _NUMBERS)


def _matrix(report: Report, *, subjects: bool) -> Table:
    impact = report.impact
    counts, zh, en = (
        (impact.matrix_subjects, "标的", "subjects") if subjects else (impact.matrix_firms, "企业", "firms")
    )
    shown = [[state for state in _STATES if state or any(key[at] is None for key in counts)] for at in (0, 1)]
    if report.old is None:
        shown[0] = [None]
    columns = (f"{zh}:原↓ 新→ / {en}: old↓ new→", *(in_both(verdict_words(state)) for state in shown[1]))
    rows: list[_Row] = [(in_both(verdict_words(old)), *(counts[old, new] for new in shown[1])) for old in shown[0]]
    return Table(columns, rows, _NUMBERS)


def _manifest(report: Report) -> Table:
    def cells(label: str, *names: str) -> _Row:
        return label, *names

    sides = (report.old, report.new)
    rows = [
        cells("政策版本 / policy", *(s.policy.key if s else "—" for s in sides)),
        cells("名称 / title", *(s.policy.title.zh if s else "—" for s in sides)),
        cells("文本哈希 / text hash", *(s.policy.hash if s else "—" for s in sides)),
        cells("政策集哈希 / set hash", *(s.policies.hash if s else "—" for s in sides)),
        cells("参数表哈希 / parameters hash", *(s.policies.parameters_hash if s else "—" for s in sides)),
        cells("来源 / from", *(s.origin if s else "—" for s in sides)),
        cells("评价日 / as of", *(s.as_of.isoformat() if s else "—" for s in sides)),
        cells("数据年度 / year of facts", *(str(s.period.year_of_facts) if s else "—" for s in sides)),
        cells("档案快照 / snapshot", report.snapshot, report.snapshot),
        cells("引擎 / engine", *[f"{ENGINE} {__version__}"] * 2),
    ]
    return Table(("依据 / made from", "原 / old", "新 / new"), rows, verbatim=frozenset({1, 2}))


def _tally_cells(tally: Tally) -> tuple[Cell, ...]:
    kinds = (tally.kinds[kind] for kind in _CHANGED)
    old, new = tally.old, tally.new
    return tally.firms, *kinds, *_three(old.guaranteed, new.guaranteed), *_three(old.possible, new.possible)


def _three(old: int, new: int) -> tuple[Yuan, Yuan, Yuan]:
    return Yuan(old), Yuan(new), Yuan(new - old)


def _change_cells(change: Change) -> _Row:
    kind = in_both(KIND_WORDS[change.kind])
    return change.subject, kind, *_standing_cells(change.old), *_standing_cells(change.new), Yuan(change.worth)


def _standing_cells(standing: Standing | None) -> _Row:
    words = in_both(verdict_words(standing.verdict if standing else None))
    if standing is None or standing.verdict is Verdict.INELIGIBLE:
        return words, None, None
    return words, Yuan(standing.low), None if standing.high is None else Yuan(standing.high)


def _part(shares: Shares | None, firm: Firm) -> Yuan | None:
    return Yuan(shares.parts[firm.uscc]) if shares else None
