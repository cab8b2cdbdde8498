"""Explanations: the tree of reasons as plain data and as text, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any as Anything

from subsidy_match.money import yuan_text
from subsidy_match.rules.enterprise import Source
from subsidy_match.rules.policy import Clause, PolicySet
from subsidy_match.rules.reasons import Item, ItemsClause, Match, Read, Reason, Term
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import (
    All,
    AtLeastN,
    Between,
    Compare,
    Day,
    Includes,
    Is,
    Literal,
    Manual,
    Not,
    OneOfCodes,
    Param,
    Quantified,
    Stated,
    Status,
    Within,
    WithinLast,
)
from subsidy_match.rules.tree import Any as AnyOf
from subsidy_match.rules.truth import Truth, Verdict
from subsidy_match.rules.wording import Wording

__all__ = ["VERDICT_WORDS", "amount_text", "explain", "explain_text", "fact_words", "missing_words", "summary"]

VERDICT_WORDS = {
    Verdict.ELIGIBLE: ("符合", "eligible"),
    Verdict.TO_CONFIRM: ("待核实", "to confirm"),
    Verdict.UNKNOWN: ("待补数据", "data missing"),
    Verdict.INELIGIBLE: ("不符合", "not eligible"),
}
_STATES = {"met": ("✓", "满足", "met"), "not_met": ("✗", "不满足", "not met"), "open": ("?", "待补数据", "unknown"),
           "to_confirm": ("○", "待核实", "to confirm")}  # fmt: skip
_PROVENANCE = {"official": ("官方文本", "official"), "sourced": ("据转载文本", "from a reprint"),
               "representative": ("代表性写法,非真实文件", "representative, not a real document")}  # fmt: skip
# Kinds of conditions; as tuples, for a union in an isinstance() is made anew each time that it is asked.
_WITHOUT_VALUE = (All, AnyOf, AtLeastN, Not, Stated, Manual)
_OF_ROWS = (Quantified, Status, ItemsClause)
_OF_VALUES = (Compare, Between, WithinLast, Is, OneOfCodes, Within, Includes)


def summary(match: Match) -> dict[str, Anything]:
    """Verdict and amount as plain data; money in 分, an amount without upper bound has ``max`` null."""
    return {
        "uscc": match.uscc,
        "policy_id": match.policy.id,
        "policy_version": match.policy.start.isoformat(),
        "policy_hash": match.policy.hash,
        "title": {"zh": match.policy.title.zh, "en": match.policy.title.en},
        "provenance": match.policy.provenance,
        "channel": match.policy.channel.value,
        "period": match.period.id,
        "subject": match.subject,
        "as_of": match.as_of.isoformat(),
        "verdict": match.verdict.value,
        "amount": _amount(match.amount),
        "missing": list(match.missing),
        "automatic": match.is_automatic,
    }


def explain(
    match: Match, policies: PolicySet, lang: str = "zh", said: dict[int, Wording] | None = None
) -> dict[str, Anything]:
    """Everything about one match as plain data, with words in one language.

    Args:
        match: what the reference evaluator found.
        policies: the library.
        lang: the language.
        said: the wordings of this library and language by year, kept by whoever explains again and again.
    """
    year = match.period.year_of_facts
    words = said.get(year) if said is not None else None
    if words is None:
        words = Wording(policies, lang, match.period)
        words = words if said is None else said.setdefault(year, words)
    return {
        **summary(match),
        "verdict_text": words.pick(*VERDICT_WORDS[match.verdict]),
        "amount_text": amount_text(match.amount, lang),
        "missing_facts": missing_words(match, policies, lang),
        "items": [_item(item, lang) for item in match.items],
        "amount_from": [_entry(entry, words, match) for entry in _once(match.amount_log)],
        "reasons": _reason(match.reason, match, words),
    }


def explain_text(match: Match, policies: PolicySet, lang: str = "zh") -> str:
    """The explanation as an indented text for people."""
    whole = explain(match, policies, lang)
    name = match.policy.title.say(lang)
    subject = f" · {match.subject}" if match.subject else ""
    lines = [
        f"{name}{subject} — {whole['verdict_text']}" + (f",{whole['amount_text']}" if whole["amount_text"] else "")
    ]
    weaker = {"representative": "·代表性" if lang == "zh" else ", representative"}
    lines += _lines(whole["reasons"], 1, {} if match.policy.provenance == "representative" else weaker, top=True)
    if whole["missing_facts"]:
        owed = ", ".join(f"{fact['label']}({fact['stale'] or fact['owed_by']})" for fact in whole["missing_facts"])
        lines.append(("  待补: " if lang == "zh" else "  to supply: ") + owed)
    mark = _PROVENANCE[match.policy.provenance][0 if lang == "zh" else 1]
    lines.append(("  依据性质: " if lang == "zh" else "  basis: ") + mark)
    return "\n".join(lines)


def amount_text(amount: Span | None, lang: str = "zh") -> str:
    """An amount for people: one number, from–to, or at least."""
    if amount is None:
        return ""
    lo, hi = amount.lo, amount.hi
    low = "0" if isinstance(lo, float) else yuan_text(lo, lang=lang)
    if lo == hi:
        return low
    if isinstance(hi, float):
        return f"{low}起" if lang == "zh" else f"from {low}"
    return f"{low}–{yuan_text(hi, lang=lang)}"


def missing_words(match: Match, policies: PolicySet, lang: str) -> list[dict[str, str]]:
    """The missing facts with their words, the department that owes each, and the day of data that are too old."""
    return [fact_words(key, policies, lang, match.stale.get(key)) for key in match.missing]


def fact_words(key: str, policies: PolicySet, lang: str, stale: date | None = None) -> dict[str, str]:
    """A fact (``revenue_2025``), list or field (``projects.kind``) in words, with the department that owes it.

    Args:
        key: the fact, list or field.
        policies: the library, for its catalogue.
        lang: the language.
        stale: the day of the data at hand, where they are too old to count.
    """
    catalogue = policies.catalogue
    plain, _, told_by = key.partition("@")
    name, _, year = plain.rpartition("_") if plain.rpartition("_")[2].isdecimal() else (plain, "", "")
    collection, _, inner = name.partition(".")
    if name in catalogue.facts:
        fact = catalogue.facts[name]
        label, owed = fact.label.say(lang), (told_by,) if told_by else fact.sources[:1]
        label = (f"{year}年{label}" if lang == "zh" else f"{label} ({year})") if year else label
    elif collection in catalogue.collections:
        spec = catalogue.collections[collection]
        label, owed = spec.label.say(lang), spec.complete_from
        label = f"{label}·{spec.fields[inner].label.say(lang)}" if inner in spec.fields else label
    else:
        table = policies.parameters.get(key)
        label, owed = (table.label.say(lang) if table else key), ()
    departments = "、".join(catalogue.departments[d].say(lang) for d in owed) or "—"
    return {
        "fact": key,
        "label": label,
        "owed_by": departments,
        "stale": _stale(key, stale, departments, policies, lang),
    }


def _stale(key: str, day: date | None, owed_by: str, policies: PolicySet, lang: str) -> str:
    """That data are too old, in words; nothing where they are not."""
    catalogue = policies.catalogue
    spec = catalogue.facts.get(key.partition("@")[0]) or catalogue.collections.get(key)
    if day is None or spec is None or spec.stale_after is None:
        return ""
    age = spec.stale_after.say(lang)
    if lang == "zh":
        return f"{day}的数据已超过{age},请{owed_by}更新"
    return f"data of {day} is older than {age}, ask {owed_by}"


def _amount(amount: Span | None) -> dict[str, int | None] | None:
    if amount is None:
        return None
    low, high = (None if isinstance(end, float) else int(end) for end in (amount.lo, amount.hi))
    return {"min": low, "max": high}


def _item(item: Item, lang: str) -> dict[str, Anything]:
    return {
        "key": item.key,
        "state": _state(item.reason),
        "amount": _amount(item.amount),
        "amount_text": amount_text(item.amount, lang),
    }


def _reason(reason: Reason, match: Match, words: Wording) -> dict[str, Anything]:
    node = reason.node
    state = _state(reason)
    return {
        "id": None if isinstance(node, ItemsClause) else node.mark.id,
        "key": reason.key,
        "kind": type(node).__name__.lower(),
        "state": state,
        "state_text": words.pick(*_STATES[state][1:]),
        "text": words.condition(node),
        "seen": _seen(reason, words),
        "required": _required(reason, words),
        "gap": words.gap(reason),
        "by": node.by if isinstance(node, Manual) else None,
        "clauses": [] if isinstance(node, ItemsClause) else [_clause(name, match) for name in node.mark.basis],
        "from": [_entry(entry, words, match) for entry in _once(reason.log)],
        "children": [_reason(child, match, words) for child in reason.children],
    }


def _seen(reason: Reason, words: Wording) -> str | None:
    node = reason.node
    if isinstance(node, _WITHOUT_VALUE):
        return None
    if isinstance(node, _OF_ROWS):
        if reason.open_rows:
            return words.pick("清单未齐,不能断定", "the list is not complete")
        if not reason.children:
            return words.pick("无记录", "no record")
        met = sum(child.truth.sure for child in reason.children)
        return words.pick(f"{len(reason.children)}条,满足{met}条", f"{len(reason.children)} rows, {met} fit")
    if _asks_of_a_day(node):
        return words.outcome(reason.wanted[0], node.value.type)
    return words.outcome(reason.seen, node.value.type)


def _required(reason: Reason, words: Wording) -> str | None:
    """What a comparison asked for, with every parameter filled in."""
    node = reason.node
    if not isinstance(node, _OF_VALUES) or not reason.wanted:
        return None
    if _asks_of_a_day(node):
        return words.outcome(reason.seen, node.value.type)
    return words.pick("至", " to ").join(words.outcome(wanted, node.value.type) for wanted in reason.wanted)


def _asks_of_a_day(node: object) -> bool:
    """Whether the firm's own date stands on the right: "a year ago is on or after the day of founding"."""
    return isinstance(node, Compare) and isinstance(node.value, Day) and not isinstance(node.against, Day | Literal)


