"""The review of a library: every check of the analysis, less what the policies accept with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import AuthorError, Finding
from subsidy_match.rules.analysis.cliffs import cliffs
from subsidy_match.rules.analysis.examples import Example
from subsidy_match.rules.analysis.finding import Doubt
from subsidy_match.rules.analysis.lints import double_funding, gaps, lints
from subsidy_match.rules.analysis.reaching import unreached
from subsidy_match.rules.cases import Case, load_cases
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Policy, PolicySet

__all__ = ["Review", "review", "review_folder"]


@dataclass(frozen=True, slots=True)
class Review:
    """What the analysis found: open findings, and those that a policy accepts."""

    findings: tuple[Finding, ...]
    accepted: tuple[Doubt, ...]


def review(policies: PolicySet, *, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Review:
    """Check a loaded library; ``progress`` hears how many versions are done, of how many."""
    return _summed(policies, _one_by_one(policies), progress)


def review_folder(
    folder: Path, *, workers: int = 2, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Review:
    """Load and check the library of a folder, several versions at a time; its cases serve as examples.

    Raises:
        AuthorError: it cannot be loaded.
    """
    policies = load_policies(folder)
    with ProcessPoolExecutor(max_workers=workers, initializer=_open, initargs=(folder,)) as pool:
        told = pool.map(_in_worker, range(len(policies.policies)))
        found = (
            [Doubt(finding, policy, clause) for finding, clause in several]
            for policy, several in zip(policies.policies, told, strict=True)
        )
        return _summed(policies, found, progress)


def _one_by_one(policies: PolicySet) -> Iterator[list[Doubt]]:
    return (_of_version(policies, policy) for policy in policies.policies)


def _of_version(policies: PolicySet, policy: Policy, examples: Sequence[Example] = ()) -> list[Doubt]:
    if policy.needs_source:
        return []
    return [*lints(policies, policy), *unreached(policies, policy, examples), *cliffs(policies, policy)]


def _summed(policies: PolicySet, found: Iterable[list[Doubt]], progress: Callable[[int, int], None]) -> Review:
    doubts: list[Doubt] = [*gaps(policies), *double_funding(policies)]
    for done, several in enumerate(found, 1):
        doubts += several
        progress(done, len(policies.policies))
    return _accepting(policies, doubts)


def _accepting(policies: PolicySet, doubts: Sequence[Doubt]) -> Review:
    """Take out what the policies accept, and add acceptances of what is not found."""
    accepted = tuple(one for one in doubts if one.is_accepted)
    found = [one.finding for one in doubts if not one.is_accepted]
    found += _unused(policies, accepted)
    once = dict.fromkeys(found)
    return Review(tuple(sorted(once, key=lambda f: (f.at.path, f.at.line or 0) if f.at else ("", 0))), accepted)


def _unused(policies: PolicySet, accepted: tuple[Doubt, ...]) -> Iterator[Finding]:
    """P023: an acceptance of something that is not found (any more)."""
    used = {(one.policy.key, one.finding.code, one.clause) for one in accepted}
    for policy in policies.policies:
        for a in policy.accepts:
            if not any(
                key == policy.key and code == a.code and a.clause in (None, clause) for key, code, clause in used
            ):
                zh, en = f"接受了并不存在的发现:{a.code}", f"accepts {a.code}, which is not found here"
                yield Finding("P023", zh, en, a.at, "remove the entry of accept", "warning")
            if not a.reason.strip():
                yield Finding("P023", "接受发现必须写明理由", "an acceptance gives its reason", a.at, None, "warning")


# --- in a worker ---

_OPEN: dict[str, tuple[PolicySet, list[Case]]] = {}


def _open(folder: Path) -> None:
    policies = load_policies(folder)
    cases: list[Case] = []
    with suppress(AuthorError):  # broken cases are found where cases are run
        cases = load_cases(policies, folder)
    _OPEN["library"] = policies, cases


def _in_worker(number: int) -> list[tuple[Finding, str | None]]:
    policies, cases = _OPEN["library"]
    policy = policies.policies[number]
    examples = [
        Example(case.enterprise, case.as_of) for case in cases if case.policy is policy and policy.is_open(case.as_of)
    ]
    return [(one.finding, one.clause) for one in _of_version(policies, policy, examples)]
