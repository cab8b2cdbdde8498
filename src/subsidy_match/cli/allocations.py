"""Commands about documents of allocation (资金下达)."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.fund_allocations import Allocation
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.notices import Claims
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.money import yuan_text

__all__ = ["app"]

app = typer.Typer(help="资金下达 / Documents of allocation.", no_args_is_help=True)
Document = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="文件 / id of the document")]


@app.command("list")
def list_allocations(as_json: Annotated[bool, JSON] = False) -> None:
    """列出资金下达文件 / List documents of allocation."""
    with platform() as wired:
        found = AllocationOffice(wired.desk).allocations(limit=1000)
    if as_json:
        print_json(
            [
                {"id": a.id, "number": a.number, "state": a.state, "claims": a.claim_count, "total": a.total}
                for a in found
            ]
        )
        return
    rows = [(a.id, a.number, f"{a.state_zh} / {a.state_en}", a.claim_count, yuan_text(a.total)) for a in found]
    print_table(("id", "文号 / number", "状态 / state", "件数 / claims", "金额 / total"), rows, right=(0, 3, 4))


@app.command()
def show(allocation_id: Document, as_json: Annotated[bool, JSON] = False) -> None:
    """一份文件:资金与办件 / One document: its funds and its claims."""
    with platform() as wired:
        found = AllocationOffice(wired.desk).allocation(allocation_id)
    if as_json:
        claims = {str(entry.claim_id): entry.amount for entry in found.entries}
        print_json(
            {"id": found.id, "number": found.number, "state": found.state, "total": found.total, "claims": claims}
        )
        return
    _print(found)
    print_table(("资金 / fund", "金额 / amount"), [(f, yuan_text(a)) for f, a in found.funds.items()], right=(1,))
    rows = [(entry.claim_id, yuan_text(entry.amount)) for entry in found.entries]
    print_table(("办件 / claim", "金额 / amount"), rows, right=(0, 1))


@app.command()
def draft(
    claims: Claims,
    number: Annotated[str, typer.Option(help="文号 / number")],
    title: Annotated[str, typer.Option(help="标题 / title")],
    login: As,
) -> None:
    """拟制 / Draft a document."""
    with platform() as wired:
        office, actor = AllocationOffice(wired.desk), caller(wired.engine, login)
        _print(office.draft(claims, number=number, title=title, actor=actor, at=now()))


@app.command()
def issue(allocation_id: Document, login: As) -> None:
    """签发(拟稿人不得签发)/ Issue a document, as somebody who did not draft it."""
    with platform() as wired:
        _print(AllocationOffice(wired.desk).issue(allocation_id, actor=caller(wired.engine, login), at=now()))


@app.command()
def clear(allocation_id: Document, login: As) -> None:
    """已下达办件转为待兑付 / Make the claims of an issued document payable."""
    with platform() as wired:
        _print(AllocationOffice(wired.desk).clear(allocation_id, actor=caller(wired.engine, login), at=now()))


@app.command()
def void(
    allocation_id: Document,
    login: As,
    reason: Annotated[str, typer.Option(help="理由代码 / code of the reason")],
    note: Annotated[str | None, typer.Option(help="说明 / note")] = None,
) -> None:
    """作废(仅限支付前)/ Void a document before anything of it is paid."""
    with platform() as wired:
        office, actor = AllocationOffice(wired.desk), caller(wired.engine, login)
        _print(office.void(allocation_id, reason_code=reason, note=note, actor=actor, at=now()))


def _print(found: Allocation) -> None:
    total = yuan_text(found.total)
    state = f"{found.state_zh} / {found.state_en}"
    print_text(f"{found.id}  {found.number}  {found.claim_count} 件 / claims  {total}  {state}")
