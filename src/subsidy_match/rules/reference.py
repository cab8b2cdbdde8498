"""The reference of the rule language: every word with what it means and an example; ``docs/language.md`` is generated from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.tree import Kind

__all__ = ["COMPARISONS", "CONDITIONS", "KEYS", "MODIFIERS", "VALUES", "Entry", "reference_page"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: its Chinese and English meaning, and an example that the loader reads."""

    zh: str
    en: str
    example: str = ""


Words: TypeAlias = dict[str, Entry]

VALUES: Words = {
    "value": Entry("另一个值,可加封顶、保底", "another value, to give it a cap or a floor", "{value: rd_expense, cap: 200万元}"),
    "add": Entry("相加,单位须相同", "the sum; units must agree", "{add: [ip_invention, ip_ic_layout]}"),
    "subtract": Entry("第一个减去其余", "the first less the others", "{subtract: [revenue, revenue@-1]}"),
    "multiply": Entry("相乘,单位随之相乘", "the product; units multiply", "{multiply: [rd_expense, 8%]}"),
    "ratio": Entry("相除,不作舍入;分母不大于零时为未知", "exact quotient; unknown over nothing", "{ratio: [rd_expense, revenue]}"),
    "best_of": Entry("取最大", "the greatest", "{best_of: [ip_class_1, ip_class_2]}"),
    "least_of": Entry("取最小", "the least", "{least_of: [rd_expense, 200万元]}"),
    "later_of": Entry("取较晚的日期", "the later of dates", "{later_of: [founded_on, period_start]}"),
    "earlier_of": Entry("取较早的日期", "the earlier of dates", "{earlier_of: [founded_on, period_end]}"),
    "days": Entry("从第一个日期到第二个日期的天数", "days from the first date to the second", "{days: [founded_on, as_of]}"),
    "band": Entry(
        "按界限分档,界限含不含由词决定", "a step table; the word says whether an edge is included",
        "{band: {of: staff_end, at_least: {100人: 20万元, 30人: 10万元}, otherwise: 0元}}",
    ),
    "first_of": Entry(
        "取第一个成立的分支", "the first branch whose condition holds",
        "{first_of: [{when: {value: revenue, at_least: 1亿元}, then: 20万元}, {otherwise: 5万元}]}",
    ),
    "each_of": Entry(
        "所有成立的分支之和", "the sum of all branches whose condition holds",
        "{each_of: [{when: {holds: high_tech_enterprise}, then: 5万元}, {when: {holds: tech_sme}, then: 1万元}]}",
    ),
    "count": Entry("清单中符合条件的行数", "how many rows of a list", "{count: {in: hires, where: {value: months_insured, at_least: 3月}}}"),
    "sum": Entry("清单中某栏之和", "the sum of a field over rows", "{sum: {in: export_insurance, take: premium}}"),
    "latest": Entry("清单中最近的日期", "the latest date in a list", "{latest: {in: honors, take: issued_on}}"),
    "largest": Entry("清单中最大的数", "the largest number in a list", "{largest: {in: projects, take: total_invest}}"),
    "param": Entry("参数表在某日的数", "a dated table's number", "{param: {name: job_retention.rate, for: enterprise_size}}"),
    "grade": Entry(
        "按划型标准得出的规模", "size by a dated standard",
        "{grade: {by: size_standards.sme, numbers: {staff: staff_end, revenue: revenue, assets: total_assets}}}",
    ),
    "paid_under": Entry("本政策或互斥组已兑付的金额", "what was paid under this policy or a group", "{paid_under: self}"),
}  # fmt: skip
MODIFIERS: Words = {
    "from": Entry(
        "只以某部门的数据为准(须为该指标的来源部门)",
        "only this department's word counts; it must be one of the fact's sources",
        "{value: rd_expense, from: science}",
    ),
    "cap": Entry("封顶", "at most", "{multiply: [rd_expense, 8%], cap: 200万元}"),
    "floor": Entry("保底", "at least", "{subtract: [revenue, revenue@-1], floor: 0元}"),
    "rounded": Entry("取整", "rounded here", "{multiply: [rd_expense, 8%], rounded: {to: 100元, mode: down}}"),
}
COMPARISONS: Words = {
    "at_least": Entry("以上、不低于(含)", "at least; the number is included", "{value: revenue, at_least: 500万元}"),
    "more_than": Entry("超过、高于(不含)", "more than; not included", "{value: revenue, more_than: 500万元}"),
    "at_most": Entry("以下、不超过(含)", "at most; included", "{value: staff_end, at_most: 500人}"),
    "less_than": Entry("不满、低于(不含)", "less than; not included", "{value: staff_end, less_than: 500人}"),
    "between": Entry("从…至…(两端都含)", "from one to the other, both included", "{value: founded_on, between: [2020-01-01, as_of]}"),
    "is": Entry("等于某个代码、数或是非", "equal to a code, number or yes-or-no", "{value: reg_status, is: active}"),
    "is_not": Entry("不等于", "not equal to", "{value: ent_type, is_not: branch}"),
    "one_of": Entry("属于其中之一", "one of several codes", "{value: enterprise_size, one_of: [small, micro]}"),
    "within": Entry("在地区或行业范围内,except 除外", "inside regions or industries, except others", "{value: industry_code, within: C13-43, except: [\"16\"]}"),
    "includes": Entry("多值中包括全部", "a list of codes that holds all of these", "{some: {in: hires, where: {value: insured_kinds, includes: [pension]}}}"),
    "on_or_after": Entry("不早于", "on the day or later", "{value: founded_on, on_or_after: 2020-01-01}"),
    "before": Entry("早于(不含当日)", "earlier than the day", "{value: founded_on, before: period_start}"),
    "within_last": Entry("在起点之前多久以内,before 写起点", "in the time before an anchor, which `before` names", "{value: founded_on, within_last: 3年, before: as_of}"),
}  # fmt: skip
CONDITIONS: Words = {
    "all": Entry("全部成立", "every one", "{all: [{holds: high_tech_enterprise}, {value: revenue, at_least: 500万元}]}"),
    "any": Entry("任一成立", "at least one", "{any: [{holds: high_tech_enterprise}, {holds: tech_sme}]}"),
    "not": Entry("不成立;未知仍是未知", "the opposite; unknown stays unknown", "{not: {holds: high_tech_enterprise}}"),
    "at_least_n": Entry("至少几项成立", "at least so many", "{at_least_n: {n: 1, of: [{holds: high_tech_enterprise}, {holds: tech_sme}]}}"),
    "some": Entry("清单中有符合的行", "some row of a list", "{some: {in: projects, where: {value: kind, is: smart_upgrade}}}"),
    "none": Entry("清单中没有符合的行(须清单齐全)", "no row; only a complete list can say so", "{none: {in: barrings, where: {value: until, on_or_after: as_of}}}"),
    "holds": Entry("持有有效资质,或派生的是非指标", "a valid status, or a derived yes-or-no", "{holds: high_tech_enterprise}"),
    "manual": Entry("只能由人核实", "only a person can confirm", "{manual: {zh: 现场核查, en: Seen on site, by: 示例局}}"),
}  # fmt: skip
KEYS: Words = {
    "id": Entry("政策代码,各版本相同", "stable id; the file is `<id>@<from>.yml`"),
    "title": Entry("名称", "name in both languages"),
    "provenance": Entry("依据性质:official、sourced、representative", "official, sourced or representative"),
    "basis": Entry("依据:文件、条款、要点", "named legal sources; conditions refer to them"),
    "level": Entry("级别", "national, provincial, city or county"),
    "region": Entry("地区代码,包括下辖", "region code; covers what lies below it"),
    "authority": Entry("主管部门", "the department in charge"),
    "effective": Entry("有效期,首尾两天都含", "first and last day in force"),
    "window": Entry("申报窗口", "first and last day to apply"),
    "channel": Entry("兑现方式", "no_apply, instant, fast or committed"),
    "claim": Entry("申报期和所看年度", "the period of a claim, and the year whose facts it judges"),
    "let": Entry("有名称的中间值", "named values, each with a basis"),
    "for_each": Entry("逐项申报的清单", "the list whose elements are claimed for"),
    "item_if": Entry("每一项的条件", "what each element must meet"),
    "inherits": Entry("继承的通用条款", "common clauses"),
    "waive": Entry("豁免的通用条款及依据", "inherited clauses that do not apply, with the basis"),
    "eligible_if": Entry("申报条件", "the conditions"),
    "amount": Entry("金额及取整", "how much, and its rounding"),
    "pays_for": Entry("补助的成本项", "the cost item, for double-funding checks"),
    "exclusive": Entry("互斥与封顶", "limits within a group of policies"),
    "materials": Entry("申报材料及来源", "documents, and who brings them"),
    "chain": Entry("办理环节", "stages of handling"),
    "sla": Entry(
        "办理时限和公示期(工作日);`notice_counts: true`公示期计入办理时限",
        "working days to handle, and of public notice; with `notice_counts: true` the notice runs on the clock",
    ),
    "funding": Entry("资金来源及比例", "funds and their shares"),
    "payee": Entry("收款人:企业或个人", "who is paid: the applicant or a person"),
    "grants": Entry(
        "符合者获得的资质;写 by: certificate 的,颁证后才算持有",
        "a status that an eligible firm holds; with `by: certificate`, not before it is on the list of honours",
    ),
    "needs_source": Entry("文本尚未取得,不作判断", "the text is not at hand: this version decides nothing"),
    "accept": Entry("已知并说明理由的检查发现", "findings that are known and meant, with the reason"),
    "note": Entry("备注", "a note"),
}


