"""Small policy folders on disk: a catalogue with one fact of every type, and policies written as strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pytest

from subsidy_match.errors import AuthorError, Finding
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Quality, Row, Scalar, Source
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match

AS_OF = date(2026, 6, 30)
LOADED = date(2026, 5, 31)
USCC = "91320800MA00000000"
WAN = 10_000 * 100  # 分

FACTS = """
departments: {tax: {zh: 税务局, en: Tax Bureau}, science: {zh: 科技局, en: Science Bureau}, finance: {zh: 财政局, en: Finance Bureau}}
enums:
  size: {large: {zh: 大型, en: large}, small: {zh: 小型, en: small}}
  honor: {high_tech: {zh: 高新技术企业, en: high-tech enterprise}, tech_sme: {zh: 科技型中小企业, en: tech SME}}
  insurance: {pension: {zh: 养老, en: pension}, injury: {zh: 工伤, en: injury}}
facts:
  revenue: {zh: 营业收入, en: Revenue, type: money, unit: 元, range: [0元, 10万亿元], per: year, sources: [tax], sensitivity: commercial}
  rd: {zh: 研发费用, en: R&D expense, type: money, unit: 元, range: [0元, 10万亿元], per: year, sources: [tax], sensitivity: commercial}
  profit: {zh: 净利润, en: Net profit, type: money, unit: 元, range: [-10万亿元, 10万亿元], per: year, sources: [tax], sensitivity: commercial}
  staff: {zh: 从业人数, en: Staff, type: count, unit: 人, range: [0人, 1000万人], per: year, sources: [tax], sensitivity: commercial}
  share: {zh: 占比, en: Share, type: ratio, range: [0%, 100%], per: as_of, sources: [tax], sensitivity: commercial}
  patents: {zh: 专利数, en: Patents, type: count, unit: 件, range: [0件, 100万件], per: as_of, sources: [science], sensitivity: public, stale_after: 200天}
  size: {zh: 企业划型, en: Size, type: enum, enum: size, per: as_of, sources: [tax], sensitivity: commercial}
  district_code: {zh: 所在区县, en: District, type: region, per: as_of, sources: [tax], sensitivity: public}
  industry: {zh: 行业, en: Industry, type: industry, per: as_of, sources: [tax], sensitivity: public}
  founded_on: {zh: 成立日期, en: Founded on, type: date, per: as_of, sources: [tax], sensitivity: public}
  green: {zh: 绿色, en: Green, type: bool, per: as_of, sources: [science], sensitivity: public}
  insured: {zh: 险种, en: Insured kinds, type: enums, enum: insurance, per: as_of, sources: [science], sensitivity: public}
collections:
  honors:
    zh: 资质
    en: Honours
    counter: 项
    key: [kind, issued_on]
    complete_when: {all_of: [science], stale_after: 400天}
    fields:
      kind: {zh: 类别, en: Kind, type: enum, enum: honor}
      issued_on: {zh: 认定日期, en: Issued on, type: date}
      valid_to: {zh: 有效期至, en: Valid to, type: date}
  projects:
    zh: 项目
    en: Projects
    counter: 个
    key: [no]
    complete_when: {all_of: [science, finance], stale_after: 200天}
    fields:
      no: {zh: 编号, en: Number, type: text}
      invested: {zh: 投资额, en: Invested, type: money, unit: 元}
      done_on: {zh: 竣工日, en: Done on, type: date}
      good: {zh: 合格, en: Good, type: bool}
  subsidy_history:
    zh: 历年奖补
    en: Subsidies received
    counter: 笔
    key: [record_no]
    complete_when: {all_of: [finance], stale_after: 200天}
    fields:
      record_no: {zh: 编号, en: Record, type: text}
      policy: {zh: 政策, en: Policy, type: text}
      amount: {zh: 金额, en: Amount, type: money, unit: 元}
statuses: {in: honors, kind: kind, from: issued_on, until: valid_to}
derived:
  big: {zh: 大户, en: Big, basis: 示例, condition: {value: revenue, at_least: 2000万元}}
  per_head: {zh: 人均收入, en: Revenue a head, basis: 示例, value: {ratio: [revenue, staff]}}
