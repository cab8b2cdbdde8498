"""Which version applies on a day, and one whose text is not at hand: it applies, and decides nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from policy_world import findings_of, load, policy_text

from subsidy_match.errors import NotFound
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet

SHIPPED = load_policies(Path(__file__).parents[3] / "policies")
NO_TEXT = [policy for policy in SHIPPED.policies if policy.needs_source]
STUB: dict[str, str | None] = {"needs_source": "true", "eligible_if": None, "amount": None}


def two_versions(folder: Path) -> PolicySet:
    files = {
        "grant@2026-01-01.yml": policy_text(effective="{from: 2026-01-01, to: 2026-03-31}"),
        "grant@2026-04-01.yml": policy_text(effective="{from: 2026-04-01}", **STUB),
    }
    return load(folder, files)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2025, 12, 31), "policy_not_in_force"),
        (date(2026, 1, 1), None),
        (date(2026, 3, 31), None),
        (date(2026, 4, 1), "policy_needs_source"),
    ],
)
def test_a_version_applies_on_its_days_and_one_without_text_says_so(
    tmp_path: Path, day: date, code: str | None
) -> None:
    policies = two_versions(tmp_path)
    assert [policy.key for policy in policies.in_force(day)] == ([] if code else ["grant@2026-01-01"])
    if code is None:
        assert policies.get("grant", day).key == "grant@2026-01-01"
        return
    with pytest.raises(NotFound) as refused:
        policies.get("grant", day)
    assert refused.value.code == code


@pytest.mark.parametrize("key", ["eligible_if", "amount", "let", "inherits"])
def test_a_version_without_text_takes_nothing_that_decides(tmp_path: Path, key: str) -> None:
    written = {"eligible_if": "{value: revenue, at_least: 1元}", "let": "{x: {value: revenue}}", "inherits": "[base]"}
    written["amount"] = "{value: rd, rounding: {to: 1元, mode: down}}"
    found = findings_of(tmp_path, {"grant@2026-01-01.yml": policy_text(**{**STUB, key: written[key]})})
    assert "P005" in {f.code for f in found}


@pytest.mark.parametrize("policy", NO_TEXT, ids=lambda policy: policy.key)
def test_a_shipped_version_without_text_follows_one_that_decides(policy: Policy) -> None:
    before = policy.start - timedelta(days=1)
    assert SHIPPED.get(policy.id, before).end == before
    assert SHIPPED.find(policy.id, policy.start) is None
    with pytest.raises(NotFound, match="not at hand"):
        SHIPPED.get(policy.id, policy.start)


def test_the_gradient_of_2026_is_known_to_apply_though_its_numbers_are_not_at_hand() -> None:
    assert "national-innovative-sme@2026-04-01" in {policy.key for policy in NO_TEXT}
