"""The words of the impact report in Chinese and English: kinds of change, verdicts, and the groups of its totals."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.matching.impact import Dimension, Kind, Tally
from subsidy_match.matching.impact_report import Report
from subsidy_match.rules.explanation import VERDICT_WORDS
from subsidy_match.rules.tree import Label
from subsidy_match.rules.truth import Verdict

__all__ = ["DIMENSION_WORDS", "KIND_WORDS", "group_words", "in_both", "verdict_words"]

Words = tuple[str, str]

KIND_WORDS: dict[Kind, Words] = {
    Kind.GAIN: ("新增", "gains"),
    Kind.LOSS: ("退出", "loses"),
    Kind.UP: ("金额增加", "amount up"),
    Kind.DOWN: ("金额减少", "amount down"),
    Kind.RANGE: ("金额区间变化", "amount range moved"),
    Kind.DOUBT: ("转为待补数据", "now needs data"),
    Kind.VERDICT: ("仅结论变化", "verdict only"),
    Kind.SAME: ("不变", "unchanged"),
}
DIMENSION_WORDS: dict[Dimension, Words] = {
    Dimension.DISTRICT: ("区县", "district"),
    Dimension.SECTION: ("行业门类", "industry section"),
    Dimension.SIZE: ("规模", "size"),
}
_UNKNOWN = ("未知", "unknown")
_ABSENT = ("无此项", "not there")
# GB/T 4754-2017
_SECTIONS: dict[str, Words] = {
    "A": ("农、林、牧、渔业", "agriculture, forestry and fishing"),
    "B": ("采矿业", "mining"),
    "C": ("制造业", "manufacturing"),
    "D": ("电力、热力、燃气及水生产和供应业", "electricity, heat, gas and water supply"),
    "E": ("建筑业", "construction"),
    "F": ("批发和零售业", "wholesale and retail"),
    "G": ("交通运输、仓储和邮政业", "transport, storage and post"),
    "H": ("住宿和餐饮业", "hotels and catering"),
    "I": ("信息传输、软件和信息技术服务业", "information, software and IT services"),
    "J": ("金融业", "finance"),
    "K": ("房地产业", "real estate"),
    "L": ("租赁和商务服务业", "leasing and business services"),
    "M": ("科学研究和技术服务业", "research and technical services"),
    "N": ("水利、环境和公共设施管理业", "water, environment and public facilities"),
    "O": ("居民服务、修理和其他服务业", "household services, repair and others"),
    "P": ("教育", "education"),
    "Q": ("卫生和社会工作", "health and social work"),
    "R": ("文化、体育和娱乐业", "culture, sports and entertainment"),
    "S": ("公共管理、社会保障和社会组织", "public administration and social organisations"),
    "T": ("国际组织", "international organisations"),
}


def group_words(report: Report, dimension: Dimension) -> Iterator[tuple[str | None, Words, Tally]]:
    """The groups of one dimension with their words, in the order of codes, the unknown last."""
    groups = report.impact.groups[dimension]
    for code in sorted(groups, key=lambda code: (code is None, code or "")):
        yield code, _label(report, dimension, code), groups[code]


def verdict_words(verdict: Verdict | None) -> Words:
    """A verdict, or that there is none to give."""
    return VERDICT_WORDS[verdict] if verdict else _ABSENT


def in_both(words: Words) -> str:
    """Chinese and English in one line."""
    return f"{words[0]} / {words[1]}"


def _label(report: Report, dimension: Dimension, code: str | None) -> Words:
    if code is None:
        return _UNKNOWN
    if dimension is Dimension.SECTION:
        return _SECTIONS.get(code, (code, code))
    catalogue = report.new.policies.catalogue
    label: Label | None = catalogue.code_label("region" if dimension is Dimension.DISTRICT else "enterprise_size", code)
    return (label.zh, label.en) if label else (code, code)
