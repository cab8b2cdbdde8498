"""Which small changes to the policies no case would notice, and which of those nobody could notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from subsidy_match.rules.analysis.asking import day_of
from subsidy_match.rules.analysis.equality import prove_equal
from subsidy_match.rules.analysis.telling import Teller, counts_items, elements_of
from subsidy_match.rules.cases import Case, load_cases, run_case
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.mutation import Mutant, mutants
from subsidy_match.rules.policy import Policy, PolicySet

__all__ = ["Fate", "Mutation", "mutate"]

_SHARED = "shared "


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
        for done, fate in enumerate(pool.map(partial(_fate, shared=only is None), keys), 1):
            fates.append(fate)
            progress(done, len(keys))
    return _summed(fates)


def _summed(fates: list[Fate]) -> Mutation:
    killed = frozenset[str]().union(*(fate.killed for fate in fates))
    equal: dict[str, bool] = defaultdict(lambda: True)
    for fate in fates:
        for name in fate.survived:
            equal[name] = equal[name] and name in fate.equal
    left = {name: same for name, same in equal.items() if name not in killed}
    return Mutation(
        len(killed),
        tuple(sorted(n for n, same in left.items() if same)),
        tuple(sorted(n for n, same in left.items() if not same)),
    )


# --- in a worker ---

_OPEN: dict[str, tuple[PolicySet, list[Case]]] = {}


def _open(folder: Path) -> None:
    policies = load_policies(folder)
    _OPEN["library"] = policies, load_cases(policies, folder)


def _fate(key: str, *, shared: bool) -> Fate:
    policies, cases = _OPEN["library"]
    policy = next(policy for policy in policies.policies if policy.key == key)
    mine = [case for case in cases if case.policy is policy]
    elements = elements_of(policy)
    frames = [Frame(Evaluator(policies, case.enterprise, case.as_of), policy) for case in mine]
    tellers = [(case, Teller(frame, elements)) for case, frame in zip(mine, frames, strict=True)]
    killed: set[str] = set()
    survived: set[str] = set()
    equal: set[str] = set()
    for mutant in mutants(policy):
        is_shared = mutant.name.startswith(_SHARED)
        if is_shared and not shared:
            continue
        name = mutant.name if is_shared else f"{policy.key}: {mutant.name}"
        if _is_noticed(policies, _likely_first(tellers, mutant), mutant.policy):
            killed.add(name)
        else:
            survived.add(name)
            if prove_equal(policies, policy, mutant.policy, day_of(policy)):
                equal.add(name)
    return Fate(frozenset(killed), frozenset(survived), frozenset(equal))


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
