"""Commands that match: one firm with its reasons, or the whole population."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.payment.payments import all_payments
from subsidy_match.cli.context import AS_OF, JSON, LANG, day, platform, settings
from subsidy_match.cli.output import bar, note, print_json, print_table, print_text
from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.matching.engines import Engine, Job, ReferenceEngine
from subsidy_match.matching.incremental import Base
from subsidy_match.matching.next_dates import first_date
from subsidy_match.matching.overview import overview_report
from subsidy_match.matching.report import report
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import PolicyCount, Run, latest_run, open_run
from subsidy_match.matching.single import ranked
from subsidy_match.matching.spark.engine import SparkEngine
from subsidy_match.matching.spark.session import spark_session
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.money import yuan_text
from subsidy_match.profiles.exported import open_exported
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.explanation import VERDICT_WORDS, amount_text, explain_text, missing_words
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

__all__ = ["app", "print_run"]


_PAGE = 20


class _EngineName(StrEnum):
    """The engines that match a population."""

    VECTOR = "vector"
    REFERENCE = "reference"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Where Spark runs, and what it matches; on this machine, how many processes."""

    parquet: Path | None
    master: str | None
    processes: int | None

    def check(self, engine: _EngineName) -> None:
        """Check that the options fit the engine.

        Raises:
            InputError: they do not.
        """
        if engine is _EngineName.SPARK and self.parquet is None:
            zh, en = "请用 --parquet 指明导出的快照", "name the exported snapshot with --parquet"
            raise InputError("match_spark", zh, en, hint="subsidy-match profiles export --parquet DIR")
        if engine is not _EngineName.SPARK and (self.parquet or self.master):
            zh, en = (
                "--parquet 和 --spark-master 只用于 --engine spark",
                "--parquet and --spark-master need --engine spark",
            )
            raise InputError("match_spark", zh, en)


app = typer.Typer(help="匹配:一家企业,或全部企业 / Match one enterprise, or all of them.", invoke_without_command=True)


@app.callback()
def match(
    ctx: typer.Context,
    uscc: Annotated[str | None, typer.Option(help="统一社会信用代码 / the firm")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="全部企业 / the whole population")] = False,
    as_of: Annotated[str | None, AS_OF] = None,
    out: Annotated[Path | None, typer.Option(help="结果目录 / folder for the results of --all")] = None,
    engine: Annotated[
        _EngineName, typer.Option(help="引擎:vector 成批,reference 逐户,spark 集群 / the engine of --all")
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
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="引擎 vector:进程数,默认按处理器数 / how many processes work; as many as processors"),
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="引擎 spark:profiles export 的目录 / the folder of profiles export")
    ] = None,
    spark_master: Annotated[
        str | None, typer.Option(help="引擎 spark:在哪里运行,如 local[2]、yarn / where Spark runs, as Spark names it")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="逐条说明 / every reason")] = False,
    policy: Annotated[list[str] | None, typer.Option(help="只看这些政策 / only these policies")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=200, help="分页:每页条数 / a page of so many, beside all in short")
    ] = None,
    cursor: Annotated[str | None, typer.Option(help="上一页的 next / `next` of the page before")] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """匹配 / Match."""
    if ctx.invoked_subcommand is not None:
        return
    if (uscc is None) == (not everyone):
        raise InputError("match_whom", "请用 --uscc 或 --all 之一", "give either --uscc or --all")
    if limit is not None or cursor is not None:
        if uscc is None or policy:
            raise InputError("page_of_whom", "分页只用于 --uscc 的全部政策", "pages are of --uscc and all policies")
        _page(uscc, as_of, cursor, limit or _PAGE, lang, explain=explain, as_json=as_json)
    elif uscc is not None:
        _one(uscc, as_of, policy, lang, explain=explain, as_json=as_json)
    else:
        cluster = _Cluster(parquet, spark_master, processes)
        cluster.check(engine)
        _all(as_of, out, engine, cluster, since, unknowns=unknowns, as_json=as_json)


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
        _print_matches(matches, policies, lang, explain=explain)


def _page(
    uscc: str, as_of: str | None, cursor: str | None, limit: int, lang: str, *, explain: bool, as_json: bool
) -> None:
    when = day(as_of)
    with platform() as wired:
        found = wired.overview(uscc, when)
        firm, policies = found.evaluator.enterprise, found.plan.plan.policies
        if as_json:
            print_json(overview_report(found, uscc=firm.uscc, cursor=cursor, limit=limit, lang=lang))
            return
        first = found.first(cursor)
        print_text(f"{firm.name}  {firm.uscc}  {when}")
        _print_matches(found.explained(first, limit), policies, lang, explain=explain)
        print_text("  ".join(f"{' / '.join(VERDICT_WORDS[Verdict(name)])} {n}" for name, n in found.totals.items()))
        if (after := found.cursor(first + limit)) is not None:
            print_text(f"下一页 / next: --cursor {after}")


def _print_matches(matches: Sequence[Match], policies: PolicySet, lang: str, *, explain: bool) -> None:
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
    columns = ("结论 / verdict", "政策 / policy", "标的 / subject", "金额 / amount", "待补 / to supply")
    print_table(columns, rows, right=(3,))


def _all(
    as_of: str | None,
    out: Path | None,
    engine: _EngineName,
    cluster: _Cluster,
    since: str | None,
    *,
    unknowns: bool,
    as_json: bool,
) -> None:
    when = day(as_of)
    with platform() as wired:
        policies, snapshot = wired.policies(), wired.snapshot()
        target = out or settings().runs / f"{when}-{policies.hash[:8]}-{snapshot.id[:8]}"
        job = Job(policies, snapshot, when, all_payments(wired.engine), unknowns=unknowns)
        try:
            with ExitStack() as stack:
                made = stack.enter_context(_engine(engine, cluster))
                base = _base(since, stack) if since is not None else None
                progress = stack.enter_context(bar(f"匹配 {snapshot.count()} 家企业"))
                run = run_match(job, target, made, progress, since=base, tell=_tell)
        except OSError as error:
            zh, en = f"结果无法写入:{error.strerror}", f"the results cannot be written: {error.strerror}"
            raise InputError("cannot_write", zh, en, Location(str(target))) from error
        print_run(run, as_json=as_json)


@contextmanager
def _engine(name: _EngineName, cluster: _Cluster) -> Iterator[Engine]:
    """The engine; that of Spark has a session, which ends with it."""
    match name:
        case _EngineName.VECTOR:
            with VectorEngine(cluster.processes or os.cpu_count() or 1) as here:
                yield here
        case _EngineName.REFERENCE:
            yield ReferenceEngine()
        case _EngineName.SPARK:
            exported = open_exported(cluster.parquet or Path())
            with spark_session(cluster.master) as session:
                yield SparkEngine(session, exported)


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
