"""Commands about roles lent for some days (委托): grant, list, revoke."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from subsidy_match.claims.people.administration import chain_of
from subsidy_match.claims.people.delegations import LENDABLE, Delegation, delegate, delegations, end_delegation
from subsidy_match.cli.acting import As, officer, role_of, written
from subsidy_match.cli.context import JSON, day, now
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.cli.values import ended_text, plain
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="职责委托 / Roles lent for some days.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="委托号 / id of the delegation")]


@app.command()
def grant(
    principal: Annotated[str, typer.Argument(help="委托人 / login of whoever lends the role")],
    deputy: Annotated[str, typer.Argument(help="受托人 / login of the deputy")],
    role: Annotated[str, typer.Argument(help=f"角色 / role: {', '.join(sorted(LENDABLE))}")],
    until: Annotated[str, typer.Option(help="截止日 / last day, YYYY-MM-DD")],
    reason: Annotated[str, typer.Option(help="原因 / why")],
    by: As,
    since: Annotated[str | None, typer.Option("--from", help="起始日,默认今天 / first day (default: today)")] = None,
) -> None:
    """委托职责,受托人以本人名义办理 / Lend a role; the deputy acts as themselves."""
    lent, first, last = role_of(role), day(since), day(until)
    with officer(by) as (engine, actor):
        done = written(
            engine, chain_of(principal), "delegate", actor,
            lambda s: delegate(
                s, principal=principal, deputy=deputy, role=lent, from_on=first, until_on=last, reason=reason,
                actor=actor, at=now(),
            ),
        )  # fmt: skip
        _tell(done)


@app.command("list")
def show(by: As, as_json: Annotated[bool, JSON] = False) -> None:
    """列出委托 / List the roles that are or were lent."""
    with officer(by) as (engine, _):
        found = in_unit(engine, delegations, immediate=False)
    if as_json:
        print_json([plain(asdict(one)) for one in found])
        return
    rows = [(d.id, d.principal, d.deputy, d.role, d.from_on, d.until_on, ended_text(d)) for d in found]
    columns = (
        "id", "委托人 / principal", "受托人 / deputy", "角色 / role", "自 / from", "至 / until", "终止 / ended",
    )  # fmt: skip
    print_table(columns, rows, right=(0,))


@app.command()
def revoke(delegation_id: Id, by: As) -> None:
    """提前终止委托 / Take a lent role back before its last day."""
    with officer(by) as (engine, actor):
        done = written(
            engine, chain_of(by), "end_delegation", actor,
            lambda session: end_delegation(session, delegation_id, actor=actor, at=now()),
        )  # fmt: skip
        _tell(done)


def _tell(one: Delegation) -> None:
    days = f"{one.from_on} – {one.until_on}"
    print_text(f"{one.id}  {one.principal} → {one.deputy}  {one.role}  {days}  {ended_text(one)}".rstrip())
