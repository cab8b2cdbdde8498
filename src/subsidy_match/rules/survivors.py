"""Which small changes to the policies no case would notice, and which of those nobody could notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from subsidy_match.rules.analysis.asking import turning_days
from subsidy_match.rules.analysis.equality import prove_equal
from subsidy_match.rules.analysis.telling import Teller, counts_items, elements_of
from subsidy_match.rules.cases import Case, load_cases, run_case
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.mutation import Mutant, mutants
from subsidy_match.rules.policy import Policy, PolicySet

__all__ = ["Fate", "Mutation", "mutate"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the mutants of one policy: how many a case noticed, by name those that none did."""

    killed: frozenset[str]
    survived: frozenset[str]
    equal: frozenset[str]  # survived, and proved to decide and pay alike for every enterprise


@dataclass(frozen=True, slots=True)
class Mutation:
    """All mutants of a library. A clause that many policies inherit counts once: one case of one policy must notice."""

    killed: int
    equal: tuple[str, ...]
    survived: tuple[str, ...]

    @property
    def share(self) -> tuple[int, int]:
        """How many were killed, of how many that could be."""
        return self.killed, self.killed + len(self.survived)


def mutate(
    folder: Path,
    *,
    only: Collection[str] | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Mutation:
    """Change every policy of a folder in every small way and run its cases.

    ``only`` names the versions (by key) to ask about, less the clauses that they inherit.
    """
    policies = load_policies(folder)
    keys = [p.key for p in policies.policies if not p.needs_source and (only is None or p.key in only)]
    fates: list[Fate] = []
    with ProcessPoolExecutor(max_workers=workers, initializer=_open, initargs=(folder,)) as pool:
        waiting = [pool.submit(_fate_of_shared)] if only is None else []
        waiting += [pool.submit(_fate, key) for key in keys]
        for done, future in enumerate(waiting, 1):
            fates.append(future.result())
            progress(done, len(waiting))
    return Mutation(
        sum(len(fate.killed) for fate in fates),
        tuple(sorted(name for fate in fates for name in fate.equal)),
        tuple(sorted(name for fate in fates for name in fate.survived - fate.equal)),
    )


# --- in a worker ---

_OPEN: dict[str, tuple[PolicySet, list[Case]]] = {}


def _open(folder: Path) -> None:
    policies = load_policies(folder)
    _OPEN["library"] = policies, load_cases(policies, folder)


def _fate(key: str) -> Fate:
    """What becomes of the mutants of one policy's own text."""
    policies = _OPEN["library"][0]
    policy = next(policy for policy in policies.policies if policy.key == key)
    found = list(mutants(policy, shared=False))
    killed = _noticed(policy, found)
    left = [mutant for mutant in found if mutant.name not in killed]
    equal = frozenset(mutant.name for mutant in left if _is_equal(policy, mutant))
    return Fate(killed, frozenset(mutant.name for mutant in left), equal)


def _fate_of_shared() -> Fate:
    """What becomes of the mutants of shared clauses: one case of one policy must notice, or none can tell in any policy."""
    policies = [policy for policy in _OPEN["library"][0].policies if not policy.needs_source]
    killed: frozenset[str] = frozenset()
    holders: dict[str, list[tuple[Policy, Mutant]]] = defaultdict(list)
    for policy in policies:
        found = [mutant for mutant in mutants(policy, shared=True) if mutant.name not in killed]
        killed |= _noticed(policy, found)
        for mutant in found:
            holders[mutant.name].append((policy, mutant))
    left = frozenset(holders) - killed
    equal = frozenset(name for name in left if all(_is_equal(policy, mutant) for policy, mutant in holders[name]))
    return Fate(killed, left, equal)


def _noticed(policy: Policy, found: Sequence[Mutant]) -> frozenset[str]:
    """The names of the mutants that a case of the policy notices."""
    policies, cases = _OPEN["library"]
    elements = elements_of(policy)
    mine = [case for case in cases if case.policy is policy]
    frames = [Frame(Evaluator(policies, case.enterprise, case.as_of), policy) for case in mine]
    tellers = [(case, Teller(frame, elements)) for case, frame in zip(mine, frames, strict=True)]
    return frozenset(m.name for m in found if _is_noticed(policies, _likely_first(tellers, m), m.policy))


def _is_equal(policy: Policy, mutant: Mutant) -> bool:
    """Proved alike on every day on which the policy, its tables or its cases turn."""
    policies, cases = _OPEN["library"]
    days = {*turning_days(policies, policy), *turning_days(policies, mutant.policy)}
    days |= {case.as_of for case in cases if case.policy is policy and policy.start <= case.as_of <= policy.end}
    return all(prove_equal(policies, policy, mutant.policy, day) for day in sorted(days))


def _likely_first(tellers: list[tuple[Case, Teller]], mutant: Mutant) -> list[Case]:
    """First the cases for whose enterprise the changed node itself comes to something else: nearly always one of them fails."""
    if counts_items(mutant.old) or counts_items(mutant.new):
        return [case for case, _ in tellers]
    likely: list[Case] = []
    others: list[Case] = []
    for case, teller in tellers:
        (likely if teller.tells_apart(mutant.old, mutant.new) else others).append(case)
    return [*likely, *others]


def _is_noticed(policies: PolicySet, cases: list[Case], mutant: Policy) -> bool:
    """Whether a case fails."""
    versions = tuple(mutant if policy.key == mutant.key else policy for policy in policies.policies)
    changed = replace(policies, policies=versions)
    return any(run_case(changed, replace(case, policy=mutant)).problems for case in cases)
