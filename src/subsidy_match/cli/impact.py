"""The command that says what a new version of a policy changes, for the bureau that signs before it publishes."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.payment.payments import all_payments
from subsidy_match.cli.context import AS_OF, LANG, day, platform, settings
from subsidy_match.cli.output import bar, note, print_table, print_text
from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.matching.impact import impact as impact_of
from subsidy_match.matching.impact_data import report_data
from subsidy_match.matching.impact_library import load_draft
from subsidy_match.matching.impact_report import Budget, Report, examples, shares_of
from subsidy_match.matching.impact_sheets import write_workbook
from subsidy_match.matching.impact_sides import Side, day_within, pairs, version_near
from subsidy_match.matching.impact_tables import Table, change_rows, changes, distribution, example_lines, summary
from subsidy_match.matching.impact_text import in_one_language, shown, without_empty_columns
from subsidy_match.platform import Platform
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.publishing import current_policies
from subsidy_match.store.unit import in_unit
from subsidy_match.units import MONEY, LiteralError, parse_quantity

__all__ = ["impact"]

_NONE = "none"
_NOTHING: tuple[str, ...] = ()
_SHOWN = 20  # changes in the text; JSON and XLSX have all


def impact(
    path: Annotated[Path, typer.Argument(help="新版本:政策文件或整个目录 / new version: a policy file or a folder")],
    against: Annotated[str, typer.Option(help="与哪项政策比较,全新政策写 none / policy id, or none")],
    as_of: Annotated[str | None, AS_OF] = None,
    old_as_of: Annotated[str | None, typer.Option(help="原版本的评价日 / day for the old version")] = None,
    budget: Annotated[str | None, typer.Option(help="资金规模,如 500万元 / budget of a pooled fund")] = None,
    step: Annotated[str, typer.Option(help="分摊步长 / shares are floored to this")] = "100元",
    form: Annotated[str, typer.Option("--format", help="输出格式 / form: text | json | xlsx")] = "text",
    out: Annotated[Path | None, typer.Option(help="写入文件 / write to this file")] = None,
    lang: Annotated[str, LANG] = "zh",
) -> None:
    """发布前评估:谁受益、谁退出、要多少钱 / Before publishing: who gains, who loses, what it costs."""
    _check_form(form, out)
    _check_out(out)
    money = _budget(budget, step)
    when = day(as_of)
    before = day(old_as_of) if old_as_of else None
    sides = _sides(path, against, when, before)
    with platform() as wired:
        report = _report(wired, sides, money, _money(step))
    _deliver(report, form, out, lang)


@dataclass(frozen=True, slots=True)
class _Sides:
    old: Side | None
    new: Side
    replaced: tuple[str, ...]
    asked: date


def _check_form(form: str, out: Path | None) -> None:
    if form not in ("text", "json", "xlsx"):
        raise typer.BadParameter("text | json | xlsx", param_hint="--format")
    if form == "xlsx" and out is None:
        raise InputError("out_missing", "XLSX 需要 --out 文件名", "a workbook needs --out FILE")


def _check_out(out: Path | None) -> None:
    """Say before the work what the operating system would say after it."""
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise _unwritable(out, os.strerror(errno.EISDIR if out.is_dir() else errno.ENOENT))


def _unwritable(out: Path, why: str | None) -> InputError:
    zh, en = f"报告无法写入:{why}", f"the report cannot be written: {why}"
    return InputError("cannot_write", zh, en, Location(str(out)))


def _budget(text: str | None, step: str) -> Budget | None:
    size = _money(step)
    if size <= 0:
        raise InputError("bad_money", f"步长须大于零:{step}", f"a step is greater than zero: {step}")
    return Budget(_money(text), size) if text is not None else None


def _money(text: str) -> int:
    """Read an amount of money as 分."""
    try:
        found = parse_quantity(text)
    except LiteralError as error:
        raise InputError("bad_money", error.zh, error.en, hint=error.hint) from error
    if found.unit != MONEY or not isinstance(found.value, int) or found.value < 0:
        raise InputError("bad_money", f"不是金额:{text}", f"not an amount of money: {text}", hint="500万元, 100元")
    return found.value


def _sides(path: Path, against: str, when: date, before: date | None) -> _Sides:
    folder = settings().policies
    if path.is_dir():
        policies = load_policies(path)
        policy = _only_new(policies, folder) if against == _NONE else version_near(policies, against, when)
        new, replaced = Side(policies, policy, day_within(policy, when), str(path)), _NOTHING
    else:
        draft = load_draft(path, folder)
        new = Side(draft.policies, draft.policy, day_within(draft.policy, when), str(path))
        replaced = draft.replaced
    old = None if against == _NONE else _old_side(against, folder, when, before)
    return _Sides(old, new, replaced, when)


def _only_new(policies: PolicySet, folder: Path) -> Policy:
    """The one policy of a folder that is not served yet."""
    known = {policy.id for policy in _base(folder)[0].policies}
    fresh = [policy for policy in policies.policies if policy.id not in known]
    if len({policy.id for policy in fresh}) != 1:
        names = ", ".join(sorted({policy.id for policy in fresh})) or "—"
        zh, en = (
            f"目录里应恰有一项全新政策,现有:{names}",
            f"the folder should have one wholly new policy, it has: {names}",
        )
        raise InputError("which_policy", zh, en)
    return version_near(policies, fresh[0].id, fresh[0].start)


def _base(folder: Path) -> tuple[PolicySet, str]:
    """What is served now; where nothing has been published, what is configured."""
    try:
        return current_policies(settings().published), "published"
    except NotFound:
        return load_policies(folder), str(folder)


def _old_side(policy_id: str, folder: Path, when: date, before: date | None) -> Side:
    policies, origin = _base(folder)
    if origin == "published" and all(policy.id != policy_id for policy in policies.policies):
        policies, origin = load_policies(folder), str(folder)
    if before is not None:
        return Side(policies, policies.get(policy_id, before), before, origin)
    policy = version_near(policies, policy_id, when)
    return Side(policies, policy, day_within(policy, when), origin)


def _report(wired: Platform, sides: _Sides, budget: Budget | None, step: int) -> Report:
    old, new, snapshot = sides.old, sides.new, wired.snapshot()
    payments = all_payments(wired.engine)
    with _rated_bar(f"评估 {snapshot.count()} 家企业 / firms") as progress:
        found = impact_of(old.policy if old else None, new.policy, pairs(old, new, snapshot, payments, progress))
    money = budget or _pooled(wired, new.policy, step)
    shares = shares_of(found, money) if money else None
    told = examples(found, old, new, snapshot, payments)
    return Report(found, old, new, snapshot.id, sides.replaced, money, shares, told, sides.asked)


def _pooled(wired: Platform, policy: Policy, step: int) -> Budget | None:
    """What the pooled funds of a policy can bear: the fund that is exhausted first sets it.

    All that was allocated, since the firms that have been paid from it are among those that ask for it.
    """
    shares = dict(policy.funding)

    def work(session: Session) -> list[tuple[int, str]]:
        query = select(FundRow).where(FundRow.id.in_(shares), FundRow.mode == "pooled")
        funds = session.scalars(query)
        return [(int(f.allocated / shares[f.id]), f.id) for f in funds]

    bearable = in_unit(wired.engine, work, immediate=False)
    if not bearable:
        return None
    amount, fund = min(bearable)
    return Budget(amount, step, fund)


@contextmanager
def _rated_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; in any case the rate at the end."""
    began, seen = time.monotonic(), 0

    with bar(title) as progress:

        def report(done: int, total: int) -> None:
            nonlocal seen
            seen = done
            progress(done, total)

        yield report
    seconds = time.monotonic() - began
    note(f"{seen} 家企业 / firms, {seconds:.1f} s, {seen / seconds if seconds else 0:,.0f}/s")


