"""The command line: exit codes, places of errors, data on stdout and nothing else there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_city import ROOT, City
from typer.core import TyperGroup
from typer.main import get_group

from subsidy_match.cli import app


def run(city: City, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "subsidy_match.cli", *words]
    return subprocess.run(
        command, env={**city.env, **env}, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT
    )


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))


def test_shipped_policies_are_valid_and_their_cases_pass(city: City):
    assert run(city, "policies", "validate").returncode == 0
    tested = run(city, "policies", "test", "--json")
    assert tested.returncode == 0
    results = json.loads(tested.stdout)
    assert len(results) > 100
    assert all(result["passed"] for result in results)


def test_a_malformed_policy_is_refused_with_its_place(city: City, policies: Path):
    path = policies / "huaian" / "huaian-equipment@2026-01-01.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("equipment_invoiced, at_least", "equipment_invoised, at_least")
    )
    done = run(city, "policies", "validate", str(policies))
    assert done.returncode == 1
    assert "huaian-equipment@2026-01-01.yml:24:" in done.stdout
    assert "did you mean 'equipment_invoiced'" in done.stdout
    found = json.loads(run(city, "policies", "validate", str(policies), "--format", "json").stdout)
    assert (found[0]["code"], found[0]["line"]) == ("P007", 24)


def test_a_wrong_unit_says_which_unit_is_wanted(city: City, policies: Path):
    path = policies / "huaian" / "huaian-equipment@2026-01-01.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("at_least: 500万元", "at_least: 500人"))
    done = run(city, "policies", "validate", str(policies))
    assert done.returncode == 1
    assert "P006" in done.stdout


def test_a_broken_case_fails_the_test_command_and_publishing(city: City, policies: Path, tmp_path: Path):
    path = policies / "huaian" / "huaian-equipment.cases.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("amount: 40万元", "amount: 41万元", 1))
    tested = run(city, "policies", "test", str(policies))
    assert tested.returncode == 1
    assert "huaian-equipment.cases.yml" in tested.stdout
    published = run(city, "policies", "publish", str(policies), SUBSIDY_HOME=str(tmp_path / "home"))
    assert published.returncode == 2
    assert not (tmp_path / "home" / "published" / "current").exists()


def test_one_firm_with_every_reason_as_json(city: City):
    done = run(city, "match", "--uscc", city.demo_uscc, "--as-of", "2026-06-30", "--explain", "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    found = {match["policy_id"]: match for match in report["matches"]}
    assert found["huaian-equipment"]["amount"] == {"min": 148_800_000, "max": 148_800_000}
    assert found["huaian-equipment"]["reasons"]["children"]
    assert report["policy_set"]
    assert report["snapshot"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("match", "--uscc", "91320812MAB4DM124P", "--as-of", "yesterday"), "bad_date"),
        (("match",), "match_whom"),
        (("match", "--uscc", "91320800MAE272JE3T"), "no"),
        (("policies", "explain", "no-such-policy"), "policy_not_found"),
        (("claims", "show", "999"), "claim_unknown"),
        (("push", "run", "--run", "nowhere"), "run_not_found"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_what_cannot_be_run_exits_with_two_and_a_sentence(city: City, words: tuple[str, ...], code: str):
    done = run(city, *words)
    assert done.returncode == 2
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_nothing_published_is_said_so(city: City, tmp_path: Path):
    done = run(city, "match", "--uscc", city.demo_uscc, SUBSIDY_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "nothing_published" in done.stderr
    assert "subsidy-match policies publish" in done.stderr


def test_a_policy_can_be_read_in_words(city: City):
    done = run(city, "policies", "explain", "huaian-equipment", "--as-of", "2026-06-30")
    assert done.returncode == 0
    assert "设备发票金额(不含税) ≥ 500万元" in done.stdout
    plain = json.loads(run(city, "policies", "explain", "huaian-equipment", "--as-of", "2026-06-30", "--json").stdout)
    assert plain["provenance"] == "representative"


def commands(group: TyperGroup, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, found in group.commands.items():
        yield (*words, name), found
        if isinstance(found, TyperGroup):
            yield from commands(found, *words, name)


def speaks_both(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[A-Za-z]{2}", text))


def test_every_command_and_every_argument_has_help_in_both_languages():
    found = dict(commands(get_group(app)))
    assert len(found) > 100
    silent = [" ".join(words) for words, command in found.items() if not speaks_both(command.help or "")]
    silent += [
        f"{' '.join(words)} {argument.name}"
        for words, command in found.items()
        for argument in command.params
        if argument.name != "help" and not speaks_both(argument.help or "")
    ]
    assert silent == []


def test_help_is_shown(city: City):
    done = run(city, "claims", "rules", "--help")
    assert (done.returncode, "办理规定" in done.stdout) == (0, True)
