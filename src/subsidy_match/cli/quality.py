"""``profiles quality``: what each department's data are worth, for the officer who asks for better ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from subsidy_match.cli.context import AS_OF, JSON, LANG, day, settings
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.profiles.catalogue import department_code, fact_columns
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.quality import Coverage, Doubt, ListState, Quality, measure_quality
from subsidy_match.profiles.unlinked import policy_words
from subsidy_match.rules.catalogue import Catalogue, load_catalogue

__all__ = ["quality"]

_OK, _FINDINGS = 0, 1
_DOUBTS = {
    Doubt.OUT_OF_RANGE: ("超出合理范围", "out of range"),
    Doubt.UNIT: ("疑似单位差一万倍", "unit suspected wrong by 10,000"),
    Doubt.JUMP: ("比上年变动超过十倍", "changed more than tenfold in a year"),
    Doubt.CONTRADICTION: ("数值矛盾待核对", "contradiction waiting"),
    Doubt.IDENTITY: ("企业身份待核对", "identity waiting"),
    Doubt.UNLINKED: ("奖补事项未对应政策", "payments not linked to a policy"),
}


def quality(
    department: Annotated[str | None, typer.Option(help="部门,代码或名称 / one department, by code or name")] = None,
    as_of: Annotated[str | None, AS_OF] = None,
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", help="快照,默认现行 / another snapshot than the one in force")
    ] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """各部门数据质量:覆盖、过期、超范围、突变、单位、矛盾 / Data quality by department: coverage, age, ranges, jumps, units."""
    where = settings()
    catalogue = load_catalogue(where.policies / "facts.yml")
    columns = fact_columns(where.policies)
    report = measure_quality(where.home, catalogue, day(as_of), snapshot, policy_words(load_mappings(columns)))
    if department is not None:
        report = report.of(department_code(department, columns))
    if as_json:
        print_json(_document(report))
    else:
        _print(report, catalogue, lang)
    raise typer.Exit(_OK if report.is_clean else _FINDINGS)


def _print(report: Quality, catalogue: Catalogue, lang: str) -> None:
    head = ("快照 {}:在营企业 {} 家,评价日 {}", "snapshot {}: {} active firms, on {}")[lang != "zh"]
    print_text(head.format(report.snapshot_id, report.firms, report.as_of))
    for code, label in catalogue.departments.items():
        part = report.of(code)
        if part.coverage or part.lists or part.doubts:
            print_text(f"\n{label.say(lang)}")
            _print_facts(part.coverage, catalogue, lang)
            _print_lists(part.lists, catalogue, lang)
            _print_doubts(part, catalogue, lang)


def _print_facts(coverage: Sequence[Coverage], catalogue: Catalogue, lang: str) -> None:
    rows = [
        (_fact(c.fact, c.year, catalogue, lang), c.known, f"{c.share:.1%}", c.stale, c.elsewhere)
        for c in sorted(coverage, key=lambda c: c.share)
        if c.known
    ]
    heads = ("项目 / fact", "有值 / known", "可用率 / usable", "过期 / stale", "他部门有值 / elsewhere")
    if rows:
        print_table(heads, rows, right=(1, 2, 3, 4))
    if nothing := [_fact(c.fact, c.year, catalogue, lang) for c in coverage if not c.known]:
        print_text(f"没有数据:{'、'.join(nothing)}" if lang == "zh" else f"no data: {', '.join(nothing)}")


def _print_lists(lists: Sequence[ListState], catalogue: Catalogue, lang: str) -> None:
    missing, stale = ("未导入", "过期") if lang == "zh" else ("not loaded", "stale")
    rows = [
        (
            catalogue.collections[entry.collection].label.say(lang),
            f"{entry.as_of or missing}{f' {stale}' if entry.stale else ''}",
            entry.disputed,
        )
        for entry in lists
    ]
    if rows:
        print_table(("清单 / list", "数据日期 / as of", "有争议的企业 / disputed firms"), rows, right=(2,))


def _print_doubts(part: Quality, catalogue: Catalogue, lang: str) -> None:
    rows = [
        (_DOUBTS[d.doubt][lang != "zh"], _target(d.target, catalogue, lang), d.count, " | ".join(d.examples))
        for d in part.doubts
    ]
    if rows:
        print_table(("疑点 / doubt", "项目 / fact", "数量 / count", "例 / examples"), rows, right=(2,))


def _target(target: str, catalogue: Catalogue, lang: str) -> str:
    name, _, year = target.rpartition("_")
    return _fact(name, int(year), catalogue, lang) if name in catalogue.facts else _fact(target, None, catalogue, lang)


def _fact(name: str, year: int | None, catalogue: Catalogue, lang: str) -> str:
    fact = catalogue.facts.get(name)
    label = fact.label.say(lang) if fact else name
    return label if year is None else (f"{year}年{label}" if lang == "zh" else f"{label} ({year})")


def _document(report: Quality) -> dict[str, Any]:
    return {
        "snapshot": report.snapshot_id,
        "as_of": report.as_of.isoformat(),
        "firms": report.firms,
        "coverage": [{**asdict(entry), "share": round(entry.share, 4)} for entry in report.coverage],
        "lists": [{**asdict(entry), "as_of": _iso(entry.as_of)} for entry in report.lists],
        "doubts": [asdict(entry) for entry in report.doubts],
    }


def _iso(day_: date | None) -> str | None:
    return day_.isoformat() if day_ else None