def _deliver(report: Report, form: str, out: Path | None, lang: str) -> None:
    """Print the report, or write it complete or not at all."""
    if out is None:
        print_text(_text(report, form, lang).rstrip("\n"))
        return
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        if form == "xlsx":
            write_workbook(partial, report, lang)
        else:
            partial.write_text(_text(report, form, lang), encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise _unwritable(out, error.strerror) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    note(f"已写入 / written: {out}")


def _text(report: Report, form: str, lang: str) -> str:
    if form == "json":
        return json.dumps(report_data(report, lang), ensure_ascii=False, indent=2) + "\n"
    with contextlib.redirect_stdout(io.StringIO()) as text:
        _print(report, lang)
    return text.getvalue()


def _print(report: Report, lang: str) -> None:
    old = report.old.policy.key if report.old else "—"
    print_text(f"政策影响评估 / policy impact: {old} → {report.new.policy.key}  {report.new.policy.title.say(lang)}")
    for table in summary(report):
        _print_table(table, lang)
    _print_table(without_empty_columns(distribution(report)), lang)
    affected = list(islice(report.impact.affected(), _SHOWN + 1))
    if affected:
        rows = list(islice(change_rows(report), _SHOWN))
        _print_table(without_empty_columns(replace(changes(), rows=rows)), lang)
    if len(affected) > _SHOWN:
        print_text(f"只列前 {_SHOWN} 条,全部见 JSON 或 XLSX / the first {_SHOWN} only, all are in JSON and XLSX")
    print_text()
    told = Table(("side", "line"), list(example_lines(report, lang)), verbatim=frozenset({1}))
    for side, line in in_one_language(told, lang).rows:
        print_text(f"{side!s:8}  {line}")


def _print_table(table: Table, lang: str) -> None:
    if table.rows:
        told = in_one_language(table, lang)
        print_text()
        print_table(told.columns, [[shown(cell, lang) for cell in row] for row in told.rows], right=sorted(told.right))
