"""Policy tests as data: given facts, expected verdict, amount, missing facts and reasons (``<id>.cases.yml``).

A fact that is not given is unknown; a list that is given is complete; ``unknown`` takes a shared value back, and
``incomplete`` says that a list has not been loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from subsidy_match.errors import AuthorError, Location
from subsidy_match.money import yuan_text
from subsidy_match.rules.catalogue import BaseFact, Catalogue, CollectionSpec, FieldSpec
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Scalar
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.fields import Fields, Findings, Skip, did_you_mean
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.source import Mapped, Node, Sequence, read_yaml
from subsidy_match.rules.source import Scalar as Text
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Type
from subsidy_match.rules.truth import Verdict
from subsidy_match.units import MONEY, LiteralError, parse_date, parse_quantity

__all__ = ["Case", "CaseResult", "load_cases", "read_facts", "run_case"]

_USCC = "91320800MA00000000"
_VERDICTS = tuple(verdict.value for verdict in Verdict)
_OFFSET = re.compile(r"-?[0-9]{1,2}")
_NO_MONEY = ("none", "unbounded")
_EXPECT = ("verdict", "amount", "missing", "met", "not_met", "open", "subjects")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: an enterprise as given, a day, and what is expected."""

    policy: Policy
    name: str
    as_of: date
    enterprise: Enterprise
    expect: Fields
    at: Location


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case came to; ``problems`` is empty where it came out as expected."""

    case: Case
    matches: tuple[Match, ...]
    problems: tuple[tuple[str, str], ...] = field(default=())  # (zh, en)


def load_cases(policies: PolicySet, folder: Path) -> list[Case]:
    """Read every case file below a folder.

    Raises:
        AuthorError: with all findings: unknown policies, facts, codes or reason ids, wrong units.
    """
    findings = Findings()
    cases: list[Case] = []
    for path in sorted(folder.rglob("*.cases.yml")):
        try:
            node = read_yaml(path, name=str(path.relative_to(folder.parent)))
        except AuthorError as error:
            findings.append(error.as_finding())
            continue
        cases.extend(_file(Fields.of(node, findings), policies))
    findings.raise_if_any("cases_invalid", "用例文件有误", "the case files have errors")
    return cases


def run_case(policies: PolicySet, case: Case) -> CaseResult:
    """Evaluate one case and compare."""
    matches = tuple(Evaluator(policies, case.enterprise, case.as_of).match(case.policy))
    subjects = case.expect.fields("subjects")
    problems = list(_compare(case.expect, matches[0])) if subjects is None else list(_subjects(subjects, matches))
    return CaseResult(case, matches, tuple(problems))


def read_facts(
    given: Mapping[str, Node], catalogue: Catalogue, year: int, findings: Findings, *, name: str
) -> Enterprise:
    """Read facts written as in a case file; yearly facts are of ``year`` (``revenue@-1`` of the year before)."""
    values: dict[str, Known] = {}
    collections: dict[str, Collection] = {}
    for key, node in given.items():
        try:
            if key in catalogue.collections:
                collections[key] = _collection(catalogue, catalogue.collections[key], node, findings)
            elif not (isinstance(node, Text) and node.text == "unknown"):
                full, fact = _fact_key(catalogue, key, node, year, findings)
                values[full] = Known(_scalar(catalogue, node, fact, findings))
        except Skip:
            continue
    return Enterprise(_USCC, name, values, collections)


def _file(top: Fields, policies: PolicySet) -> Iterator[Case]:
    top.allow("policy", "given", "cases", "note")
    policy_id = top.text("policy") or ""
    shared = top.fields("given")
    listed = top.entries.get("cases")
    if not any(policy.id == policy_id for policy in policies.policies):
        hint = did_you_mean(policy_id, sorted({policy.id for policy in policies.policies}))
        top.wrong("policy", f"没有这项政策:{policy_id}", f"no such policy: {policy_id!r}", code="P007", hint=hint)
        return
    if not isinstance(listed, Sequence):
        top.wrong("cases", "“cases”应为用例列表", "'cases' should be a list of cases")
    for node in listed.items if isinstance(listed, Sequence) else ():
        try:
            yield _case(Fields.of(node, top.findings), policy_id, dict(shared.entries) if shared else {}, policies)
        except Skip:
            continue


def _case(item: Fields, policy_id: str, shared: dict[str, Node], policies: PolicySet) -> Case:
    item.allow("name", "as_of", "given", "expect")
    as_of = _as_of(item)
    policy = policies.find(policy_id, as_of)
    if policy is None:
        known = sorted({p.id for p in policies.policies})
        item.findings.stop(
            "P007", f"{as_of}没有有效的政策:{policy_id}", f"no policy {policy_id!r} in force on {as_of}", item.node.at,
            did_you_mean(policy_id, known),
        )  # fmt: skip
    given = item.fields("given")
    facts = {**shared, **(given.entries if given else {})}
    year = policy.period(as_of).year_of_facts
    name = item.text("name") or ""
    enterprise = read_facts(facts, policies.catalogue, year, item.findings, name=name)
    expect = item.fields("expect")
    if expect is None:
        item.findings.stop("P002", "缺少“expect”", "missing 'expect'", item.node.at)
    _check(expect)
    return Case(policy, name, as_of, enterprise, expect, item.node.at)


def _as_of(item: Fields) -> date:
    try:
        return parse_date(item.text("as_of") or "")
    except LiteralError as error:
        item.findings.stop("P006", error.zh, error.en, item.node.at, error.hint)


def _check(expect: Fields, *, inner: bool = False) -> None:
    """Find everything wrong with an expectation before anything is run, so that none passes for want of meaning."""
    if "subjects" in expect and not inner:
        expect.allow("subjects")  # each subject has its own verdict and amount
        for _, one in expect.each("subjects"):
            _check(one, inner=True)
        return
    expect.allow(*(key for key in _EXPECT if key != "subjects"))
    expect.choice("verdict", _VERDICTS)
    for key in ("missing", "met", "not_met", "open"):
        expect.texts(key, required=False)
    node = expect.entries.get("amount")
    if isinstance(node, Mapped):
        Fields.of(node, expect.findings).allow("min", "max")
        for end in node.entries.values():
            _check_money(end, expect.findings)
    elif node is not None:
        _check_money(node, expect.findings)


def _check_money(node: Node, findings: Findings) -> None:
    text = node.text if isinstance(node, Text) else ""
    if text in _NO_MONEY:
        return
    try:
        quantity = parse_quantity(text)
    except LiteralError as error:
        findings.add("P006", error.zh, error.en, node.at, error.hint)
        return
    if quantity.unit != MONEY or not isinstance(quantity.value, int):
        zh, en = "金额应为元,精确到分", "an amount is money in whole 分"
        findings.add("P006", zh, en, node.at, "8万元, 1234.56元, none, unbounded")


# --- facts ---


def _fact_key(catalogue: Catalogue, key: str, node: Node, year: int, findings: Findings) -> tuple[str, BaseFact]:
    name, _, offset = key.partition("@")
    fact = catalogue.facts.get(name)
    if fact is None or (offset and not (fact.yearly and _OFFSET.fullmatch(offset))):
        hint = did_you_mean(name, [*catalogue.facts, *catalogue.collections])
        findings.stop("P007", f"没有这个指标:{key}", f"unknown fact {key!r}", node.at, hint)
    return (f"{name}_{year + int(offset or 0)}" if fact.yearly else name), fact


def _collection(catalogue: Catalogue, spec: CollectionSpec, node: Node, findings: Findings) -> Collection:
    if isinstance(node, Text) and node.text in ("unknown", "incomplete"):
        return Collection()
    if not isinstance(node, Sequence):
        findings.stop("P005", "清单应为列表", "a collection is a list of rows", node.at)
    rows = tuple(_row(catalogue, spec, Fields.of(row, findings)) for row in node.items)
    return Collection(rows, dict.fromkeys(spec.complete_from, date.max))


def _row(catalogue: Catalogue, spec: CollectionSpec, row: Fields) -> dict[str, Scalar | None]:
    row.allow(*spec.fields)
    return {
        name: _scalar(catalogue, row.entries[name], entry, row.findings) if name in row else None
        for name, entry in spec.fields.items()
    }


def _scalar(catalogue: Catalogue, node: Node, spec: BaseFact | FieldSpec, findings: Findings) -> Scalar:
    type_ = spec.type
    if type_.kind is Kind.CODES and isinstance(node, Sequence):
        return tuple(_word(catalogue, item, type_, findings) for item in node.items)
    if not isinstance(node, Text):
        findings.stop("P005", "此处应为一个值", "one value is expected", node.at)
    try:
        match type_.kind:
            case Kind.NUMBER:
                return _number(node, type_, spec.span, findings)
            case Kind.DATE:
                return parse_date(node.text)
            case Kind.BOOL if node.text in ("true", "false"):
                return node.text == "true"
            case Kind.CODE | Kind.TEXT:
                return _word(catalogue, node, type_, findings)
            case _:
                findings.stop("P005", f"应为{type_}", f"{type_} is expected", node.at)
    except LiteralError as error:
        findings.stop("P006", error.zh, error.en, node.at, error.hint)


def _number(node: Text, type_: Type, span: Span, findings: Findings) -> int:
    quantity = parse_quantity(node.text)
    if quantity.unit != type_.unit:
        findings.stop("P006", f"单位应为{type_.unit}", f"the unit should be {type_.unit}, not {quantity.unit}", node.at)
    stored = quantity.value * type_.scale
    if stored != int(stored):
        findings.stop("P006", "数值过细", "finer than what is stored", node.at)
    if not span.contains(quantity.value):
        findings.stop("P006", "超出指标的范围", "outside the range of the fact", node.at)
    return int(stored)


def _word(catalogue: Catalogue, node: Node, type_: Type, findings: Findings) -> str:
    text = node.text if isinstance(node, Text) else ""
    known = catalogue.enums.get(type_.codes or "")
    if known is not None and text not in known:
        findings.stop("P007", f"没有这个代码:{text}", f"no such code: {text!r}", node.at, did_you_mean(text, known))
    return text


# --- expectations ---


def _subjects(subjects: Fields, matches: tuple[Match, ...]) -> Iterator[tuple[str, str]]:
    found = {match.subject or "none": match for match in matches}
    if set(found) != set(subjects.entries):
        yield (
            f"标的应为{sorted(subjects.entries)},实为{sorted(found)}",
            f"subjects {sorted(subjects.entries)} expected, got {sorted(found)}",
        )
    for key, expect in subjects.each_of_all():
        expect.allow(*_EXPECT)
        if key in found:
            yield from ((f"{key}: {zh}", f"{key}: {en}") for zh, en in _compare(expect, found[key]))


def _compare(expect: Fields, match: Match) -> Iterator[tuple[str, str]]:
    wanted = expect.choice("verdict", _VERDICTS)
    if match.verdict.value != wanted:
        yield f"结论应为 {wanted},实为 {match.verdict.value}", f"verdict {wanted} expected, got {match.verdict.value}"
    if "amount" in expect and (problem := _amount(expect.entries["amount"], match)):
        yield f"金额不符:{problem}", f"amount differs: {problem}"
    if "missing" in expect and set(expect.texts("missing")) != set(match.missing):
        yield (
            f"缺少的指标应为{expect.texts('missing')},实为{list(match.missing)}",
            f"missing {list(match.missing)} instead of {expect.texts('missing')}",
        )
    yield from _reasons(expect, match)


def _reasons(expect: Fields, match: Match) -> Iterator[tuple[str, str]]:
    truths: dict[str, list[bool | None]] = {}
    for reason in match.reason.walk():
        if (name := getattr(getattr(reason.node, "mark", None), "id", None)) is not None:
            truths.setdefault(name, []).append(reason.truth.decided)
    for key, decided in (("met", True), ("not_met", False), ("open", None)):
        for name in expect.texts(key, required=False):
            if decided not in truths.get(name, []):
                got = truths.get(name)
                yield f"条件 {name} 应为 {key},实为 {got}", f"condition {name!r} should be {key}, got {got}"


def _amount(node: Node, match: Match) -> str | None:
    low = high = node
    if isinstance(node, Mapped):
        low, high = node.entries.get("min", node), node.entries.get("max", node)
    got = match.amount
    ends = [_fen(end) for end in (low, high)]
    if got is None:
        return None if ends == [None, None] else "no amount"
    wanted = [float("inf") if end is None else end for end in ends]
    if [got.lo, got.hi] == wanted:
        return None
    shown = [yuan_text(end) if not isinstance(end, float) else "∞" for end in (got.lo, got.hi)]
    return f"got {' – '.join(dict.fromkeys(shown))}"


def _fen(node: Node) -> int | None:
    text = node.text if isinstance(node, Text) else "none"
    return None if text in _NO_MONEY else int(parse_quantity(text).value)
