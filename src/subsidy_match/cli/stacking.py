"""The command that says which claims pay a firm most together."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.cli.context import AS_OF, JSON, LANG, day
from subsidy_match.cli.firm import firm_at_hand
from subsidy_match.cli.output import note, print_table, print_text
from subsidy_match.matching.advice import IRREVOCABLE, advice_report, loss_text, option_text, pay_text
from subsidy_match.matching.stacking import Advice, Bar, best_claims
from subsidy_match.money import yuan_text
from subsidy_match.rules.explanation import VERDICT_WORDS

__all__ = ["print_advice", "stack"]

_BARS = {Bar.CLAIMED: ("已申报", "claimed already"), Bar.CLOSED: ("申报窗口已关闭", "the window has closed")}


def stack(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码 / the firm")],
    as_of: Annotated[str | None, AS_OF] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """叠加与互斥:申报哪几项合计最多 / Which claims pay most together."""
    when = day(as_of)
    with firm_at_hand(uscc) as firm:
        advice = best_claims(firm.policies, firm.enterprise, when, firm.payments, firm.pending)
        if as_json:
            firm.print_report(advice_report(advice))
            return
        print_text(f"{firm.enterprise.name}  {uscc}  {when}")
        print_advice(advice, lang)


def print_advice(advice: Advice, lang: str) -> None:
    """Print the choice, what else could be chosen, and why the rest was not."""
    solution, at = advice.solution, 0 if lang == "zh" else 1
    rows = [
        (
            option_text(advice, payout.option, lang),
            VERDICT_WORDS[advice.matches[payout.option].verdict][at],
            pay_text(payout.amount, payout.possible, lang),
        )
        for payout in solution.chosen.payouts
    ]
    print_table(("建议申报 / claim these", "结论 / verdict", "金额 / amount"), rows, right=(2,))
    chosen = solution.chosen
    print_text(f"合计 / total: {pay_text(chosen.total, chosen.possible, lang)}")
    _print_alternatives(advice, lang)
    _print_losses(advice, lang)
    _print_open(advice, lang)
    for left in advice.left_out:
        print_text(f"- {option_text(advice, left.option.id, lang)}: {_BARS[left.bar][at]} {left.ref}".rstrip())
    note(IRREVOCABLE[at])
    if not advice.certain:
        note("结论尚不确定 / not certain yet")
    for doubt in advice.doubts:
        note(f"  {doubt.zh} / {doubt.en}")


def _print_alternatives(advice: Advice, lang: str) -> None:
    best = advice.solution.chosen.total
    rows = [
        (
            number,
            "、".join(option_text(advice, id_, lang) for id_ in other.ids) or "—",
            pay_text(other.total, other.possible, lang),
            yuan_text(best - other.total, lang=lang),
        )
        for number, other in enumerate(advice.solution.alternatives, start=1)
    ]
    if rows:
        print_text()
        print_table(("#", "备选 / alternative", "合计 / total", "少得 / less"), rows, right=(2, 3))


def _print_losses(advice: Advice, lang: str) -> None:
    rows = [
        (
            option_text(advice, loss.option, lang),
            loss_text(advice, loss, lang),
            "—" if loss.cost is None else yuan_text(loss.cost, lang=lang),
        )
        for loss in advice.solution.losses
    ]
    if rows:
        print_text()
        columns = ("未选 / not chosen", "原因 / why", "若选则少得 / choosing it costs")
        print_table(columns, rows, right=(2,))


def _print_open(advice: Advice, lang: str) -> None:
    rows = [
        (
            option_text(advice, found.option.id, lang),
            pay_text(found.option.amount, found.option.possible, lang),
            "、".join(option_text(advice, id_, lang) for id_ in found.displaces) or "—",
        )
        for found in advice.open
    ]
    if rows:
        print_text()
        columns = ("补数据后可能改变选择 / could change the choice", "可能金额 / amount", "将替代 / would displace")
        print_table(columns, rows, right=(1,))
