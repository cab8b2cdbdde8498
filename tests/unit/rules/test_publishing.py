"""Publishing: only a whole set that was checked and tested is served, under the hash of its content."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from policy_world import case_text, policy_text, write_policies

from subsidy_match.errors import AuthorError, InputError, NotFound
from subsidy_match.rules.publishing import current_policies, current_revision, publish, published_policies

POLICY = "grant@2026-01-01.yml"
GOOD = {POLICY: policy_text(level="national"), "grant.cases.yml": case_text()}


def test_a_set_is_served_under_the_hash_of_its_content(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    policies = publish(folder, published)
    assert current_revision(published) == policies.hash
    assert current_policies(published).hash == policies.hash
    assert [path.name for path in published.iterdir() if path.is_dir()] == [policies.hash]


def test_publishing_twice_is_publishing_once(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    assert publish(folder, published).hash == publish(folder, published).hash


def test_the_old_set_stays_where_it_was(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    old = publish(folder, published)
    (folder / POLICY).write_text(policy_text(level="national", authority="另一局"), encoding="utf-8")
    new = publish(folder, published)
    assert published_policies(published, old.hash).policies[0].authority == "示例局"
    assert current_policies(published).policies[0].authority == "另一局"
    assert new.hash != old.hash


@pytest.mark.parametrize(
    ("files", "error", "code"),
    [
        ({"grant.cases.yml": case_text(expect="{verdict: ineligible}")}, InputError, "cases_failed"),
        ({"grant.cases.yml": "policy: grant\ncases: []\n"}, InputError, "policy_untested"),
        ({POLICY: policy_text()}, AuthorError, "policies_doubted"),  # a city's policy without a region
        ({POLICY: policy_text(level="nation")}, AuthorError, "policies_invalid"),
    ],
    ids=["failing", "untested", "doubted", "invalid"],
)
def test_what_is_not_in_order_is_not_published(
    tmp_path: Path, files: dict[str, str], error: type[InputError] | type[AuthorError], code: str
):
    folder, published = write_policies(tmp_path, {**GOOD, **files}), tmp_path / "published"
    with pytest.raises(error) as caught:
        publish(folder, published)
    assert caught.value.code == code
    assert not published.exists() or list(published.iterdir()) == []
    with pytest.raises(NotFound):
        current_revision(published)


def test_a_published_set_that_was_changed_is_refused(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    revision = publish(folder, published).hash
    (published / revision / POLICY).write_text(policy_text(level="national", authority="别处"), encoding="utf-8")
    with pytest.raises(InputError, match="published policies were changed"):
        published_policies(published, revision)


# --- what was in force stays as it was ---

TODAY = date(2026, 6, 30)


def test_a_version_in_force_is_not_changed_without_a_reason(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    old = publish(folder, published, today=TODAY)
    (folder / POLICY).write_text(policy_text(level="national", authority="另一局"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        publish(folder, published, today=TODAY)
    assert (caught.value.code, "grant@2026-01-01" in caught.value.en) == ("version_in_force_changed", True)
    assert current_revision(published) == old.hash
    publish(folder, published, today=date(2025, 12, 31))  # before it begins it may be changed
    assert not (published / "corrections.jsonl").exists()


def test_a_correction_keeps_its_reason(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    publish(folder, published, today=TODAY)
    (folder / POLICY).write_text(policy_text(level="national", authority="另一局"), encoding="utf-8")
    new = publish(folder, published, today=TODAY, correcting="主管部门名称录入有误")
    (line,) = (published / "corrections.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "day": "2026-06-30",
        "set": new.hash,
        "versions": ["grant@2026-01-01"],
        "reason": "主管部门名称录入有误",
    }


@pytest.mark.parametrize(("end", "passes"), [("2026-06-29", True), ("2026-06-28", False)])
def test_no_day_that_has_passed_loses_its_text(tmp_path: Path, end: str, passes: bool):
    cases = case_text().replace("2026-06-30", "2026-03-31")
    folder = write_policies(tmp_path, {**GOOD, "grant.cases.yml": cases})
    published = tmp_path / "published"
    publish(folder, published, today=TODAY)
    shorter = policy_text(level="national", effective=f"{{from: 2026-01-01, to: {end}}}")
    (folder / POLICY).write_text(shorter, encoding="utf-8")
    if passes:
        assert publish(folder, published, today=TODAY).policies[0].end == date.fromisoformat(end)
    else:
        with pytest.raises(InputError, match="in force"):
            publish(folder, published, today=TODAY)


def test_a_version_may_be_ended_and_followed_by_another_but_not_left_out(tmp_path: Path):
    folder, published = write_policies(tmp_path, GOOD), tmp_path / "published"
    publish(folder, published, today=TODAY)
    ended = policy_text(level="national", effective="{from: 2026-01-01, to: 2026-08-31}")
    (folder / POLICY).write_text(ended, encoding="utf-8")
    publish(folder, published, today=TODAY)
    assert current_policies(published).policies[0].end == date(2026, 8, 31)
    other = policy_text("other", level="national")
    (folder / POLICY).unlink()
    (folder / "other@2026-01-01.yml").write_text(other, encoding="utf-8")
    (folder / "grant.cases.yml").write_text(case_text("other"), encoding="utf-8")
    with pytest.raises(InputError, match="left out"):
        publish(folder, published, today=TODAY)