def _entry(entry: Read | Term, words: Wording, match: Match) -> dict[str, Anything]:
    node = entry.node
    base = {"label": words.value(node), "value": words.outcome(entry.value, node.type)}
    if isinstance(entry, Term):
        return {"name": entry.node.name, **base, "known": True, "source": None}
    known = entry.known
    source = _parameter_source(node, words, match) if isinstance(node, Param) else _source(entry.source, words)
    return {"name": entry.key, **base, "known": known, "source": source}


def _parameter_source(node: Param, words: Wording, match: Match) -> str | None:
    """The document of the row that was in force, and whether it was read or is only representative."""
    row = words.policies.parameters[node.name].row(match.policy.day(node.on, match.as_of))
    if row is None or not row.document:
        return None
    mark = words.pick(*_PROVENANCE[row.provenance])
    return words.pick(f"{row.document}({mark})", f"{row.document} ({mark})")


def _source(source: Source | None, words: Wording) -> str | None:
    if source is None:
        return None
    department = words.policies.catalogue.departments.get(source.department)
    who = department.say(words.lang) if department else source.department
    when = f" {source.as_of.isoformat()}" if source.as_of else ""
    return f"{who}{when}" + (f" {source.batch}" if source.batch else "")


def _clause(name: str, match: Match) -> dict[str, str]:
    clause = match.policy.clauses.get(name) or Clause(document=name)
    return {
        "id": name,
        "document": clause.document,
        "article": clause.article,
        "gist": clause.gist,
        "quote": clause.quote,
        "provenance": clause.provenance or match.policy.provenance,
    }


