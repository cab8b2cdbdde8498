"""A ledger of the finance bureau, imported, bars a claim of the group that it paid: from the file to the refusal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_world import FIRM, NAME, ApiWorld, build_api, department_files
from profile_files import POLICIES, take_in, write_csv

from subsidy_match.rules.publishing import publish

POLICY = "huaian-job-retention"  # what the words of a ledger may mean is told by the shipped mapping
LEDGER = ("统一社会信用代码", "单位名称", "拨付编号", "奖补事项", "金额(元)", "拨付日期")
PAID = [
    [FIRM, NAME, "CZ-2025", "稳岗返还", "20000", "2025-03-02"],
    [FIRM, NAME, "CZ-2026", "稳岗返还", "20000", "2026-03-02"],
]


@pytest.fixture
def api(tmp_path: Path, sqlite_template: Path) -> Iterator[ApiWorld]:
    folder = tmp_path / "shared"
    policies, home, files = folder / "policies", folder / "home", folder / "files"
    files.mkdir(parents=True)
    write_policies(policies)
    publish(policies, home / "published")
    take_in(home, *department_files(files), write_csv(files / "奖补_20260531.csv", LEDGER, PAID))
    shutil.copy(sqlite_template, tmp_path / "store.sqlite3")
    world = build_api(tmp_path, folder, f"sqlite:///{tmp_path / 'store.sqlite3'}")
    yield world
    world.client.close()
    world.platform.close()


def write_policies(folder: Path) -> None:
    """The invented policy of the API tests, once for a ledger to mean and once for itself, in one group."""
    kit, rule = (
        Path(__file__).parents[1] / "kit/api_policies",
        "exclusive: [{group: one-a-year, at_most: 1, per: year}]",
    )
    folder.mkdir()
    for ending in ("@2026-01-01.yml", ".cases.yml"):
        text = (kit / f"demo-active{ending}").read_text(encoding="utf-8").replace("materials:", f"{rule}\nmaterials:")
        for name in ("demo-active", POLICY):
            (folder / f"{name}{ending}").write_text(text.replace("demo-active", name), encoding="utf-8")
    shutil.copy(POLICIES / "facts.yml", folder)
    shutil.copytree(POLICIES / "parameters", folder / "parameters")


def test_a_firm_that_the_bureau_paid_in_the_year_gets_no_other_of_the_group(api: ApiWorld):
    api.give_account()
    claim = api.draft().json()["id"]
    refused = api.fire(claim, "submit", "applicant", materials={"m1": "paper"})
    assert (refused.status_code, refused.json()["code"]) == (409, "exclusive_taken")
    assert f"CZ-2026 ({POLICY})" in refused.json()["zh"]
    assert "CZ-2025" not in refused.json()["zh"]
