"""``make demo``: from department files to a paid claim on synthetic data, with simulated dates, in one go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.deadline.sweeper import sweep
from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.cli.claims import print_claim
from subsidy_match.cli.context import now
from subsidy_match.cli.matching import print_run
from subsidy_match.cli.output import bar, note, print_text
from subsidy_match.cli.staging import funds_of, open_funds, staff, walk_to_completed
from subsidy_match.errors import InputError, Location
from subsidy_match.matching.engines import Job
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import Run
from subsidy_match.matching.single import ranked
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.profiles.importing import import_files
from subsidy_match.push.automatic import start_automatic_claims
from subsidy_match.push.notices import run_push
from subsidy_match.rules.explanation import amount_text, explain_text, missing_words
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.publishing import publish, run_cases
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.span import Bound
from subsidy_match.rules.truth import Verdict
from subsidy_match.settings import Settings
from subsidy_match.store import audit
from subsidy_match.store.migration import upgrade
from subsidy_match.store.unit import in_unit

__all__ = ["demo"]

AS_OF = date(2026, 6, 30)
_MORNING = datetime(2026, 6, 30, 1, 0, tzinfo=UTC)  # 9:00 in China
_MARK = ".subsidy-match-demo"
_GROUPS = (
    (Verdict.ELIGIBLE, "可申报 / eligible"),
    (Verdict.TO_CONFIRM, "待核实 / to confirm"),
    (Verdict.UNKNOWN, "待补充 / need data"),
    (Verdict.INELIGIBLE, "不符合 / not eligible"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the steps of the demo share."""

    wired: Platform
    samples: Path
    uscc: str


def demo(
    samples: Annotated[Path, typer.Option(help="样例数据目录 / folder of sample files")] = Path("data_samples"),
    home: Annotated[Path, typer.Option(help="演示所用目录,每次重建 / folder of the demo, made anew")] = Path(".demo"),
    lang: Annotated[str, typer.Option(help="语言 / language: zh | en")] = "zh",
) -> None:
    """用合成数据走一遍:导入、匹配、推送、申报、兑付 / Walk it all on synthetic data: import, match, push, claim, pay."""
    truth = samples / "truth.json"
    if not truth.is_file():
        raise InputError(
            "no_samples", f"没有样例数据:{samples}", f"no sample data in {samples}", Location(str(samples))
        )
    _fresh(home)
    settings = Settings(home=home)
    print_text("全部数据均为合成,政策标明性质 / all data is synthetic; every policy says what it is")
    upgrade(settings.url)
    _import(settings, samples)
    _policies(settings)
    wired = Platform(settings)
    try:
        stage = Stage(wired, samples, json.loads(truth.read_text(encoding="utf-8"))["demo_uscc"])
        run = _match(stage)
        _one_firm(stage, lang)
        _push(stage, run)
        _sweep(stage, _claim(stage))
        _look_further(settings)
    finally:
        wired.close()


def _fresh(home: Path) -> None:
    """Empty the demo's own folder, and never another."""
    if home.exists():
        if any(home.iterdir()) and not (home / _MARK).exists():
            raise InputError(
                "not_a_demo", f"{home} 不是演示目录", f"{home} was not made by the demo", hint="--home DIR"
            )
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / _MARK).touch()


def _title(number: int, zh: str, en: str) -> None:
    print_text()
    print_text(f"== {number}. {zh} / {en}")


def _import(settings: Settings, samples: Path) -> None:
    _title(1, "导入部门文件", "Import department files")
    with bar("导入") as progress:
        report = import_files(
            [samples / "files"],
            home=settings.home,
            policies=settings.policies,
            person_key=settings.person_key,
            today=AS_OF,
            progress=lambda _stage, done, of: progress(done, of),
        )
    print_text(report.text("zh"))


def _policies(settings: Settings) -> None:
    _title(2, "检查、测试、发布政策", "Check, test and publish policies")
    policies = load_policies(settings.policies)
    results = run_cases(policies, settings.policies, keyword="")
    failed = sum(1 for result in results if result.problems)
    print_text(
        f"{len(policies.policies)} 个政策版本 / versions,{len(results)} 个用例 / cases,{failed} 个未通过 / failed"
    )
    published = publish(settings.policies, settings.published)
    print_text(f"已发布 / published {published.hash[:12]}")


def _match(stage: Stage) -> Run:
    _title(3, f"全量匹配({AS_OF})", "Match every firm with every policy")
    policies, snapshot = stage.wired.policies(), stage.wired.snapshot()
    with bar(f"匹配 {snapshot.count()} 家企业") as progress:
        out = stage.wired.settings.runs / f"{AS_OF}"
        run = run_match(Job(policies, snapshot, AS_OF), out, VectorEngine(), progress)
    print_run(run)
    return run


