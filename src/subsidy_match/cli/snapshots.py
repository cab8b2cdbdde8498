"""Commands about whole snapshots: what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

import typer

from subsidy_match.cli.context import JSON, settings
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.cli.values import kind_of, plain, shown, source_dict, source_text
from subsidy_match.profiles.catalogue import Catalogue, fact_columns
from subsidy_match.profiles.comparison import Comparison, compare
from subsidy_match.profiles.differences import Counts, RowChange, ValueChange
from subsidy_match.profiles.publishing import Shelf

__all__ = ["diff", "print_counts"]

_OK, _FINDINGS = 0, 1
_SHOWN = 20  # lines a kind in the text; JSON has all
_UNKNOWN = "未知 / unknown"


def diff(
    before: Annotated[str | None, typer.Argument(help="先前快照,默认前一个 / default: the one before")] = None,
    after: Annotated[str | None, typer.Argument(help="后来快照,默认现行 / default: the one in force")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """两个快照有何不同:企业、数值、清单行 / What differs between two snapshots: firms, values, rows of lists."""
    shelf = Shelf(settings().home)
    new = shelf.find(after)
    old = shelf.find(before) if before else shelf.before(new)
    with compare(settings().home, old, new) as comparison:
        counts = comparison.counts()
        if as_json:
            print_json({"before": old, "after": new, "counts": counts.to_dict(), **_everything(comparison)})
        else:
            print_text(f"快照 / snapshot {old} → {new}")
            print_counts(counts)
            _print_changes(comparison, fact_columns(settings().policies))
    raise typer.Exit(_OK if counts.is_nothing else _FINDINGS)


def print_counts(counts: Counts) -> None:
    """Print a comparison in numbers."""
    if counts.is_nothing:
        print_text("内容相同 / no difference")
        return
    print_text(
        f"企业 / firms +{counts.firms_came} -{counts.firms_went}  数值 / values {counts.values}"
        f"  清单行 / rows of lists +{counts.rows_added} -{counts.rows_removed}"
        f"  存疑变化 / disputed or no more {counts.disputes}"
    )
    facts = [(f.fact, f.appeared, f.vanished, f.changed) for f in counts.by_fact]
    _print(("指标 / fact", "新知 / now known", "失去 / now unknown", "改变 / changed"), facts, right=(1, 2, 3))
    lists = [(line.collection, line.added, line.removed) for line in counts.by_list]
    _print(("清单 / list", "新增行 / rows added", "减少行 / rows removed"), lists, right=(1, 2))
    owners = [(o.department, o.values, o.rows_added, o.rows_removed) for o in counts.by_department]
    head = ("部门 / department", "数值 / values", "新增行 / rows added", "减少行 / rows removed")
    _print(head, owners, right=(1, 2, 3))


def _print_changes(comparison: Comparison, catalogue: Catalogue) -> None:
    firms = [("+", *firm) for firm in comparison.came()] + [("-", *firm) for firm in comparison.went()]
    _print(("", "统一社会信用代码 / USCC", "企业 / firm"), _bounded(firms))
    values = [_value_line(change, catalogue) for change in islice(comparison.values(), _SHOWN + 1)]
    head = ("企业 / firm", "指标 / fact", "原 / old", "来源 / source", "新 / new", "来源 / source")
    _print(head, _bounded(values))
    rows = [_row_line(change, catalogue) for change in islice(comparison.rows(), _SHOWN + 1)]
    _print(("", "企业 / firm", "清单 / list", "内容 / row", "来源 / source"), _bounded(rows))
    loadings = [(x.collection, x.department, x.old or "—", x.new or "—") for x in comparison.loadings()]
    _print(("清单 / list", "部门 / department", "原数据日期 / old day", "新数据日期 / new day"), _bounded(loadings))
    disputes = [("+" if d.disputed else "-", d.uscc, d.collection) for d in comparison.disputes()]
    _print(("", "统一社会信用代码 / USCC", "存疑清单 / disputed list"), _bounded(disputes))


def _print(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], *, right: tuple[int, ...] = ()) -> None:
    if rows:
        print_text()
        print_table(columns, rows, right=right)


def _bounded(rows: Sequence[tuple[object, ...]]) -> Sequence[tuple[object, ...]]:
    """The first rows, and where there are more, a line that says so."""
    if len(rows) <= _SHOWN:
        return rows
    return [*rows[:_SHOWN], ("…", "其余见 --json / the rest is in --json", *("" for _ in rows[0][2:]))]


def _value_line(change: ValueChange, catalogue: Catalogue) -> tuple[object, ...]:
    kind = kind_of(change.fact, catalogue)
    old, new = (
        (_text(value, kind), source_text(source))
        for value, source in ((change.old, change.old_source), (change.new, change.new_source))
    )
    return f"{change.uscc} {change.name}", change.fact, *old, *new


def _row_line(change: RowChange, catalogue: Catalogue) -> tuple[object, ...]:
    collection = catalogue.collections.get(change.collection)
    kinds = {name: type_.kind for name, type_ in collection.fields.items()} if collection else {}
    content = "  ".join(f"{name}={_text(value, kinds.get(name, 'text'))}" for name, value in change.row.items())
    sign = "+" if change.added else "-"
    return sign, f"{change.uscc} {change.name}", change.collection, content, source_text(change.source)


def _text(value: Any, kind: str) -> str:
    if value is None:
        return _UNKNOWN
    return shown(tuple(value) if isinstance(value, list) else value, kind)


def _everything(comparison: Comparison) -> Mapping[str, Any]:
    return {
        "came": [{"uscc": uscc, "name": name} for uscc, name in comparison.came()],
        "went": [{"uscc": uscc, "name": name} for uscc, name in comparison.went()],
        "values": [_value_node(change) for change in comparison.values()],
        "rows": [_row_node(change) for change in comparison.rows()],
        "loadings": [plain(_fields(x)) for x in comparison.loadings()],
        "disputes": [_fields(x) for x in comparison.disputes()],
    }


def _fields(line: Any) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__slots__}


def _value_node(change: ValueChange) -> dict[str, Any]:
    old = {"value": change.old, **source_dict(change.old_source)}
    new = {"value": change.new, **source_dict(change.new_source)}
    return {"uscc": change.uscc, "name": change.name, "fact": change.fact, "old": old, "new": new}


def _row_node(change: RowChange) -> dict[str, Any]:
    head = {name: getattr(change, name) for name in ("uscc", "name", "collection", "added")}
    return {**head, "row": dict(change.row), **source_dict(change.source)}
