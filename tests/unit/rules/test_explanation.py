"""What an explanation says about where its numbers come from: no number passes for more than it is."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from policy_world import FACTS, WAN, complete, evaluate, firm, load, policy_text

from subsidy_match.errors import AuthorError
from subsidy_match.rules.enterprise import Enterprise, Known, Source
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


FRESH = date(2025, 12, 12)  # 200 days before the day of evaluation


@pytest.mark.parametrize(("day", "stale"), [(FRESH, False), (FRESH - timedelta(days=1), True)])
def test_data_that_are_too_old_are_missing_with_their_day_and_their_department(tmp_path: Path, day: date, stale: bool):
    condition = "{all: [{value: patents, at_least: 1件}, {none: {in: projects, where: {value: good, is: false}}}]}"
    policies = load(tmp_path, eligible_if=condition)
    old = Enterprise("u", "n", {"patents": Known(3, Source("science", day))}, {"projects": complete(day=day)})
    (match,) = evaluate(policies, old)
    assert match.missing == (("patents", "projects") if stale else ())
    said = {fact["fact"]: fact["stale"] for fact in explain(match, policies)["missing_facts"]}
    owed = {"patents": "科技局", "projects": "科技局、财政局"}
    assert said == ({key: f"2025-12-11的数据已超过200天,请{who}更新" for key, who in owed.items()} if stale else {})
    text = explain_text(match, policies, "en")
    assert ("Patents(data of 2025-12-11 is older than 200 days, ask Science Bureau)" in text) is stale


def test_what_was_never_given_is_missing_without_a_day(tmp_path: Path):
    (match,) = evaluate(policies := load(tmp_path, eligible_if="{all: [{value: patents, at_least: 1件}]}"), firm())
    assert [fact["stale"] for fact in explain(match, policies)["missing_facts"]] == [""]


def test_a_value_of_a_fiscal_year_never_grows_stale(tmp_path: Path):
    old = Enterprise("u", "n", {"revenue_2025": Known(600 * WAN, Source("tax", date(2020, 1, 1)))})
    assert evaluate(load(tmp_path), old)[0].missing == ()
    aged = FACTS.replace("per: year, sources: [tax]", "per: year, stale_after: 400天, sources: [tax]", 1)
    with pytest.raises(AuthorError) as caught:
        load(tmp_path / "aged", {"facts.yml": aged, "grant@2026-01-01.yml": policy_text()})
    assert "年度指标不会过期" in str([finding.zh for finding in caught.value.findings])
