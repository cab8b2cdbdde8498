"""Commands that tell firms: plan, run and look at notices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, now, platform, settings
from subsidy_match.cli.output import bar, print_findings, print_json, print_text
from subsidy_match.errors import NotFound
from subsidy_match.matching.runs import Run, latest_run, open_run
from subsidy_match.platform import Platform
from subsidy_match.push.automatic import start_automatic_claims
from subsidy_match.push.notices import PushReport, plan_push, run_push
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.publishing import published_policies
from subsidy_match.store.outbox import pending
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="推送:把新结果告知企业,每条只告知一次 / Tell firms what is new, once.", no_args_is_help=True)
Results = Annotated[Path | None, typer.Option("--run", help="匹配结果目录 / match run (default: the latest)")]


@app.command()
def plan(run: Results = None, as_json: Annotated[bool, JSON] = False) -> None:
    """看看会告知什么,不做改动 / What would be told; changes nothing."""
    with platform() as wired:
        found = _run(run)
        _print(plan_push(wired.engine, found, _policies(wired, found)), as_json=as_json, done=False)


@app.command("run")
def run_command(
    run: Results = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看不做 / same as plan")] = False,
    claims: Annotated[bool, typer.Option(help="免申即享自动生成办件 / start no-application claims")] = True,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """每家企业一份通知;免申即享直接生成办件 / One notice a firm; no-application policies become claims."""
    if dry_run:
        plan(run, as_json)
        return
    with platform() as wired, bar("推送") as progress:
        found = _run(run)
        policies = _policies(wired, found)
        report = run_push(wired.engine, found, policies, at=now(), progress=progress)
        _print(report, as_json=as_json, done=True)
        if not claims:
            return
        started = start_automatic_claims(wired.desk, found, policies, at=now(), progress=progress)
        if not as_json:
            print_text(
                f"免申即享 / no-application claims: {started.started} 件新办 / started, {started.present} 件已有 / there already"
            )
        if started.findings:
            print_findings(started.findings)
            raise typer.Exit(1)


@app.command()
def status(as_json: Annotated[bool, JSON] = False) -> None:
    """待发送的消息 / Messages waiting to be sent."""
    with platform() as wired:
        waiting = in_unit(wired.engine, lambda session: pending(session, "notice", limit=100_000), immediate=False)
    if as_json:
        print_json({"waiting": len(waiting), "oldest": waiting[0].created_at.isoformat() if waiting else None})
    else:
        print_text(f"{len(waiting)} 份通知待发送 / notices waiting")


def _policies(wired: Platform, run: Run) -> PolicySet:
    """The policies that the run was made with, which may no longer be the ones in force."""
    return published_policies(wired.settings.published, run.manifest.policies)


def _run(folder: Path | None) -> Run:
    if folder is not None:
        return open_run(folder)
    found = latest_run(settings().runs)
    if found is None:
        raise NotFound("run_not_found", "还没有匹配结果", "no match run yet", hint="subsidy-match match --all")
    return found


def _print(report: PushReport, *, as_json: bool, done: bool) -> None:
    if as_json:
        print_json(
            {
                "run": report.run_id,
                "firms_with_results": report.firms_with_results,
                "firms_told": report.firms_told,
                "results_told": report.results_told,
                "done": done,
            }
        )
        return
    zh = "已告知" if done else "将告知"
    print_text(
        f"{zh} {report.firms_told} 家企业 {report.results_told} 条结果 / firms, results; {report.firms_with_results} 家有结果 / with results"
    )
