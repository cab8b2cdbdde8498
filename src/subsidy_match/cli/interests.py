"""Commands about interests of officers in firms (回避): declare, list, end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from subsidy_match.claims.people.administration import chain_of
from subsidy_match.claims.people.interests import Interest, declare_interest, end_interest, interests_for
from subsidy_match.cli.acting import As, officer, written
from subsidy_match.cli.context import JSON, now
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.cli.values import ended_text, plain
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="利害关系与回避 / Interests of officers in firms.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="登记号 / id of the interest")]


@app.command()
def declare(
    login: Annotated[str, typer.Argument(help="有利害关系的人员 / login of the officer who has it")],
    uscc: Annotated[str, typer.Argument(help="企业 / the firm")],
    note: Annotated[str, typer.Option(help="说明 / what it is")],
    by: As,
) -> None:
    """申报本人的利害关系,督办人员可登记他人的 / Declare one's own; supervisors register that of others."""
    with officer(by) as (engine, actor):
        done = written(
            engine, chain_of(login), "declare_interest", actor,
            lambda s: declare_interest(s, login=login, uscc=uscc, note=note, actor=actor, at=now()),
        )  # fmt: skip
        _tell(done)


@app.command("list")
def show(by: As, as_json: Annotated[bool, JSON] = False) -> None:
    """列出回避登记,普通人员只见本人的 / List interests; who neither supervises nor audits sees their own."""
    with officer(by) as (engine, actor):
        found = in_unit(engine, lambda session: interests_for(session, actor), immediate=False)
    if as_json:
        print_json([plain(asdict(one)) for one in found])
        return
    rows = [(i.id, i.login, i.uscc, i.note.replace("\n", " ")[:40], i.made_by, ended_text(i)) for i in found]
    columns = ("id", "用户名 / login", "企业 / firm", "说明 / note", "登记 / by", "解除 / ended")
    print_table(columns, rows, right=(0,))


@app.command()
def end(interest_id: Id, by: As) -> None:
    """解除回避,不得由本人办理 / End an interest, never one's own."""
    with officer(by) as (engine, actor):
        done = written(
            engine, chain_of(by), "end_interest", actor,
            lambda session: end_interest(session, interest_id, actor=actor, at=now()),
        )  # fmt: skip
        _tell(done)


def _tell(one: Interest) -> None:
    print_text(f"{one.id}  {one.login}  {one.uscc}  {ended_text(one) or '回避 / stands aside'}")
