"""Push over a real snapshot: each firm is told once, whoever pushes and however often."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_city import AS_OF, City, build_city

from subsidy_match.claims.states import Event
from subsidy_match.cli.staging import open_funds
from subsidy_match.matching.engines import Job
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import Run
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.platform import Platform
from subsidy_match.push.automatic import start_automatic_claims
from subsidy_match.push.news import Told
from subsidy_match.push.notices import notices_of, plan_push, run_push
from subsidy_match.rules.replay import replay
from subsidy_match.store.outbox import pending
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUSH

AT = datetime(2026, 6, 30, 1, 0, tzinfo=UTC)


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[tuple[City, Platform, Run]]:
    city = build_city(tmp_path, firms=40)
    platform = Platform(city.settings)
    run = run_match(Job(platform.policies(), platform.snapshot(), AS_OF), city.settings.runs / "first", VectorEngine())
    yield city, platform, run
    platform.close()


def test_a_second_push_with_nothing_new_tells_nobody(pushed: tuple[City, Platform, Run]):
    _, platform, run = pushed
    planned = plan_push(platform.engine, run, platform.policies())
    first = run_push(platform.engine, run, platform.policies(), at=AT)
    second = run_push(platform.engine, run, platform.policies(), at=AT)
    assert first == planned
    assert first.firms_told > 0
    assert (second.firms_told, second.results_told) == (0, 0)


def test_a_firm_gets_one_notice_that_lists_all_its_news(pushed: tuple[City, Platform, Run]):
    city, platform, run = pushed
    report = run_push(platform.engine, run, platform.policies(), at=AT)
    (notice,) = notices_of(platform.engine, city.demo_uscc)
    told = {(r["policy_id"], r["verdict"]) for r in notice.content["results"]}
    assert ("huaian-equipment", "to_confirm") in told
    assert all(r["provenance"] != "official" for r in notice.content["results"])
    messages = in_unit(platform.engine, lambda s: pending(s, "notice", limit=10_000), immediate=False)
    assert len(messages) == report.firms_told


def test_two_pushes_at_once_tell_each_firm_once(pushed: tuple[City, Platform, Run]):
    city, platform, run = pushed
    command = [sys.executable, "-m", "subsidy_match.cli", "push", "run", "--no-claims", "--json"]
    rivals = [subprocess.Popen(command, env=city.env, stdout=subprocess.PIPE) for _ in range(2)]
    for rival in rivals:
        rival.communicate(timeout=120)
    assert [rival.returncode for rival in rivals] == [0, 0]
    messages = in_unit(platform.engine, lambda s: pending(s, "notice", limit=10_000), immediate=False)
    firms = [message.key.split(":")[0] for message in messages]
    assert len(firms) == len(set(firms)) == plan_push(platform.engine, run, platform.policies()).firms_with_results


def test_automatic_results_become_claims_once(pushed: tuple[City, Platform, Run]):
    _, platform, run = pushed
    open_funds(platform.engine, platform.policies(), AS_OF, at=AT)
    first = start_automatic_claims(platform.desk, run, platform.policies(), at=AT)
    second = start_automatic_claims(platform.desk, run, platform.policies(), at=AT)
    assert first.started > 0
    assert first.findings == []
    assert (second.started, second.present, second.used) == (0, first.started, first.used)
    claims = platform.desk.list_claims()
    assert {str(claim.state) for claim in claims} == {"ACCEPTED"}
    for claim in claims[:10]:
        submitted = [s.version for s in platform.desk.timeline(claim.id) if s.event is Event.SUBMIT]
        assert replay(json.loads(platform.desk.evidence(claim.id, *submitted))).differences == ()


TOLD = Told("p", "2026", "", "to_confirm", 100, 100)


@pytest.mark.parametrize(
    ("now", "is_news"),
    [
        (TOLD, False),
        (replace(TOLD, verdict="eligible"), True),
        (replace(TOLD, amount_max=200), True),
    ],
)
def test_news_is_a_better_verdict_or_another_amount(now: Told, is_news: bool):
    assert now.is_news_after(TOLD) is is_news


def test_a_verdict_that_falls_back_to_confirm_is_not_announced_again():
    assert not TOLD.is_news_after(replace(TOLD, verdict="eligible"))


def test_an_automatic_claim_that_was_begun_is_carried_on(pushed: tuple[City, Platform, Run]):
    city, platform, _ = pushed
    open_funds(platform.engine, platform.policies(), AS_OF, at=AT)
    wanted = {"uscc": city.demo_uscc, "policy_id": "huaian-job-retention", "period": "2026"}
    begun = platform.desk.create_draft(**wanted, actor=PUSH, at=AT)
    done = platform.desk.start_no_apply(**wanted, at=AT)
    assert (done.id, str(done.state)) == (begun.id, "ACCEPTED")
