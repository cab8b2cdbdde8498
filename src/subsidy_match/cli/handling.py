"""Commands about how claims of a policy are handled: department in charge, tasks with their quorum, approvals by amount."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from subsidy_match.claims.handling.rules import (
    ANY_POLICY,
    Band,
    HandlingRule,
    TaskRule,
    add_rule,
    rule_on,
    rules,
)
from subsidy_match.claims.handling.tasks import TASK_NAMES, TaskKind
from subsidy_match.cli.acting import As, officer, written
from subsidy_match.cli.context import JSON, day, fen_of, now, platform
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.money import yuan_text
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(
    help="办理规定:部门、协办、审批金额档 / Handling rules: department, tasks, approvals.", no_args_is_help=True
)
Policy = Annotated[str, typer.Argument(help="政策,* 为全部 / policy, * is any")]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", help=f"协办 种类:同意数:部门,部门 / kind:quorum:department,department; {', '.join(TaskKind)}"
    ),
]
Bands = Annotated[
    list[str] | None,
    typer.Option("--band", help="金额档 超过多少元:几人审批:级别 / above yuan:approvals:level, e.g. 500000:2:1"),
]


@app.command("list")
def show_all(as_json: Annotated[bool, JSON] = False) -> None:
    """列出全部办理规定,由旧到新 / List every rule ever set, oldest first."""
    with platform() as wired:
        found = in_unit(wired.engine, rules, immediate=False)
    if as_json:
        print_json([_plain(rule) for rule in found])
        return
    rows = [(r.id, r.policy_id, r.from_on, r.department, "\n".join(_tasks(r)), "\n".join(_bands(r))) for r in found]
    columns = ("id", "政策 / policy", "自 / from", "部门 / department", "协办 / tasks", "审批 / approvals")
    print_table(columns, rows, right=(0,))


@app.command()
def show(
    policy: Policy,
    on: Annotated[str | None, typer.Option(help="受理日,默认今天 / day of acceptance (default: today)")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """某日受理的办件适用的规定 / The rule of claims of a policy that are accepted on a day."""
    when = day(on)
    with platform() as wired:
        found = in_unit(wired.engine, lambda session: rule_on(session, policy, when), immediate=False)
    if as_json:
        print_json(_plain(found))
        return
    _print(found)


@app.command("set")
def set_rule(
    policy: Policy,
    by: As,
    department: Annotated[str, typer.Option(help="主管部门,空为资金所属 / in charge; none: that of the fund")] = "",
    task: Tasks = None,
    band: Bands = None,
    since: Annotated[str | None, typer.Option("--from", help="自何日受理起 / accepted from which day on")] = None,
) -> None:
    """设定办理规定,不影响已受理的办件 / Set a rule; it does not reach claims accepted before its first day."""
    tasks, bands, first = [_task(text) for text in task or ()], [_band(text) for text in band or ()], day(since)
    with officer(by) as (engine, actor):
        done = written(
            engine, "handling", "set_handling", actor,
            lambda s: add_rule(
                s, policy_id=policy, department=department, tasks=tasks, bands=bands, from_on=first,
                actor=actor, at=now(),
            ),
        )  # fmt: skip
    _print(done)


def _task(text: str) -> TaskRule:
    kind, _, rest = text.partition(":")
    need, _, departments = rest.partition(":")
    if not (need.isdecimal() and departments):
        raise _unreadable(text, "opinion:2:税务局,人社局")
    return TaskRule(kind, tuple(name.strip() for name in departments.split(",")), int(need))


def _band(text: str) -> Band:
    above, *rest = text.split(":")
    needed, level = (*rest, *("1", "0")[len(rest) :])[:2]
    if len(rest) > 2 or not (needed.isdecimal() and level.isdecimal()):
        raise _unreadable(text, "500000:2:1")
    return Band(fen_of(above), int(needed), int(level))


def _unreadable(text: str, hint: str) -> InputError:
    return InputError("handling_invalid", f"办理规定有误:{text}", f"not a part of a rule: {text}", hint=hint)


def _print(rule: HandlingRule) -> None:
    if not rule.id:
        print_text(f"{rule.policy_id}  没有规定:一人审批 / no rule: one approval")
        return
    policy = "全部政策 / any policy" if rule.policy_id == ANY_POLICY else rule.policy_id
    print_text(f"{rule.id}  {policy}  自 / from {rule.from_on}  {rule.department}".rstrip())
    for line in (*_tasks(rule), *_bands(rule)):
        print_text(line)


def _tasks(rule: HandlingRule) -> list[str]:
    names = ((task, *TASK_NAMES[TaskKind(task.kind)]) for task in rule.tasks)
    return [f"{zh} / {en} {task.need}/{len(task.departments)}: {','.join(task.departments)}" for task, zh, en in names]


def _bands(rule: HandlingRule) -> list[str]:
    return [
        f"> {yuan_text(band.above)}: {band.needed} 人 / approvals"
        + (f", 级别 / level {band.level}" if band.level else "")
        for band in sorted(rule.bands, key=lambda band: band.above)
    ]


def _plain(rule: HandlingRule) -> dict[str, Any]:
    return {
        "id": rule.id or None,
        "policy_id": rule.policy_id,
        "department": rule.department,
        "tasks": [{"kind": t.kind, "departments": list(t.departments), "need": t.need} for t in rule.tasks],
        "bands": [{"above": b.above, "needed": b.needed, "level": b.level} for b in rule.bands],
        "from_on": rule.from_on.isoformat() if rule.id else None,
    }
