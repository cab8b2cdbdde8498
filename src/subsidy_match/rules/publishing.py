"""Publishing: a set of policies that was checked and tested is frozen under its content hash; only such sets are served."""

from __future__ import annotations

import json
import os
import re
import tempfile
from datetime import date, timedelta
from pathlib import Path

from subsidy_match.errors import InputError, NotFound
from subsidy_match.rules.analysis.review import review_folder
from subsidy_match.rules.cases import CaseResult, load_cases, run_case
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.source import read_text

__all__ = ["current_policies", "current_revision", "publish", "published_policies", "run_cases"]

_POINTER = "current"
_END = re.compile(r"(?<=[{, ])to: \d{4}-\d{2}-\d{2}")


def run_cases(policies: PolicySet, folder: Path, *, keyword: str = "") -> list[CaseResult]:
    """Run every case of a folder whose policy or name contains ``keyword``."""
    return [
        run_case(policies, case)
        for case in load_cases(policies, folder)
        if keyword in case.name or keyword in case.policy.id
    ]


def publish(folder: Path, published: Path, *, today: date | None = None, correcting: str = "") -> PolicySet:
    """Check, test and freeze the policies of ``folder``; the new set is served from now on.

    What is checked is the copy that is frozen, so that a file saved meanwhile cannot slip in.

    Args:
        folder: the policies.
        published: where sets are frozen.
        today: the day of publishing; with it, a version that is or was in force may not be changed or left out.
        correcting: why one is changed all the same; kept beside the sets.

    Raises:
        AuthorError: the policies or their cases have errors, or the analysis has findings that no policy accepts.
        InputError: a case fails, a policy has none, or a version in force was changed; nothing is published.
    """
    load_policies(folder)  # what cannot be loaded is not copied
    published.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=published, prefix=".publishing-") as scratch:
        staged = Path(scratch) / folder.resolve().name
        _copy(folder, staged)
        policies = load_policies(staged)
        changed = _changed(policies, published, today) if today is not None else []
        if changed and not correcting.strip():
            names = ", ".join(changed)
            raise InputError(
                "version_in_force_changed",
                f"已生效的版本被改动或删除:{names}",
                f"versions that are or were in force were changed or left out: {names}",
                hint="end the version and begin a new one; or correct it with --correct REASON",
            )
        _refuse_doubts(policies, staged)
        if not (published / policies.hash).exists():
            staged.rename(published / policies.hash)
    if changed:
        _keep_reason(published, policies.hash, changed, correcting, today)
    _point(published, policies.hash)
    return policies


def _copy(folder: Path, staged: Path) -> None:
    """Copy the texts themselves: what is frozen has no links to anywhere else."""
    for path in sorted(folder.rglob("*.yml")):
        read_text(path, str(path))  # says what is wrong with one that is no file
        target = staged / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def _changed(policies: PolicySet, published: Path, today: date) -> list[str]:
    """The versions served now that have begun, and read otherwise or not at all in the new set."""
    try:
        served = current_policies(published)
    except NotFound:
        return []
    now = {policy.key: policy.hash for policy in policies.policies}
    begun = (policy for policy in served.policies if policy.start <= today and not policy.needs_source)
    return [
        policy.key
        for policy in begun
        if now.get(policy.key) != policy.hash and not _only_ended(policy, policies, today)
    ]


def _only_ended(old: Policy, policies: PolicySet, today: date) -> bool:
    """Whether a version reads the same but for the day on which it ends, and no day that has passed changes its text."""
    new = next((policy for policy in policies.policies if policy.key == old.key), None)
    if new is None or min(old.end, new.end) < today - timedelta(days=1):
        return False

    def but_for_end(policy: Policy) -> list[tuple[str, str]]:
        return [(name, _END.sub("", text)) for name, text in sorted(policy.texts.items())]

    return but_for_end(new) == but_for_end(old)


def _keep_reason(published: Path, revision: str, changed: list[str], reason: str, today: date | None) -> None:
    entry = {"day": str(today), "set": revision, "versions": changed, "reason": reason.strip()}
    with (published / "corrections.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


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
