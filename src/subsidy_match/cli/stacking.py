"""The command that says which claims pay a firm most together."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimItem, ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.cli.context import AS_OF, JSON, LANG, day, platform
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.matching.advice import IRREVOCABLE, advice_report, loss_text, option_text, pay_text
from subsidy_match.matching.exclusivity import Pending
from subsidy_match.matching.stacking import Advice, Bar, best_claims
from subsidy_match.money import yuan_text
from subsidy_match.rules.explanation import VERDICT_WORDS
from subsidy_match.store.unit import in_unit

__all__ = ["pending_of", "stack"]

_PAID = (State.PAID, State.COMPLETED)
_BARS = {Bar.CLAIMED: ("已申报", "claimed already"), Bar.CLOSED: ("申报窗口已关闭", "the window has closed")}


def stack(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码 / the firm")],
    as_of: Annotated[str | None, AS_OF] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """叠加与互斥:申报哪几项合计最多 / Which claims pay most together."""
    when = day(as_of)
    with platform() as wired:
        policies, snapshot = wired.policies(), wired.snapshot()
        enterprise = snapshot.enterprise(uscc)
        advice = best_claims(policies, enterprise, when, wired.payments(uscc), pending_of(wired.engine, uscc))
        if as_json:
            report = {"uscc": uscc, "policy_set": policies.hash, "snapshot": snapshot.id, **advice_report(advice)}
            print_json(report)
            return
        print_text(f"{enterprise.name}  {uscc}  {when}")
        _print(advice, lang)


def pending_of(engine: Engine, uscc: str) -> list[Pending]:
    """The claims of one firm that bar or use up something; drafts do not yet, they can be thrown away."""

    def work(session: Session) -> list[Pending]:
        query = select(ClaimRow).where(ClaimRow.uscc == uscc, ClaimRow.occupies, ClaimRow.state != str(State.DRAFT))
        return [_pending(session, row) for row in session.scalars(query.order_by(ClaimRow.id))]

    return in_unit(engine, work, immediate=False)


def _pending(session: Session, row: ClaimRow) -> Pending:
    keys = session.scalars(select(ClaimItem.item_key).where(ClaimItem.claim_id == row.id, ClaimItem.occupies))
    stated = (row.amount_approved, row.amount_proposed, row.amount_claimed)
    estimate = row.amount_min if row.amount_min == row.amount_max else None
    amount = next((one for one in stated if one is not None), estimate)
    paid = row.state in {str(state) for state in _PAID}
    item_keys = tuple(sorted(set(keys)))
    return Pending(row.claim_no, row.policy_id, row.period, row.subject or None, amount, item_keys, paid)


def _print(advice: Advice, lang: str) -> None:
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