def reference_page(catalogue: Catalogue) -> str:
    """The reference as Markdown."""
    lines = [
        "# The rule language · 规则语言",
        "",
        "A policy is a file `<id>@<from>.yml`. Every number carries its unit: `500万元`, `5%`, `30人`, `3年`, `0.8元/吨`; 分 are points of a",
        "score, money is written in 元 and up. `name@-1` is the fiscal year before, `period_start@-1` the period before. What is not known is",
        "unknown: never zero, never “no”. Findings are explained in [checks](checks.md); begin with [your first policy](first-policy.md).",
        "Generated from the language; do not edit: `make pages` writes it anew.",
    ]
    lines += _table("Keys of a policy · 政策的键", KEYS, with_example=False)
    lines += _table("Values · 值", VALUES)
    lines += _table("On any value · 任何值都可以加", MODIFIERS)
    lines += _table("Comparisons · 比较", COMPARISONS)
    lines += _table("Conditions · 条件", CONDITIONS)
    lines += ["", "Dates of the claim: `as_of`, `window_open`, `window_close`, `period_start`, `period_end`.", ""]
    lines += [
        "## Facts · 指标",
        "",
        "| name | 中文 | English | unit | source | stale after |",
        "|---|---|---|---|---|---|",
    ]
    for fact in catalogue.facts.values():
        unit = str(fact.type.unit) if fact.type.kind is Kind.NUMBER else fact.type.codes or fact.type.kind.value
        source = "、".join(catalogue.departments[s].zh for s in fact.sources if s in catalogue.departments)
        year = " (每年)" if fact.yearly else ""
        lines.append(
            f"| `{fact.name}` | {fact.label.zh}{year} | {fact.label.en} | {unit} | {source} | {fact.stale_after or '—'} |"
        )
    lines += ["", "## Lists · 清单", "", "| name | 中文 | fields |", "|---|---|---|"]
    for spec in catalogue.collections.values():
        shown = ", ".join(f"`{name}` {item.label.zh}" for name, item in spec.fields.items())
        lines.append(f"| `{spec.name}` | {spec.label.zh} | {shown} |")
    return "\n".join(lines) + "\n"


def _table(title: str, words: Words, *, with_example: bool = True) -> list[str]:
    head = ["| word | 中文 | English | example |", "|---|---|---|---|"]
    lines = ["", f"## {title}", "", *(head if with_example else ["| key | 中文 | English |", "|---|---|---|"])]
    for word, entry in words.items():
        example = f" `{entry.example}` |" if with_example else ""
        lines.append(f"| `{word}` | {entry.zh} | {entry.en} |{example}")
    return lines
