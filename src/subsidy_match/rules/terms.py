"""The parts of a policy file that need no language: dates, clauses, titles, and the terms of a claim."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from subsidy_match.rules.fields import Fields, Skip
from subsidy_match.rules.policy import Acceptance, ClaimTerms, Clause, Exclusive, Material, PeriodKind
from subsidy_match.rules.tree import Label
from subsidy_match.units import MONEY, NO_UNIT, LiteralError, parse_date, parse_quantity

__all__ = [
    "PROVENANCES",
    "STAGES",
    "acceptances",
    "chain",
    "claim_terms",
    "clauses_of",
    "dates",
    "exclusive",
    "funding",
    "label_of",
    "materials",
    "title_of",
    "working_days",
]

PROVENANCES = ("official", "sourced", "representative")
STAGES = ("accept", "review", "recheck", "approve", "publish", "pay")


def dates(policy: Fields, key: str, first: str, last: str, open_end: date | None) -> tuple[date, date]:
    """The first and the last day under ``key``; without a last one ``open_end``."""
    fields = policy.fields(key)
    if fields is None:
        policy.wrong(key, f"缺少“{key}”", f"missing {key!r}")
        raise Skip
    fields.allow(first, last)
    start = _day(fields, first)
    end = open_end if open_end is not None and last not in fields else _day(fields, last)
    if end < start:
        fields.wrong(last, "结束早于开始", "ends before it begins", code="P009")
    return start, end


def _day(fields: Fields, key: str) -> date:
    try:
        return parse_date(fields.text(key) or "")
    except LiteralError as error:
        fields.findings.stop("P006", error.zh, error.en, fields.entries.get(key, fields.node).at, error.hint)


def clauses_of(fields: Fields, provenance: str) -> dict[str, Clause]:
    """The clauses that a file rests on, by name."""
    found: dict[str, Clause] = {}
    for name, item in fields.each("basis"):
        item.allow("document", "article", "gist", "quote", "provenance")
        mark = item.choice("provenance", PROVENANCES, default=provenance) or provenance
        article, gist, quote = (item.text(key, default=None) or "" for key in ("article", "gist", "quote"))
        found[name] = Clause(item.text("document") or "", article, gist, quote, mark)
    return found


def title_of(fields: Fields) -> Label:
    """The title of a file in both languages."""
    title = fields.fields("title")
    if title is None:
        fields.wrong("title", "缺少“title”", "missing 'title'")
        return Label("", "")
    title.allow("zh", "en")
    return label_of(title)


def label_of(fields: Fields) -> Label:
    """A name in both languages."""
    return Label(fields.text("zh") or "", fields.text("en") or "")


def working_days(fields: Fields | None, key: str, default: int) -> int:
    """A number of working days."""
    text = fields.text(key, default=str(default)) if fields else str(default)
    if not (text or "").isdecimal():
        if fields:
            fields.wrong(key, "应为工作日数", "a number of working days is expected")
        return default
    return int(text or default)


def claim_terms(fields: Fields) -> ClaimTerms:
    """What one claim is for: its period, and the year whose facts it rests on."""
    claim = fields.fields("claim")
    if claim is None:
        fields.wrong("claim", "缺少“claim”", "missing 'claim'")
        raise Skip
    claim.allow("period", "year_of_facts")
    kind = claim.choice("period", tuple(PeriodKind)) or PeriodKind.CALENDAR_YEAR
    found = re.fullmatch(r"period(?:\s*-\s*(\d))?", claim.text("year_of_facts") or "")
    if found is None:
        claim.wrong("year_of_facts", "写 period 或 period - 1", "write period or period - 1")
        raise Skip
    return ClaimTerms(PeriodKind(kind), -int(found[1] or 0))


def exclusive(fields: Fields) -> tuple[Exclusive, ...]:
    """What may not be claimed beside it."""
    found = []
    for item in fields.list_of("exclusive"):
        item.allow("group", "at_most", "per", "cap")
        at_most = item.text("at_most", default=None)
        per = item.choice("per", ("year", "policy", "item_key"), default=None)
        cap = _fen(item, "cap") if "cap" in item else None
        if (at_most is None) == (cap is None) or (at_most is not None and not at_most.isdecimal()):
            item.wrong(
                "at_most", "互斥需要 at_most 或 cap", "an exclusivity takes at_most (with per) or cap", code="P005"
            )
        found.append(
            Exclusive(item.text("group") or "", int(at_most) if at_most and at_most.isdecimal() else None, per, cap)
        )
    return tuple(found)


def _fen(item: Fields, key: str) -> int:
    try:
        quantity = parse_quantity(item.text(key) or "")
    except LiteralError as error:
        item.findings.stop("P006", error.zh, error.en, item.node.at, error.hint)
    if quantity.unit != MONEY:
        item.wrong(key, "应为金额", "money is expected", code="P006")
    if quantity.value != int(quantity.value):
        item.wrong(key, "金额不足一分", "finer than 0.01元", code="P006")
    return int(quantity.value)


def materials(fields: Fields) -> tuple[Material, ...]:
    """What a claim brings along."""
    found = []
    for item in fields.list_of("materials"):
        item.allow("zh", "en", "from", "required", "deferrable")
        brought_by = item.choice("from", ("applicant", "department", "commitment")) or "applicant"
        required, deferrable = (
            item.text(k, default=d) == "true" for k, d in (("required", "true"), ("deferrable", "false"))
        )
        found.append(Material(label_of(item), brought_by, required, deferrable))
    return tuple(found)


def chain(fields: Fields) -> tuple[str, ...]:
    """The stages of a claim, in their order; all of them unless named."""
    named = fields.texts("chain", required=False) or list(STAGES)
    if any(stage not in STAGES for stage in named) or sorted(named, key=STAGES.index) != named:
        fields.wrong("chain", f"环节依次为:{' '.join(STAGES)}", f"stages in order: {' '.join(STAGES)}")
    if missing := {"review", "approve"} - set(named):
        fields.wrong("chain", f"缺少环节:{'、'.join(sorted(missing))}", f"stages missing: {', '.join(sorted(missing))}")
    return tuple(named)


def funding(fields: Fields) -> tuple[tuple[str, Fraction], ...]:
    """Funds and the share that each bears, which add up to one."""
    found: list[tuple[str, Fraction]] = []
    for item in fields.list_of("funding"):
        item.allow("fund", "share")
        try:
            quantity = parse_quantity(item.text("share") or "")
        except LiteralError as error:
            item.findings.stop("P006", error.zh, error.en, item.node.at, error.hint)
        share = Fraction(quantity.value)
        if quantity.unit != NO_UNIT or not 0 < share <= 1:
            item.wrong("share", "比例在0与100%之间", "a share is between 0 and 100%", code="P006")
        found.append((item.text("fund") or "", share))
    if found and sum(share for _, share in found) != 1:
        fields.wrong("funding", "各资金比例之和应为100%", "the shares add up to 100%", code="P005")
    return tuple(found)


def acceptances(fields: Fields) -> tuple[Acceptance, ...]:
    """Findings of the analysis that the author accepts, each with a reason."""
    found = []
    for item in fields.list_of("accept"):
        item.allow("code", "reason", "clause")
        code, reason = item.text("code") or "", item.text("reason") or ""
        found.append(Acceptance(code, reason, item.text("clause", default=None), item.node.at))
    return tuple(found)