"""

# the history with what exclusivity counts: for which item, and when
PAID_FACTS = FACTS.replace(
    "amount: {zh: 金额, en: Amount, type: money, unit: 元}\nstatuses",
    "amount: {zh: 金额, en: Amount, type: money, unit: 元}\n"
    "      item_key: {zh: 标的, en: Item, type: text}\n"
    "      paid_on: {zh: 日期, en: Paid on, type: date}\nstatuses",
)

_PARTS = {
    "title": "{zh: 示例补助, en: Sample grant}",
    "provenance": "representative",
    "basis": '{art1: {document: 示例〔2026〕1号, article: 第一条, gist: "条件, 标准"}}',
    "level": "city",
    "authority": "示例局",
    "effective": "{from: 2026-01-01, to: 2026-12-31}",
    "window": "{opens: 2026-03-01, closes: 2026-08-31}",
    "channel": "fast",
    "claim": "{period: calendar_year, year_of_facts: period - 1}",
    "eligible_if": "{all: [{id: rich, basis: art1, value: revenue, at_least: 500万元}]}",
}


def policy_text(id_: str = "grant", **parts: str | None) -> str:
    """A policy; every part is one line of YAML, and None leaves a part of the default out."""
    whole = {"id": id_, **_PARTS, **parts}
    return "".join(f"{key}: {text}\n" for key, text in whole.items() if text is not None)


def case_text(policy: str = "grant", given: str = "{revenue: 500万元}", expect: str = "{verdict: eligible}") -> str:
    """A case file with one case."""
    return f"policy: {policy}\ncases:\n  - {{name: 例, as_of: 2026-06-30, given: {given}, expect: {expect}}}\n"


def write_policies(folder: Path, files: Mapping[str, str] | None = None, **one: str | None) -> Path:
    """A folder ``policies`` below ``folder``: the catalogue and the files given, else one policy ``grant``."""
    root = folder / "policies"
    content = {"facts.yml": FACTS, **(files if files is not None else {"grant@2026-01-01.yml": policy_text(**one)})}
    for name, text in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def load(folder: Path, files: Mapping[str, str] | None = None, **one: str | None) -> PolicySet:
    """Write and load."""
    return load_policies(write_policies(folder, files, **one))


def findings_of(folder: Path, files: Mapping[str, str] | None = None, **one: str | None) -> list[Finding]:
    """The findings of a folder that cannot be loaded."""
    with pytest.raises(AuthorError) as caught:
        load(folder, files, **one)
    return list(caught.value.findings) or [caught.value.as_finding()]


def firm(
    lists: Mapping[str, Iterable[Row] | Collection] | None = None,
    *,
    declared: Iterable[str] = (),
    **values: Scalar | None,
) -> Enterprise:
    """An enterprise: facts by key (``revenue_2025`` in 分), lists that are complete unless given as a Collection."""
    known = {
        key: Known(value, Source("tax", LOADED, quality=Quality.DECLARED if key in declared else Quality.DEPARTMENT))
        for key, value in values.items()
        if value is not None
    }
    collections = {
        name: rows if isinstance(rows, Collection) else complete(rows) for name, rows in (lists or {}).items()
    }
    return Enterprise(USCC, "示例企业", known, collections)


def complete(rows: Iterable[Row] = (), day: date = LOADED) -> Collection:
    """A list of which every source was loaded on ``day``."""
    return Collection(tuple(rows), dict.fromkeys(("science", "finance"), day))


def evaluate(policies: PolicySet, enterprise: Enterprise, as_of: date = AS_OF, policy: str = "grant") -> list[Match]:
    """All matches of one policy."""
    return Evaluator(policies, enterprise, as_of).match(policies.get(policy, as_of))


def decide(
    folder: Path, condition: str, enterprise: Enterprise | None = None, as_of: date = AS_OF, **parts: str | None
) -> Match:
    """The match of a policy that asks only for ``condition``."""
    policies = load(folder, eligible_if=f"{{all: [{condition}]}}", **parts)
    return evaluate(policies, enterprise or firm(), as_of)[0]


def pay(folder: Path, amount: str, enterprise: Enterprise | None = None, **parts: str | None) -> Match:
    """The match of a policy that anyone meets and that pays ``amount`` (the inside of a mapping)."""
    terms = f"{{{amount}, rounding: {{to: 0.01元, mode: half_up}}}}"
    return decide(folder, "{value: as_of, on_or_after: 2000-01-01}", enterprise, amount=terms, **parts)


def only(policies: PolicySet) -> Policy:
    """The only policy of a set."""
    (policy,) = policies.policies
    return policy
