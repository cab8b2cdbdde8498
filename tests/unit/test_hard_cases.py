"""The hard cases of the field are each carried by a shipped policy and named in its cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsidy_match.rules.cases import load_cases
from subsidy_match.rules.library import load_policies

SHIPPED = Path(__file__).parents[2] / "policies"
HARD = {
    "①": "tier table", "②": "score", "③": "shortcuts", "④": "ratio over years", "⑤": "look-back", "⑥": "ladder",
    "⑦": "a person", "⑧": "nested caps", "⑨": "stages", "⑩": "exclusive", "⑪": "versions", "⑫": "pooled fund",
    "⑬": "several sites", "⑭": "status of another policy", "⑮": "unknown data",
}  # fmt: skip
POLICIES = load_policies(SHIPPED)
NAMES = [(case.policy.id, case.name) for case in load_cases(POLICIES, SHIPPED)]


@pytest.mark.parametrize("number", HARD, ids=HARD.get)
def test_a_hard_case_is_named_in_the_cases_of_a_policy(number: str):
    assert [policy for policy, name in NAMES if number in name]


def test_a_text_that_is_not_at_hand_is_a_stub_after_the_version_that_ended():
    stubs = {policy.id: policy for policy in POLICIES.policies if policy.needs_source}
    assert set(stubs) >= {"national-innovative-sme", "national-specialised-sme", "national-little-giant"}
    for stub in stubs.values():
        ended = [p for p in POLICIES.policies if p.id == stub.id and (stub.start - p.end).days == 1]
        assert len(ended) == 1, stub.key
