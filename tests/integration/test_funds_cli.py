"""A year of two funds on the command line."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from claims_world import World, build_world
from typer.testing import CliRunner

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.states import State
from subsidy_match.cli import app
from subsidy_match.cli.context import business_today
from subsidy_match.errors import SubsidyError
from subsidy_match.store.engine import open_engine

ROOT = Path(__file__).parents[2]
FUND = "demo-fund-2026"


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    shutil.copy(sqlite_template, tmp_path / "subsidy.sqlite3")
    for name, value in {"HOME": tmp_path, "POLICIES": ROOT / "policies"}.items():
        monkeypatch.setenv(f"SUBSIDY_{name}", str(value))
    engine = open_engine(f"sqlite:///{tmp_path / 'subsidy.sqlite3'}")
    return build_world(engine, tmp_path)


def call(*words: str) -> str:
    done = CliRunner().invoke(app, ["funds", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_year_of_two_funds(world: World):
    world.walk(State.ACCEPTED)
    call("open", "next", "--zh", "下年", "--en", "next", "--year", "2027", "--as", "fund", "--allocated", "1,000.50")
    call("allocate", FUND, "500000", "--document", "指2号", "--as", "fund")
    call("transfer", FUND, "next", "250000", "--document", "调1号", "--as", "fund")
    call("freeze", FUND, "--note", "审计", "--as", "supervisor")
    assert "frozen" in call("list")
    call("unfreeze", FUND, "--note", "审计结束", "--as", "supervisor")
    assert "124万元" in call("close", FUND, "--document", "结1号", "--as", "fund")
    assert "100万元" in call("carry-over", FUND, "next", "--amount", "1000000", "--document", "转1号", "--as", "fund")
    found = {fund["id"]: fund for fund in json.loads(call("list", "--json"))}
    assert (found[FUND]["available"], found[FUND]["reserved"], found[FUND]["is_closed"]) == (0, 10_000_00, True)
    assert found["next"]["allocated"] == 1_251_000_50


def test_claims_of_a_closed_fund_go_to_the_next(world: World):
    first, second = (world.walk(State.APPROVED, period=period) for period in ("2024", "2025"))
    listed = world.walk(State.PAYABLE, period="2023")
    call("open", "next", "--zh", "下年", "--en", "next", "--year", "2027", "--as", "fund")
    call("close", FUND, "--document", "结1号", "--as", "fund")
    call("carry-over", FUND, "next", "--document", "转1号", "--as", "fund")
    assert first.claim_no in call("closings", FUND)
    way = ("rehome", FUND, "next", "--document", "列1号", "--as", "fund")
    assert "1万元" in call(*way, "--claim", str(first.id))
    said = CliRunner().invoke(app, ["funds", *way])
    assert (said.exit_code, "allocation_live" in said.output) == (1, True)
    assert "转列 / moved 1  未转列 / refused 1  仍在原资金 / left behind 1" in said.output
    page = call("closings", FUND)
    assert (second.claim_no in page, listed.claim_no in page) == (False, True)
    assert world.fund("next").committed == 20_000_00


def test_a_fund_is_shown_with_its_bar_and_outlook(world: World):
    world.assume(amount_min=250_000_00, amount_max=250_000_00)
    world.walk(State.ACCEPTED)
    world.walk(State.APPROVED, period="2025")
    page = call("show", FUND)
    assert f"[{'▓' * 10}{'▒' * 10}{'·' * 20}]" in page
    assert "已受理 / accepted" in page
    outlook = json.loads(call("show", FUND, "--json"))
    assert [part["state"] for part in outlook["pending"]] == ["ACCEPTED", "APPROVED"]
    assert outlook["asked"] == 0


def test_a_pooled_fund_is_shared_out(world: World):
    call(
        "open", "pool", "--zh", "统筹", "--en", "pool", "--year", str(business_today().year), "--as", "fund",
        "--allocated", "6050", "--mode", "pooled", "--step", "100",
    )  # fmt: skip
    world.assume(funding=(Share("pool", Fraction(1)),))
    claim = world.walk(State.IN_RECHECK)
    assert call("run", "draft", "pool", "--as", "fund") == call("run", "show", "1")
    assert "confirmed" in call("run", "confirm", "1", "--as", "fund_b")
    assert world.desk.claim(claim.id).amount == 6_000_00
    assert "0" in call("waitlist")


def test_what_is_refused_says_why(world: World):
    with pytest.raises(SubsidyError, match="role_missing"):
        call("close", FUND, "--document", "结1号", "--as", "clerk")
    with pytest.raises(SubsidyError, match="amount_unreadable"):
        call("allocate", FUND, "1.234", "--document", "指1号", "--as", "fund")
