"""The handbook of checks: what each code means, why it matters and how to mend it; ``docs/checks.md`` is generated from here."""

from __future__ import annotations

import inspect
from typing import ClassVar

__all__ = ["CHECKS", "Check", "checks_page"]

CHECKS: dict[str, type[Check]] = {}


class Check:
    """One check; the docstring of a subclass is its page."""

    zh: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        CHECKS[cls.__name__] = cls


class P001(Check):
    """The file cannot be read.

    Not UTF-8, too large, not YAML, nested too deeply, or YAML that policies do not use: anchors and aliases, tags, several
    documents. Tabs do not indent. A sentence that holds `, : [ ] { }` stands in double quotes.

    Wrong: `gist: 补助 {8%}: 最高200万元`. Right: `gist: "补助 {8%}: 最高200万元"`.
    """

    zh = "文件读不出来"


class P002(Check):
    """A key is missing or has the wrong shape.

    A mapping, a list or a text stands where another is expected, a required key is missing, or the file is not named
    `<id>@<from>.yml`. Files that end in `.yaml` are refused, so that none is passed over in silence.
    """

    zh = "缺少键,或形式不对"


class P003(Check):
    """Something is defined twice.

    A key twice in one mapping (the second would silently win), clauses twice, or a `let` with the name of a fact.
    """

    zh = "重复定义"


class P004(Check):
    """The key is not known.

    A misspelt key would otherwise be ignored, and with it a cap or a limit. The nearest known key is suggested. A key that is
    a piece of a sentence means that a comma was not quoted.

    Wrong: `amount: {multiply: [a, 8%], capp: 200万元, …}`. Right: `cap: 200万元`.
    """

    zh = "不认识的键"


class P005(Check):
    """A word of the language is used wrongly.

    Two words in one node, a comparison that does not fit the kind of value (`at_least` of a date), a year of a fact that has
    none, a look-back without its anchor, branches without `when`.
    """

    zh = "用词不当"


class P006(Check):
    """A literal or a unit is wrong.

    元, 万元 and 千元 mixed up is the commonest money error of this field, so each number carries its unit, checked against the
    unit of the fact. Full-width digits are refused. Money is written in 元 and up: 分 are points of a score.

    Wrong: `{value: revenue, at_least: 500}`. Right: `{value: revenue, at_least: 500万元}`.
    """

    zh = "数值或单位不对"


class P007(Check):
    """The name or code is not known.

    A fact, list, status, parameter, standard, region, industry, code, clause or legal source that there is not. Nearest names
    are suggested.
    """

    zh = "没有这个名称或代码"


class P008(Check):
    """Something is defined by itself.

    A `let` or derived fact that uses itself, directly or through others, or statuses that grant each other.
    """

    zh = "循环定义"


class P009(Check):
    """Two versions are in force on one day.

    Versions of one policy, or rows of one dated table, overlap: which text applies would be chance.
    """

    zh = "生效期重叠"


class P010(Check):
    """Something stands where it cannot be asked for.

    A manual check or a paper from the firm in a `no_apply` policy, a manual check inside rows or values, the number of items
    while the items are being chosen. Money that nobody applies for must be due by data alone.
    """

    zh = "写在了不能用的地方"


class P011(Check):
    """No version is in force between two versions.

    On those days firms would be told that there is no such policy. Mend the dates, or accept it with the reason.
    """

    zh = "版本之间有空档"


class P012(Check):
    """A condition that nobody can meet.

    By itself (`revenue at_most -1元`), or as one of several alternatives that the other conditions rule out. Proved over the
    ranges of all facts and the trees of all codes.
    """

    zh = "条件不可能成立"


class P013(Check):
    """A condition that everybody meets.

    By itself (`staff_end at_least 0人`), or wherever the other conditions are met: 收入500万元以上 beside 收入100万元以上. It decides
    nothing, so either a number is wrong or it can go. An example firm is shown.
    """

    zh = "条件总是成立"


class P014(Check):
    """Nobody can meet the policy.

    Its conditions exclude each other. Where two of them do, both are named.
    """

    zh = "没有企业能够符合"


class P015(Check):
    """A band or branch that is never taken.

    An earlier edge catches everything, or the conditions of the policy leave nothing for it: a band for fewer than 10 staff in
    a policy that asks for 50.
    """

    zh = "有一档永远用不到"


class P016(Check):
    """A condition without a legal source.

    Whoever is refused must be able to see the clause. Name it by `basis`, at the condition or at what holds it.
    """

    zh = "条件没有依据"


class P017(Check):
    """Nobody supplies the fact.

    The catalogue names no department for it, so that the condition would be unknown for every firm for ever.
    """

    zh = "没有部门提供数据"


class P018(Check):
    """A fact that firms declare themselves decides about money that nobody applies for.

    免申即享 pays by what departments know. Choose another channel, or a fact that a department supplies.
    """

    zh = "免申即享使用了自行申报的指标"


class P019(Check):
    """Two policies pay for the same thing.

    They name the same `pays_for`, are in force at the same time and place, and have no exclusivity group in common: one invoice
    could be paid twice. Where they are meant to stack, accept it and say why.
    """

    zh = "重复补助同一成本项"


class P020(Check):
    """The region does not fit the level.

    A national policy has no region, a provincial one a code like 320000, a city's like 320800, a county's like 320812.
    """

    zh = "级别与地区不符"


class P021(Check):
    """One unit more, and the amount is lower.

    At the edge of a band or branch the amount falls: 1元 more of investment costs the firm money. An example firm is shown with
    both amounts. Often an edge or a rate is wrong; where it is meant (a lower rate for larger firms), accept it and say why.
    """

    zh = "多一个单位反而少拿钱"


class P022(Check):
    """Fair competition is in doubt.

    Money tied to tax paid, to one kind of ownership, to staying or to buying locally needs a legal basis or the State Council's
    consent (公平竞争审查条例, 国令783号). This is a warning to the drafter, not a ruling.
    """

    zh = "公平竞争审查提示"


class P023(Check):
    """An acceptance that accepts nothing, or gives no reason.

    What `accept` names is not found (any more). Remove it, so that a finding of tomorrow is not silenced by a note of yesterday.
    """

    zh = "接受了不存在的发现"


def checks_page() -> str:
    """The handbook as Markdown."""
    lines = [
        "# Checks of policies · 政策检查项",
        "",
        "`subsidy-match policies validate` names each finding by a code. P001–P010 keep a library from loading; P011–P023 are found by",
        "analysis, each with its proof or an example firm, and can be accepted with a reason:",
        '`accept: [{code: P021, clause: insured_avg, reason: "…"}]`. Generated from the checks; do not edit: `make pages` writes it anew.',
    ]
    for code, check in sorted(CHECKS.items()):
        head, _, rest = inspect.cleandoc(check.__doc__ or "").partition("\n")
        lines += ["", f"## {code}", "", f"**{check.zh}** · {head}", rest.rstrip()]
    return "\n".join(lines) + "\n"