def _state(reason: Reason) -> str:
    truth: Truth = reason.truth
    if truth.decided is not None:
        return "met" if truth.decided else "not_met"
    return "to_confirm" if truth.confirms else "open"


def _once(log: tuple[Read | Term, ...]) -> Iterator[Read | Term]:
    """Each fact, each field value and each named value once, in the order in which they were looked at."""
    seen: set[tuple[str, str]] = set()
    for entry in log:
        name = entry.key if isinstance(entry, Read) else f"={entry.node.name}"
        if (key := (name, repr(entry.value))) not in seen:
            seen.add(key)
            yield entry


def _heading(reason: dict[str, Anything]) -> str:
    """One line for a reason; a join whose parts follow is named, not spelt out, and a row is named by its key."""
    if reason["kind"] not in ("all", "any") or not reason["children"]:
        return str(reason["text"])
    return "" if reason["key"] else str(reason["id"] or reason["text"])


def _lines(reason: dict[str, Anything], depth: int, marks: Mapping[str, str], *, top: bool = False) -> Iterator[str]:
    if not top:
        pad = "  " * depth
        sign = _STATES[reason["state"]][0]
        seen = f"  [{reason['seen']}]" if reason["seen"] else ""
        gap = f"  {reason['gap']}" if reason["gap"] else ""
        named = reason["clauses"][:1] if depth <= 2 else []
        clauses = "".join(f" 〈{c['document']}{c['article']}{marks.get(c['provenance'], '')}〉" for c in named)
        key = f"{reason['key']} " if reason["key"] else ""
        text = _heading(reason)
        yield f"{pad}{sign} {key}{text}{seen}{gap}{clauses}"
        for entry in reason["from"]:
            if entry["source"] and entry["known"]:
                yield f"{pad}    {entry['label']} = {entry['value']} ({entry['source']})"
    for child in reason["children"]:
        yield from _lines(child, depth if top else depth + 1, marks)
