"""What an explanation says about where its numbers come from: no number passes for more than it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from policy_world import FACTS, WAN, evaluate, firm, load, policy_text

from subsidy_match.rules.explanation import explain, explain_text

RATES = """title: {zh: 参数, en: Parameters}
tables:
  rate:
    zh: 比例
    en: Share
    picked_by: as_of
    rows:
      - {from: 2026-01-01, to: 2026-05-31, value: 5%, document: 示例〔2026〕2号, provenance: sourced}
      - {from: 2026-06-01, to: 2026-12-31, value: 6%, document: 推定, provenance: representative}
"""
BASIS = (
    '{art1: {document: 示例〔2026〕1号, article: 第一条, gist: "条件"}, '
    'art2: {document: 自拟, article: 第二条, gist: "推定", provenance: representative}}'
)
POLICY = policy_text(
    provenance="sourced",
    basis=BASIS,
    eligible_if="{all: [{id: rich, basis: art1, value: revenue, at_least: 1万元}, {id: staffed, basis: art2, value: staff, at_least: 1人}]}",
    amount="{multiply: [revenue, {param: rates.rate}], rounding: {to: 1元, mode: down}}",
)
FIRM = firm(revenue_2025=100 * WAN, staff_2025=5)


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (date(2026, 5, 31), "示例〔2026〕2号(据转载文本)", "示例〔2026〕2号 (from a reprint)"),
        (date(2026, 6, 1), "推定(代表性写法,非真实文件)", "推定 (representative, not a real document)"),
    ],
)
def test_a_parameter_names_the_document_of_its_day_and_what_it_is_worth(tmp_path: Path, day: date, zh: str, en: str):
    policies = load(tmp_path, {"facts.yml": FACTS, "parameters/rates.yml": RATES, "grant@2026-01-01.yml": POLICY})
    (match,) = evaluate(policies, FIRM, day)
    for lang, said in (("zh", zh), ("en", en)):
        sources = [entry["source"] for entry in explain(match, policies, lang)["amount_from"]]
        assert said in sources
        assert sum("推定" in str(source) or "2号" in str(source) for source in sources) == 1


def test_a_representative_clause_of_a_sourced_policy_says_so_in_the_text(tmp_path: Path):
    policies = load(tmp_path, {"facts.yml": FACTS, "parameters/rates.yml": RATES, "grant@2026-01-01.yml": POLICY})
    (match,) = evaluate(policies, FIRM)
    zh, en = (explain_text(match, policies, lang) for lang in ("zh", "en"))
    assert "〈示例〔2026〕1号第一条〉" in zh
    assert "〈自拟第二条·代表性〉" in zh
    assert "〈自拟第二条, representative〉" in en
    assert "据转载文本" in zh


def test_a_field_is_called_as_its_own_list_calls_it(tmp_path: Path):
    facts = FACTS.replace("done_on: {zh: 竣工日, en: Done on", "issued_on: {zh: 开工日, en: Begun on")
    clause = "{basis: art1, some: {in: projects, where: {value: issued_on, on_or_after: 2026-01-01}}}"
    policy = policy_text(eligible_if=f"{{all: [{clause}]}}")
    policies = load(tmp_path, {"facts.yml": facts, "grant@2026-01-01.yml": policy})
    (match,) = evaluate(policies, firm({"projects": [{"no": "P1", "issued_on": date(2026, 2, 1)}]}))
    assert "开工日" in explain_text(match, policies, "zh")
    assert "Begun on" in explain_text(match, policies, "en")