def _one_firm(stage: Stage, lang: str) -> None:
    matches = ranked(stage.wired.match(stage.uscc, AS_OF))
    name = stage.wired.snapshot().enterprise(stage.uscc).name
    _title(4, f"一家企业:{name}", f"One firm: {stage.uscc}")
    for verdict, words in _GROUPS:
        found = [match for match in matches if match.verdict is verdict]
        print_text(f"{words}: {len(found)}")
        for match in found:
            print_text(f"  · {_line(match, stage, lang)}")
    for match in _worth_reading(matches):
        print_text()
        print_text(explain_text(match, stage.wired.policies(), lang))


def _line(match: Match, stage: Stage, lang: str) -> str:
    subject = f"({match.subject})" if match.subject else ""
    facts = missing_words(match, stage.wired.policies(), lang)
    owed = f" 待补 / to supply: {'、'.join(fact['label'] for fact in facts)}" if facts else ""
    amount = f" {amount_text(match.amount, lang)}" if match.amount is not None else ""
    return f"{match.policy.title.say(lang)}{subject}{amount}{owed}"


def _worth_reading(matches: Sequence[Match]) -> list[Match]:
    """The best result and one refusal, to show both kinds of reasons."""
    announced = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
    paying = [match for match in matches if match.amount is not None and match.verdict in announced]
    refused = [match for match in matches if match.verdict is Verdict.INELIGIBLE]
    return sorted(paying, key=_most, reverse=True)[:1] + refused[:1]


def _most(match: Match) -> Bound:
    return match.amount.hi if match.amount else 0


def _push(stage: Stage, run: Run) -> None:
    _title(5, "主动推送", "Tell firms first")
    wired = stage.wired
    for words in ("第一次 / first run", "再推一次 / again"):
        with bar("推送") as progress:
            report = run_push(wired.engine, run, wired.policies(), at=_MORNING, progress=progress)
        print_text(f"{words}: {report.firms_told} 家企业 / firms,{report.results_told} 条 / results")
    with bar("免申即享") as progress:
        open_funds(wired.engine, wired.policies(), AS_OF, at=_MORNING)
        started = start_automatic_claims(wired.desk, run, wired.policies(), at=_MORNING, progress=progress)
    print_text(
        f"免申即享 / without application: {started.started} 件自动办理 / started,"
        f"{started.used} 件标的已被使用 / used by another claim,{len(started.findings)} 件未能办理 / failed"
    )
    for finding in started.findings[:3]:
        note(f"  {finding}")


def _claim(stage: Stage) -> Claim:
    _title(6, "一件申报,从受理到兑付(日期为模拟)", "One claim from acceptance to payout (simulated dates)")
    people = staff(stage.wired.engine, stage.uscc, stage.wired.settings.home / "tokens.json")
    claim = walk_to_completed(stage.wired, people, stage.uscc, "huaian-equipment", start=date(2026, 7, 1))
    print_claim(stage.wired, claim.id)
    print_text()
    for notice in NoticeOffice(stage.wired.desk).notices():
        print_text(f"公示 / notice {notice.number}: {notice.from_on} – {notice.until_on}")
    for made in AllocationOffice(stage.wired.desk).allocations():
        print_text(f"资金下达 / allocation {made.number}: {made.claim_count} 件 / claims,{yuan_text(made.total)}")
    for fund in funds_of(stage.wired.engine, claim):
        print_text(
            f"资金 / fund {fund.id}: 下达 {yuan_text(fund.allocated)} · 预占 {yuan_text(fund.reserved)} · "
            f"占用 {yuan_text(fund.committed)} · 已付 {yuan_text(fund.paid)} · 可用 {yuan_text(fund.available)}"
        )
    found = in_unit(stage.wired.engine, audit.verify, immediate=False)
    chains = len(in_unit(stage.wired.engine, audit.heads, immediate=False))
    print_text(f"审计链核对 / audit chains verified: {chains} 条 / chains,{len(found)} 处不符 / findings")
    return claim


def _sweep(stage: Stage, last: Claim) -> None:
    """Do once what the server does every hour: of today, so that ``doctor`` finds a system that is looked after."""
    _title(7, "办理到期事项", "Do what time has brought about")
    told = datetime.combine(last.ended_on or AS_OF, time(9, 0), UTC)  # the story may be ahead of the clock on the wall
    with bar("清扫") as progress:
        report = sweep(stage.wired.desk, at=max(now(), told), progress=progress)
    print_text(f"{report.zh} / {report.en}")


def _look_further(settings: Settings) -> None:
    _title(8, "继续看", "Look further")
    print_text(f"  make serve        启动服务 / serve the API over {settings.home}, http://127.0.0.1:8000/")
    print_text(f"  {settings.home / 'tokens.json'}    演示人员的令牌 / bearer tokens of the demo's people")
    print_text(f"  export SUBSIDY_HOME={settings.home}   然后 / then: .venv/bin/subsidy-match --help")
