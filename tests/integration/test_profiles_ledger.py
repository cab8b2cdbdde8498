"""The payment ledger and the policies: every policy that pays has a word, and what has none leaves "first time" open."""

from __future__ import annotations

from datetime import date

import pytest
from profile_files import POLICIES, code, firm, take_in, write_csv, write_register
from typer.testing import CliRunner

from subsidy_match.cli.profiles import app
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.unlinked import policy_words
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies

LEDGER = ("统一社会信用代码", "单位名称", "拨付编号", "奖补事项", "项目编号", "金额(元)", "拨付日期")
STRANGE = "2024年规模以上企业首次入库奖励资金"
WORDS = policy_words(load_mappings(fact_columns(POLICIES)))


@pytest.fixture(scope="module")
def library():
    return load_policies(POLICIES)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    items = [(1, STRANGE), (2, "首次入库奖励"), (3, "稳岗返还"), (4, STRANGE), (4, "其他")]
    rows = [[code(n), "", f"P{i}", item, "", "5000", "2024-05-01"] for i, (n, item) in enumerate(items)]
    register = write_register(folder, [firm(n) for n in range(1, 5)])
    take_in(folder / "home", register, write_csv(folder / "奖补_20260531.csv", LEDGER, rows))
    return folder / "home"


def test_every_policy_that_pays_has_its_title_among_the_words(library):
    paying = {policy.id: policy.title.zh for policy in library.policies if policy.amount is not None}
    assert {id_: WORDS.get(title) for id_, title in paying.items()} == {id_: id_ for id_ in paying}


def test_every_word_leads_to_a_policy(library):
    assert set(WORDS.values()) <= {policy.id for policy in library.policies}


@pytest.mark.parametrize(("number", "policy", "is_open"), [(1, None, True), (3, "huaian-job-retention", False)])
def test_an_item_without_a_link_leaves_open_what_was_paid(home, library, number, policy, is_open):
    day = date(2026, 6, 30)
    with open_snapshot(home) as snapshot:
        enterprise = snapshot.enterprise(code(number))
    (row,) = enterprise.collections["subsidy_history"].rows
    assert row["policy"] == policy
    (match,) = Evaluator(library, enterprise, day).match(library.get("huaian-above-scale", day))
    assert ("subsidy_history.policy" in match.missing) is is_open


def test_quality_names_what_is_not_linked_with_its_count_and_the_likeliest_policy(home, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(home))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    shown = CliRunner().invoke(app, ["quality", "--department", "finance", "--as-of", "2026-06-30"]).stdout
    assert "奖补事项未对应政策" in shown
    assert f"{STRANGE} ×2 → huaian-above-scale? (" in shown
    assert "其他 ×1" in shown
