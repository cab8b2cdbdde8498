"""Commands that match: one firm with its reasons, or the whole population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.payments import all_payments
from subsidy_match.cli.context import AS_OF, JSON, LANG, day, platform, settings
from subsidy_match.cli.output import bar, note, print_json, print_table, print_text
from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.matching.engines import Engine, Job, ReferenceEngine
from subsidy_match.matching.incremental import Base
from subsidy_match.matching.next_dates import first_date
from subsidy_match.matching.report import report
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import PolicyCount, Run, latest_run, open_run
from subsidy_match.matching.single import ranked
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.money import yuan_text
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.explanation import VERDICT_WORDS, amount_text, explain_text, missing_words

__all__ = ["app", "print_run"]


class _EngineName(StrEnum):
    """The engines that match a population."""

    VECTOR = "vector"
    REFERENCE = "reference"


_ENGINES: Mapping[_EngineName, Callable[[], Engine]] = {
    _EngineName.VECTOR: VectorEngine,
    _EngineName.REFERENCE: ReferenceEngine,
}

app = typer.Typer(help="匹配:一家企业,或全部企业 / Match one enterprise, or all of them.", invoke_without_command=True)


@app.callback()
def match(
    ctx: typer.Context,
    uscc: Annotated[str | None, typer.Option(help="统一社会信用代码 / the firm")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="全部企业 / the whole population")] = False,
    as_of: Annotated[str | None, AS_OF] = None,
    out: Annotated[Path | None, typer.Option(help="结果目录 / folder for the results of --all")] = None,
    engine: Annotated[
        _EngineName, typer.Option(help="引擎:vector 成批,reference 逐户 / the engine of --all")
    ] = _EngineName.VECTOR,
    since: Annotated[
        str | None,
        typer.Option(
            help="只重算此批次以来有变动的部分:批次名或 latest / match again only what moved since that run, or since latest"
        ),
    ] = None,
    unknowns: Annotated[
        bool, typer.Option("--unknowns", help="另存待补数据的结果 / write what data leave open as well")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="逐条说明 / every reason")] = False,
    policy: Annotated[list[str] | None, typer.Option(help="只看这些政策 / only these policies")] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """匹配 / Match."""
    if ctx.invoked_subcommand is not None:
        return
    if (uscc is None) == (not everyone):
        raise InputError("match_whom", "请用 --uscc 或 --all 之一", "give either --uscc or --all")
    if uscc is not None:
        _one(uscc, as_of, policy, lang, explain=explain, as_json=as_json)
    else:
        _all(as_of, out, engine, since, unknowns=unknowns, as_json=as_json)


@app.command()
def status(as_json: Annotated[bool, JSON] = False) -> None:
    """最近一次全量匹配 / The latest run over the population."""
    run = latest_run(settings().runs)
    if run is None:
        note("还没有匹配结果 / no match run yet")
        raise typer.Exit(1)
    print_run(run, as_json=as_json)


def print_run(run: Run, *, as_json: bool = False) -> None:
    """Print what a run came to, policy by policy."""
    manifest = run.manifest
    if as_json:
        print_text(manifest.to_json().rstrip())
        return
    columns = ("政策 / policy", "符合 / eligible", "待核实 / confirm", "待补 / unknown", "不符 / no", "金额 / amount")
    rows = [
        (policy, c.eligible, c.to_confirm, c.unknown, c.ineligible, _money(c))
        for policy, c in sorted(manifest.counts.items())
    ]
    print_table(columns, rows, right=(1, 2, 3, 4, 5))
    total = sum(c.amount_min for c in manifest.counts.values())
    print_text(
        f"{manifest.enterprises} 家企业 / firms, {manifest.rows} 条结果 / results, {yuan_text(total)}, {run.folder}"
    )
    _print_dates(run)


def _print_dates(run: Run) -> None:
    """When time alone moves something next: a date of a firm, or the age of its data."""
    dates = run.next_dates()
    first = None if dates is None else first_date(dates)
    if first is not None:
        print_text(f"下一次日期届至 / next date that comes: {first[0]}, {first[1]} 家企业 / firms")
    if ages := run.ageing():
        name, day = min(ages.items(), key=lambda one: one[1])
        print_text(f"下一次数据过期 / next data too old: {day}, {name}")


def _one(uscc: str, as_of: str | None, policy: list[str] | None, lang: str, *, explain: bool, as_json: bool) -> None:
    when = day(as_of)
    with platform() as wired:
        policies, snapshot = wired.policies(), wired.snapshot()
        matches = ranked(wired.match(uscc, when, policy_ids=policy or None))
        if as_json:
            print_json(report(matches, policies, uscc=uscc, as_of=when, snapshot_id=snapshot.id, lang=lang))
            return
        name = snapshot.enterprise(uscc).name
        print_text(f"{name}  {uscc}  {when}")
        if explain:
            for found in matches:
                print_text()
                print_text(explain_text(found, policies, lang))
            return
        rows = [
            (
                VERDICT_WORDS[m.verdict][0 if lang == "zh" else 1],
                m.policy.title.say(lang),
                m.subject or "",
                amount_text(m.amount, lang),
                "、".join(fact["label"] for fact in missing_words(m, policies, lang)),
            )
            for m in matches
        ]
        print_table(
            ("结论 / verdict", "政策 / policy", "标的 / subject", "金额 / amount", "待补 / to supply"), rows, right=(3,)
        )


def _all(
    as_of: str | None, out: Path | None, engine: _EngineName, since: str | None, *, unknowns: bool, as_json: bool
) -> None:
    when = day(as_of)
    with platform() as wired:
        policies, snapshot = wired.policies(), wired.snapshot()
        target = out or settings().runs / f"{when}-{policies.hash[:8]}-{snapshot.id[:8]}"
        job = Job(policies, snapshot, when, all_payments(wired.engine), unknowns=unknowns)
        try:
            with ExitStack() as stack:
                base = _base(since, stack) if since is not None else None
                progress = stack.enter_context(bar(f"匹配 {snapshot.count()} 家企业"))
                run = run_match(job, target, _ENGINES[engine](), progress, since=base, tell=_tell)
        except OSError as error:
            zh, en = f"结果无法写入:{error.strerror}", f"the results cannot be written: {error.strerror}"
            raise InputError("cannot_write", zh, en, Location(str(target))) from error
        print_run(run, as_json=as_json)


def _base(since: str, stack: ExitStack) -> tuple[Run, Base] | None:
    """The earlier run and what it was made of; where its snapshot is not kept any more everything is matched."""
    run = latest_run(settings().runs) if since == "latest" else open_run(settings().runs / since)
    if run is None:
        note("还没有批次,全部匹配 / there is no run yet: everything is matched")
        return None
    try:
        snapshot = stack.enter_context(open_snapshot(settings().home, run.manifest.snapshot))
    except NotFound:
        note(
            f"快照 {run.manifest.snapshot} 已不在,全部匹配 / that snapshot is not kept any more: everything is matched"
        )
        return None
    return run, Base.of(run, snapshot)


def _tell(zh: str, en: str) -> None:
    note(f"{zh} / {en}")


def _money(count: PolicyCount) -> str:
    low, high = yuan_text(count.amount_min), yuan_text(count.amount_max)
    return (low if low == high else f"{low}–{high}") + ("+" if count.unbounded else "")
