"""The cases of the shipped policies stand on both sides of every boundary: move one, and a case fails."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from mutation import mutants

from subsidy_match.rules.cases import Case, load_cases, run_case
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet

FOLDER = Path(__file__).parents[2] / "policies"
# mutants that no enterprise can tell from the policy, with the reason
SAME = {
    "legal form": "the derived fact is one for all; the common clauses try each of its codes",
    "paid this year": "whoever was paid this year is refused already",
    "entered today": "an entry of today is an entry of this year, which is enough without the status",
}


def _is_noticed(policies: PolicySet, cases: list[Case], mutant: Policy) -> bool:
    versions = tuple(mutant if policy.key == mutant.key else policy for policy in policies.policies)
    changed = replace(policies, policies=versions)
    return any(run_case(changed, replace(case, policy=mutant)).problems for case in cases)


def _same(name: str) -> str | None:
    if name.startswith("national-tech-sme resident") and " OneOfCodes " in name:
        return SAME["legal form"]
    if name.startswith("qingjiangpu-tech-sme-grant amount") and name.endswith("before by 1"):
        return SAME["paid this year"]
    if name.startswith("qingjiangpu-tech-sme-grant entered") and name.endswith("Compare on_or_after by 1"):
        return SAME["entered today"]
    return None


def test_every_boundary_has_a_case_on_both_sides() -> None:
    policies = load_policies(FOLDER)
    cases = load_cases(policies, FOLDER)
    fate: dict[str, list[bool]] = defaultdict(list)
    for policy in policies.policies:
        mine = [case for case in cases if case.policy is policy]
        for name, mutant in mutants(policy):
            key = name if name.startswith("shared") else f"{policy.start} {name}"
            if _same(name) is None:
                fate[key].append(_is_noticed(policies, mine, mutant))
    assert len(fate) > 250
    assert [name for name, noticed in fate.items() if not any(noticed)] == []
