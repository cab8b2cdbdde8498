"""Commands about authorisations of agents (代办): record, list, revoke."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.people.administration import chain_of
from subsidy_match.claims.people.authorisations import (
    ANY_POLICY,
    Authorisation,
    authorisations,
    authorise,
    revoke_authorisation,
)
from subsidy_match.cli.acting import As, caller, officer, written
from subsidy_match.cli.context import JSON, day, now, platform
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.cli.values import ended_text, plain
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="代办授权 / Authorisations of agents to file for firms.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="授权号 / id of the authorisation")]


@app.command()
def record(
    login: Annotated[str, typer.Argument(help="代办人员 / login of the agent")],
    uscc: Annotated[str, typer.Argument(help="企业 / the firm")],
    until: Annotated[str, typer.Option(help="截止日 / last day, YYYY-MM-DD")],
    by: As,
    since: Annotated[str | None, typer.Option("--from", help="起始日,默认今天 / first day (default: today)")] = None,
    policy: Annotated[str, typer.Option(help="政策,* 为全部 / policy, * is every policy")] = ANY_POLICY,
    document: Annotated[Path | None, typer.Option(help="授权书文件 / file of the signed document")] = None,
    sha256: Annotated[str | None, typer.Option(help="授权书摘要 / SHA-256 of it, instead of the file")] = None,
) -> None:
    """登记企业对代办人员的授权 / Record that a firm lets an agent file for it."""
    digest, first, last = _digest(document, sha256), day(since), day(until)
    with officer(by) as (engine, actor):
        done = written(
            engine, chain_of(login), "authorise", actor,
            lambda s: authorise(
                s, login=login, uscc=uscc, policy_id=policy, document_sha256=digest, from_on=first, until_on=last,
                actor=actor, at=now(),
            ),
        )  # fmt: skip
        _tell(done)


@app.command("list")
def show(by: As, as_json: Annotated[bool, JSON] = False) -> None:
    """列出代办授权 / List authorisations."""
    with officer(by) as (engine, _):
        found = in_unit(engine, authorisations, immediate=False)
    if as_json:
        print_json([plain(asdict(one)) for one in found])
        return
    rows = [(a.id, a.login, a.uscc, a.policy_id, a.from_on, a.until_on, ended_text(a)) for a in found]
    columns = ("id", "代办 / agent", "企业 / firm", "政策 / policy", "自 / from", "至 / until", "撤销 / revoked")
    print_table(columns, rows, right=(0,))


@app.command()
def revoke(authorisation_id: Id, by: As) -> None:
    """撤销授权,企业可撤销本企业的,代办人员可撤销本人的 / Revoke one; a firm may revoke its own, an agent their own."""
    with platform() as wired:
        actor = caller(wired.engine, by)
        done = written(
            wired.engine, chain_of(by), "revoke_authorisation", actor,
            lambda session: revoke_authorisation(session, authorisation_id, actor=actor, at=now()),
        )  # fmt: skip
        _tell(done)


def _digest(document: Path | None, sha256: str | None) -> str:
    if (document is None) == (sha256 is None):
        raise InputError("document_missing", "请给出 --document 或 --sha256 之一", "give either --document or --sha256")
    return (sha256 or "").lower() if document is None else hashlib.sha256(document.read_bytes()).hexdigest()


def _tell(one: Authorisation) -> None:
    days = f"{one.from_on} – {one.until_on}"
    print_text(f"{one.id}  {one.login}  {one.uscc}  {one.policy_id}  {days}  {ended_text(one)}".rstrip())
