"""Commands about users: list, add, change rights, deactivate; each as a named administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.orm import Session

from subsidy_match.claims.people import administration as admin
from subsidy_match.cli.acting import caller, role_of, written
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM, Actor, Scope, list_users

__all__ = ["app"]

app = typer.Typer(help="用户与权限 / Users and their rights.", no_args_is_help=True)
Result = TypeVar("Result")
Login = Annotated[str, typer.Argument(help="用户名 / login")]
As = Annotated[str | None, typer.Option("--as", help="以哪位管理员的身份 / login of the administrator")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="角色,可多次 / role, may be repeated")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="授权范围 角色:部门:资金:级别 / role:department:fund:level, * is any"),
]
Funds = Annotated[list[str] | None, typer.Option("--fund", help="资金,* 为全部 / fund, * is every fund")]
Firms = Annotated[list[str] | None, typer.Option("--firm", help="可代表的企业 / firm to file for")]


@app.command("list")
def show(as_json: Annotated[bool, JSON] = False) -> None:
    """列出在用用户 / List active users."""
    with platform() as wired:
        found = in_unit(wired.engine, list_users, immediate=False)
    if as_json:
        print_json([_plain(actor) for actor in found])
        return
    rows = [(a.id, a.name, a.department, a.person, " ".join(sorted(a.roles))) for a in found]
    print_table(("用户名 / login", "姓名 / name", "部门 / department", "本人 / person", "角色 / roles"), rows)


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="姓名 / name")],
    department: Annotated[str, typer.Option(help="部门 / department")] = "",
    person: Annotated[str, typer.Option(help="工号 / staff number")] = "",
    role: Roles = None,
    scope: Scopes = None,
    fund: Funds = None,
    firm: Firms = None,
    by: As = None,
) -> None:
    """新增用户并显示令牌;第一位管理员无须 --as / Add a user and show the token; the first administrator needs no --as."""
    rights = _rights(role, scope, fund, firm)

    def work(session: Session, actor: Actor) -> str:
        made = admin.create_user(
            session, login=login, name=name, department=department, rights=rights, person=person, actor=actor, at=now()
        )
        return made[1]

    print_text(_act(login, "create_user", by, work))


@app.command()
def rights(
    login: Login, role: Roles = None, scope: Scopes = None, fund: Funds = None, firm: Firms = None, by: As = None
) -> None:
    """更换用户的全部权限 / Replace all rights of a user."""
    given = _rights(role, scope, fund, firm)
    _act(login, "change_rights", by, lambda s, actor: admin.change_rights(s, login, given, actor=actor, at=now()))


@app.command()
def deactivate(login: Login, by: As = None) -> None:
    """停用用户 / Bar a user from acting."""
    _act(login, "deactivate_user", by, lambda s, actor: admin.deactivate(s, login, actor=actor, at=now()))


@app.command()
def token(login: Login, by: As = None) -> None:
    """更换令牌并显示一次 / Replace a token and show it once."""
    print_text(_act(login, "renew_token", by, lambda s, actor: admin.new_token(s, login, actor=actor, at=now())))


def _act(login: str, action: str, by: str | None, work: Callable[[Session, Actor], Result]) -> Result:
    with platform() as wired:
        actor = SYSTEM if by is None else caller(wired.engine, by)
        return written(wired.engine, admin.chain_of(login), action, actor, lambda session: work(session, actor))


def _plain(actor: Actor) -> dict[str, Any]:
    held = admin.Rights(actor.roles, actor.scopes, actor.funds, actor.firms)
    who = {"login": actor.id, "name": actor.name, "department": actor.department, "person": actor.person}
    return who | held.plain()


def _rights(
    roles: list[str] | None, scopes: list[str] | None, funds: list[str] | None, firms: list[str] | None
) -> admin.Rights:
    return admin.Rights([role_of(r) for r in roles or ()], [_scope(s) for s in scopes or ()], funds or (), firms or ())


def _scope(text: str) -> Scope:
    given = text.split(":")
    role, department, fund, level = (given + ["", "*", "*", "0"][len(given) :])[:4]
    if len(given) > 4 or not (department and fund and level.isdecimal()):
        raise InputError(
            "scope_invalid", f"授权范围有误:{text}", f"not a scope: {text}", hint="role:department:fund:level"
        )
    return Scope(role_of(role), department, fund, int(level))
