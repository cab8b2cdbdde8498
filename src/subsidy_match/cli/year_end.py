"""Commands of the year end: what a closed fund leaves behind, and moving claims to the fund of the next year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from subsidy_match.claims.fund.fund_office import FundOffice
from subsidy_match.claims.fund.ledger import Closing
from subsidy_match.claims.fund.rehoming_office import Outcome, RehomingOffice
from subsidy_match.claims.fund.stranded import WaitsFor
from subsidy_match.claims.states import STATE_NAMES
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import now, platform
from subsidy_match.cli.output import print_table, print_text
from subsidy_match.money import Fen, yuan_text

__all__ = ["closings", "rehome"]

FundId = Annotated[str, typer.Argument(help="资金编号 / fund")]
Document = Annotated[str, typer.Option("--document", help="文号 / number of the document")]
ClaimId = Annotated[int | None, typer.Option("--claim", min=1, max=2**63 - 1, help="只转列这一件 / this claim alone")]
_WAITS = {
    WaitsFor.PAYMENT: "支付 / payment",
    WaitsFor.APPROVAL: "审批 / approval",
    WaitsFor.MONEY: "资金 / money",
    WaitsFor.APPEAL: "复议 / appeal",
}


def closings(fund_id: FundId) -> None:
    """结账与结转记录,以及目前仍滞留的办件 / Closings, and the claims that the fund leaves behind by now."""
    with platform() as wired:
        found = FundOffice(wired.engine, wired.calendar, wired.desk.tolerance).closings(fund_id)
    rows = [
        (c.document_no, c.day, yuan_text(Fen(c.amount)), c.carried_to or "", yuan_text(Fen(c.carried))) for c in found
    ]
    columns = ("文号 / document", "日期 / day", "收回 / taken back", "结转至 / carried to", "结转 / carried")
    print_table(columns, rows, right=(2, 4))
    if found:
        left = list(_left(found[-1]))
        print_table(("办件 / claim", "状态 / state", "已占 / held", "待 / waits for"), left, right=(2,))


def rehome(
    source: FundId,
    target: Annotated[str, typer.Argument(help="结转去向的资金 / the fund that its money was carried over to")],
    document: Document,
    login: As,
    claim: ClaimId = None,
) -> None:
    """转列:把已结账资金的在办件连同占用转到下年资金 / Move claims, with what is held for them, to the next year's fund."""
    with platform() as wired:
        actor = caller(wired.engine, login)
        office = RehomingOffice(wired.engine, wired.calendar, wired.desk.tolerance)
        by: dict[str, Any] = {"document_no": document, "actor": actor, "at": now()}
        if claim is not None:
            one = office.rehome(claim, source, target, **by)
            print_text(f"{one.claim_no}  {source} → {target} {yuan_text(Fen(one.reserved + one.committed))}")
            return
        done = office.rehome_all(source, target, **by)
    print_table(
        ("办件 / claim", "转列 / moved", "原因 / why not"), [_outcome(one) for one in done.outcomes], right=(1,)
    )
    print_text(f"转列 / moved {done.moved}  未转列 / refused {done.refused}  仍在原资金 / left behind {done.left}")
    if done.refused:
        raise typer.Exit(1)


def _left(closing: Closing) -> Iterator[tuple[str, str, str, str]]:
    for one in closing.stranded:
        zh, en = STATE_NAMES[one.state]
        yield one.claim_no, f"{zh} / {en}", yuan_text(Fen(one.held)), _WAITS[one.waits_for]


def _outcome(one: Outcome) -> tuple[str, str, str]:
    done, why = one.rehomed, one.refusal
    money = "" if done is None else yuan_text(Fen(done.reserved + done.committed))
    return one.claim_no, money, "" if why is None else f"{why.code}  {why.zh} / {why.en}"
