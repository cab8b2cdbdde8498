"""Publishing: a set of policies that was checked and tested is frozen under its content hash; only such sets are served."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from subsidy_match.errors import InputError, NotFound
from subsidy_match.rules.analysis.review import review_folder
from subsidy_match.rules.cases import CaseResult, load_cases, run_case
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet

__all__ = ["current_policies", "current_revision", "publish", "published_policies", "run_cases"]

_POINTER = "current"


def run_cases(policies: PolicySet, folder: Path, *, keyword: str = "") -> list[CaseResult]:
    """Run every case of a folder whose policy or name contains ``keyword``."""
    return [
        run_case(policies, case)
        for case in load_cases(policies, folder)
        if keyword in case.name or keyword in case.policy.id
    ]


def publish(folder: Path, published: Path) -> PolicySet:
    """Check, test and freeze the policies of ``folder``; the new set is served from now on.

    What is checked is the copy that is frozen, so that a file saved meanwhile cannot slip in.

    Raises:
        AuthorError: the policies or their cases have errors, or the analysis has findings that no policy accepts.
        InputError: a case fails, or a policy has none; nothing is published.
    """
    load_policies(folder)  # what cannot be loaded is not copied
    published.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=published, prefix=".publishing-") as scratch:
        staged = Path(scratch) / folder.resolve().name
        shutil.copytree(
            folder, staged, ignore=lambda _, names: [n for n in names if Path(n).suffix not in ("", ".yml")]
        )
        policies = load_policies(staged)
        _refuse_doubts(policies, staged)
        if not (published / policies.hash).exists():
            staged.rename(published / policies.hash)
    _point(published, policies.hash)
    return policies


def _refuse_doubts(policies: PolicySet, folder: Path) -> None:
    """Refuse a set with findings, failing cases or untested policies."""
    Findings(review_folder(folder).findings).raise_if_any(
        "policies_doubted", "政策有待处理的发现", "the policies have findings"
    )
    results = run_cases(policies, folder)
    failed = [result for result in results if result.problems]
    if failed:
        names = "; ".join(f"{r.case.policy.id}: {r.case.name}" for r in failed[:3])
        raise InputError("cases_failed", f"{len(failed)}个用例未通过:{names}", f"{len(failed)} cases fail: {names}")
    tested = {result.case.policy.id for result in results}
    untested = sorted({p.id for p in policies.policies if not p.needs_source} - tested)
    if untested:
        names = ", ".join(untested)
        raise InputError("policy_untested", f"没有用例的政策:{names}", f"policies without a case: {names}")


def current_revision(published: Path) -> str:
    """Hash of the set that is served now.

    Raises:
        NotFound: nothing has been published yet.
    """
    try:
        return (published / _POINTER).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise NotFound(
            "nothing_published",
            "尚未发布政策",
            "no policies have been published",
            hint="subsidy-match policies publish",
        ) from None


def published_policies(published: Path, revision: str) -> PolicySet:
    """The set published under a hash.

    Raises:
        NotFound: no such set.
        InputError: the files were changed after publishing.
    """
    folder = published / revision
    if not folder.is_dir():
        raise NotFound("revision_not_found", f"没有这个政策版本:{revision}", f"no such policy revision: {revision}")
    policies = load_policies(folder)
    if policies.hash != revision:
        raise InputError(
            "revision_changed", f"已发布的政策被改动:{revision}", f"published policies were changed: {revision}"
        )
    return policies


def current_policies(published: Path) -> PolicySet:
    """The set that is served now."""
    return published_policies(published, current_revision(published))


def _point(published: Path, revision: str) -> None:
    temporary = published / f".{_POINTER}-{os.getpid()}"
    temporary.write_text(revision + "\n", encoding="ascii")
    temporary.replace(published / _POINTER)
