"""One firm from all sides, and a decision worked out again, on an imported city."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from small_city import AS_OF, ROOT, City

from subsidy_match.cli.staging import open_funds
from subsidy_match.matching.checkup import checkup as check
from subsidy_match.matching.checkup import checkup_report
from subsidy_match.platform import Platform

AT = datetime(2026, 6, 30, 1, 0, tzinfo=UTC)


def run(city: City, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "subsidy_match.cli", *words]
    return subprocess.run(command, env=city.env, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)


def checkup(city: City, uscc: str) -> dict[str, Any]:
    done = run(city, "checkup", uscc, "--as-of", "2026-06-30", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_firm_sees_bounds_prices_and_who_owes_what(city: City):
    found = checkup(city, city.demo_uscc)
    assert found["total"]["min"] <= found["chosen"]["total"]["min"]
    assert found["missing"]
    prices = [fact["unlocks"] for fact in found["missing"]]
    bounded = [price for price in prices if price is not None]
    assert prices == [None] * (len(prices) - len(bounded)) + sorted(bounded, reverse=True)
    assert all(fact["owed_by"]["zh"] for fact in found["missing"])
    assert {"市商务局", "市统计局"} <= {fact["owed_by"]["zh"] for fact in found["missing"]}


def test_a_near_miss_says_how_much_is_short_and_what_it_would_bring(city: City):
    platform = Platform(city.settings)
    try:
        policies = platform.policies()
        firms = islice(platform.snapshot().enterprises(), 20)
        reports = [checkup_report(check(policies, firm, AS_OF), policies) for firm in firms]
    finally:
        platform.close()
    near = [one for found in reports for one in found["near_misses"]]
    assert near
    assert all(one["verdict"] in ("eligible", "to_confirm") for one in near)
    assert any("还差" in one["text"]["zh"] for one in near)


@pytest.mark.parametrize(("lang", "word"), [("zh", "待补数据"), ("en", "up to")])
def test_the_text_is_a_table_in_either_language(city: City, lang: str, word: str):
    done = run(city, "checkup", city.demo_uscc, "--as-of", "2026-06-30", "--lang", lang)
    assert done.returncode == 0, done.stderr
    assert word in done.stdout
    assert "接近符合" in done.stdout or "nearly" not in done.stdout


def test_an_unknown_firm_is_named(city: City):
    done = run(city, "checkup", "91320800MA00000000")
    assert done.returncode == 2
    assert "91320800MA00000000" in done.stderr
    assert "Traceback" not in done.stderr


# --- replay ---


@pytest.fixture(scope="module")
def claim_id(city: City) -> int:
    platform = Platform(city.settings)
    open_funds(platform.engine, platform.policies(), AT.date(), at=AT)
    claim = platform.desk.start_no_apply(uscc=city.demo_uscc, policy_id="huaian-job-retention", period="2026", at=AT)
    platform.close()
    return claim.id


def test_a_claim_replays_to_what_was_decided(city: City, claim_id: int):
    done = run(city, "claims", "replay", str(claim_id), "--json")
    assert done.returncode == 0, done.stderr
    (again, *_) = json.loads(done.stdout)
    assert again["differences"] == []
    assert again["is"]["verdict"] == again["was"]["verdict"] == "eligible"
    assert again["is"]["amount"] == again["was"]["amount"]


def test_exported_evidence_replays_alone_and_a_changed_one_is_found_out(city: City, claim_id: int, tmp_path: Path):
    exported = run(city, "claims", "evidence", str(claim_id))
    assert exported.returncode == 0, exported.stderr
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(exported.stdout, encoding="utf-8")
    bad.write_text(exported.stdout.replace('"verdict":"eligible"', '"verdict":"unknown"'), encoding="utf-8")
    alone = City(city.settings.model_copy(update={"home": tmp_path / "nowhere"}), city.samples, city.demo_uscc)
    same = run(alone, "claims", "replay", "--file", str(good))
    assert (same.returncode, "一致 / same" in same.stdout) == (0, True), same.stderr
    other = run(alone, "claims", "replay", "--file", str(bad))
    assert (other.returncode, "不一致 / differs" in other.stdout) == (1, True), other.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"format": 1, "files": {"../x": ""}}', '{"format": 1}'])
def test_what_is_no_evidence_is_refused_with_a_sentence(city: City, tmp_path: Path, content: str):
    path = tmp_path / "evidence.json"
    path.write_text(content, encoding="utf-8")
    done = run(city, "claims", "replay", "--file", str(path))
    assert done.returncode == 2
    assert "evidence_broken" in done.stderr
    assert "Traceback" not in done.stderr
