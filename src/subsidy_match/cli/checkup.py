"""The policy check-up of one firm."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.cli.context import AS_OF, JSON, LANG, day
from subsidy_match.cli.firm import firm_at_hand
from subsidy_match.cli.output import print_table, print_text
from subsidy_match.cli.stacking import print_advice
from subsidy_match.matching.advice import option_text, pay_text
from subsidy_match.matching.checkup import Checkup, checkup_report, near_miss_text, stale_day
from subsidy_match.matching.checkup import checkup as check
from subsidy_match.matching.options import MOST
from subsidy_match.money import yuan_text
from subsidy_match.rules.explanation import fact_words
from subsidy_match.rules.policy import PolicySet

__all__ = ["checkup"]

_SHOWN = 3


def checkup(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码 / the firm")],
    as_of: Annotated[str | None, AS_OF] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """政策体检:能拿什么、补什么数据、还差什么 / Check-up: what to claim, what to supply, what is nearly within reach."""
    when = day(as_of)
    with firm_at_hand(uscc) as firm:
        policies = firm.policies
        found = check(policies, firm.enterprise, when, firm.payments, firm.pending)
        if as_json:
            firm.print_report(checkup_report(found, policies))
            return
        print_text(f"{firm.enterprise.name}  {uscc}  {when}")
        ahead = found.outlook
        print_text(f"可得 / total: {pay_text(ahead.guaranteed, ahead.possible, lang)}")
        print_advice(found.advice, lang)
        _print_missing(found, policies, lang)
        _print_near(found, policies, lang)


def _print_missing(found: Checkup, policies: PolicySet, lang: str) -> None:
    rows = []
    for fact in (fact for fact in found.outlook.missing if fact.unlocks):
        words = fact_words(fact.key, policies, lang, stale_day(fact, found.advice))
        names = [option_text(found.advice, id_, lang) for id_ in fact.options[:_SHOWN]]
        more = f" +{len(fact.options) - _SHOWN}" if len(fact.options) > _SHOWN else ""
        rows.append(
            (
                words["label"],
                words["stale"] or words["owed_by"],
                _worth(fact.unlocks, lang),
                fact.besides or "",
                "、".join(names) + more,
            )
        )
    if rows:
        print_text()
        columns = (
            "待补数据 / missing",
            "责任部门 / owed by",
            "最多可增 / up to",
            "另需几项 / besides",
            "政策 / policies",
        )
        print_table(columns, rows, right=(2, 3))


def _print_near(found: Checkup, policies: PolicySet, lang: str) -> None:
    rows = [
        (
            near.policy.title.say(lang) + (f" · {near.subject}" if near.subject else ""),
            near_miss_text(near, policies, lang),
            yuan_text(near.due, lang=lang) if near.due else "—",
        )
        for near in found.near_misses
    ]
    if rows:
        print_text()
        print_table(("接近符合 / nearly", "差在哪里 / what is short", "届时可得 / then due"), rows, right=(2,))


def _worth(amount: int, lang: str) -> str:
    if amount >= MOST:
        return "不封顶" if lang == "zh" else "no bound"
    return yuan_text(amount, lang=lang)
