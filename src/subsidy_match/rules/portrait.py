"""A policy in words: what it asks, what it pays, and where each line comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any as Anything

from subsidy_match.money import yuan_text
from subsidy_match.rules.policy import Amount, Clause, Exclusive, Policy, PolicySet
from subsidy_match.rules.tree import All, AtLeastN, Clamped, Condition, Manual, Not, Stated
from subsidy_match.rules.tree import Any as AnyOf
from subsidy_match.rules.wording import Wording

__all__ = ["policy_portrait", "portrait_text"]


def policy_portrait(policy: Policy, policies: PolicySet, as_of: date) -> dict[str, Anything]:
    """Everything about one policy as plain data, in both languages."""
    both = {lang: _words(policy, policies, as_of, lang) for lang in ("zh", "en")}
    return {
        "id": policy.id,
        "version": policy.start.isoformat(),
        "in_force": {
            "from": policy.start.isoformat(),
            "to": None if policy.end == date.max else policy.end.isoformat(),
        },
        "title": {"zh": policy.title.zh, "en": policy.title.en},
        "provenance": policy.provenance,
        "level": policy.level,
        "region": policy.region,
        "authority": policy.authority,
        "channel": policy.channel.value,
        "window": {"opens": policy.window[0].isoformat(), "closes": policy.window[1].isoformat()}
        if policy.window
        else None,
        "is_open": policy.is_open(as_of),
        "conditions": {lang: list(_conditions(policy.condition, words)) for lang, words in both.items()},
        "items": {lang: list(_items(policy, words)) for lang, words in both.items()},
        "amount": {lang: _amount(policy.amount, words) for lang, words in both.items()},
        "basis": {name: _clause(clause) for name, clause in policy.clauses.items()},
        "materials": [
            {"zh": m.label.zh, "en": m.label.en, "from": m.brought_by, "required": m.required} for m in policy.materials
        ],
        "exclusive": {lang: [_exclusive(e, lang) for e in policy.exclusive] for lang in both},
        "chain": list(policy.chain),
        "sla": {"total": policy.sla_days, "notice": policy.notice_days, "notice_counts": policy.notice_counts},
        "funding": [{"fund": fund, "share": f"{float(share):.0%}"} for fund, share in policy.funding],
        "pays_for": policy.pays_for,
        "hash": policy.hash,
    }


def portrait_text(policy: Policy, policies: PolicySet, as_of: date, lang: str = "zh") -> str:
    """The same as a text for people."""
    whole = policy_portrait(policy, policies, as_of)
    say = _words(policy, policies, as_of, lang).pick
    lines = [
        f"{policy.title.say(lang)}  {policy.key}",
        f"{policy.authority} · {policy.channel.value} · {policy.provenance}",
    ]
    lines += [
        say("申报条件", "Conditions"),
        *(f"  {'  ' * depth}· {text}" for depth, text in _indented(whole["conditions"][lang])),
    ]
    if whole["items"][lang]:
        lines += [
            say("申报标的", "Claimed for"),
            *(f"  {'  ' * d}· {text}" for d, text in _indented(whole["items"][lang])),
        ]
    if whole["amount"][lang]:
        lines += [say("支持标准", "Pays"), f"  {whole['amount'][lang]}"]
    lines += [
        say("政策依据", "Sources"),
        *(f"  {name}: {c['document']}{c['article']} {c['gist']}" for name, c in whole["basis"].items()),
    ]
    return "\n".join(lines)


def _indented(nodes: list[dict[str, Anything]], depth: int = 0) -> Iterator[tuple[int, str]]:
    for node in nodes:
        yield depth, node["text"]
        yield from _indented(node["children"], depth + 1)


def _words(policy: Policy, policies: PolicySet, as_of: date, lang: str) -> Wording:
    day = min(max(as_of, policy.start), policy.end)
    return Wording(policies, lang, policy.period(day))


def _conditions(node: Condition, words: Wording, *, top: bool = True) -> Iterator[dict[str, Anything]]:
    children = [child for inner in _inner(node) for child in _conditions(inner, words, top=False)]
    if top and isinstance(node, All):
        yield from children
        return
    text = _joined(node, words) if children else words.condition(node)
    by = node.by if isinstance(node, Manual) else None
    yield {"id": node.mark.id, "text": text, "by": by, "basis": list(node.mark.basis), "children": children}


def _inner(node: Condition) -> tuple[Condition, ...]:
    match node:
        case All(of=of) | AnyOf(of=of) | AtLeastN(of=of):
            return of
        case Not(of=of) | Stated(of=of):
            return (of,)
        case _:
            return ()


def _joined(node: Condition, words: Wording) -> str:
    match node:
        case AnyOf():
            return words.pick("满足任一:", "any of:")
        case AtLeastN(count=count):
            return words.pick(f"至少满足{count}项:", f"at least {count} of:")
        case Not():
            return words.pick("不得有:", "none of:")
        case All():
            return words.pick("同时满足:", "all of:")
        case _:
            return words.condition(node)


def _items(policy: Policy, words: Wording) -> Iterator[dict[str, Anything]]:
    each = policy.for_each
    if each is None:
        return
    kind = words.pick("合并申报", "one claim for all") if each.together else words.pick("逐项申报", "one claim each")
    children = list(_conditions(each.item_if, words)) if each.item_if is not None else []
    yield {
        "id": "items",
        "text": f"{words.collection(each.collection)}({kind})",
        "by": None,
        "basis": [],
        "children": children,
    }


def _amount(amount: Amount | None, words: Wording) -> str:
    if amount is None:
        return ""
    value = amount.each if amount.each is not None else amount.total
    if value is None:
        return ""
    text = words.value(value)
    if isinstance(value, Clamped) and value.cap is not None:
        text += words.pick(",最高", ", at most ") + words.value(value.cap)
    each = words.pick("每项 ", "for each: ") if amount.each is not None else ""
    cap = words.pick(";合计最高", "; altogether at most ") + words.value(amount.cap) if amount.cap is not None else ""
    return f"{each}{text}{cap}"


def _exclusive(rule: Exclusive, lang: str) -> str:
    if rule.cap is not None:
        return f"{rule.group}: ≤ {yuan_text(rule.cap, lang=lang)}"
    return f"{rule.group}: ≤ {rule.at_most} / {rule.per}"


def _clause(clause: Clause) -> dict[str, str]:
    return {
        "document": clause.document,
        "article": clause.article,
        "gist": clause.gist,
        "quote": clause.quote,
        "provenance": clause.provenance,
    }
