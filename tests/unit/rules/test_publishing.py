"""Publishing: only a whole set that was checked and tested is served, under the hash of its content."""

from __future__ import annotations

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
