"""The vector engine says what the reference evaluator says: verdicts, bounds of amounts and counts, over the whole language.

How many pairs are drawn is a matter of ``DRAWN_PAIRS`` (a million where CI runs), which ones of ``DRAWN_SEED``: always the same ones
here, so that a red run speaks of the change under test; ``make fuzz`` draws others each time. A disagreement is made small and
printed; put it into ``tests/disagreements`` so that it is never forgotten.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from drawn_language import AS_OF, Tree, draw_policies, load_drawn, population, written
from shrinking import shrink
from twin_engines import Twin, briefly, compare_engines

from subsidy_match.errors import AuthorError
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.tree import Condition, Value
from subsidy_match.rules.walking import nodes_below

FOUND = Path(__file__).parents[1] / "disagreements"
SEED = int(os.environ.get("DRAWN_SEED", 20261126))
PAIRS = int(os.environ.get("DRAWN_PAIRS", 1_000_000 if os.environ.get("CI") else 20_000))
SHARDS, POLICIES, FIRMS, ONE_BY_ONE = 8, 25, 1000, 10


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_both_engines_say_the_same(shard: int, tmp_path: Path):
    compared = 0
    for draw in range(10**9):
        if compared >= PAIRS // SHARDS:
            break
        rnd = random.Random(f"{SEED}/{shard}/{draw}")
        drawn = draw_policies(tmp_path, rnd, POLICIES)
        firms = population(rnd, min(FIRMS, PAIRS // SHARDS // POLICIES + 1))
        compared += len(drawn) * len(firms)
        _agree(tmp_path, drawn, firms, f"DRAWN_SEED={SEED} shard {shard} draw {draw}")
    assert compared >= PAIRS // SHARDS


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.yml")), ids=lambda path: path.stem)
def test_what_once_differed_agrees(path: Path, tmp_path: Path):
    kept = yaml.safe_load(path.read_text(encoding="utf-8"))
    rnd = random.Random(kept["seed"])
    (tmp_path / "policies").mkdir()
    text = kept["policy"]
    policies = load_drawn(tmp_path, {"grant": text})
    twin = compare_engines(policies, population(rnd, FIRMS), AS_OF)
    assert twin.differences == []


def test_the_drawn_policies_use_every_word(tmp_path: Path):
    rnd = random.Random(1)
    seen: set[type] = set()
    for _ in range(12):
        for policy in load_drawn(tmp_path, draw_policies(tmp_path, rnd, 40)).policies:
            terms, each = policy.amount, policy.for_each
            roots = [policy.condition, each.item_if if each else None]
            roots += [terms.each, terms.total, terms.cap] if terms else []
            seen |= {type(node) for node in nodes_below(*roots)}
    assert {kind.__name__ for kind in (*Value.__args__, *Condition.__args__) if kind not in seen} == set()


def _agree_on_one(policies: PolicySet, firms: Sequence[Enterprise], twin: Twin, place: str) -> None:
    """The interactive path, firm by firm."""
    said = briefly(policies, firms, AS_OF)
    codes = {firm.uscc for firm in firms}
    for key in said.keys() | {key for key in twin.reference if key[0] in codes}:
        one, other = (sorted(side.get(key, []), key=repr) for side in (twin.reference, said))
        assert one == other, f"{place} {key}"


def _agree(folder: Path, drawn: dict[str, Tree], firms: Sequence[Enterprise], place: str) -> None:
    policies = load_drawn(folder, drawn)
    twin = compare_engines(policies, firms, AS_OF, block=300)
    if not twin.differences:
        assert {key: both for key, both in twin.tallies.items() if both[0] != both[1]} == {}, place
        _agree_on_one(policies, firms[:ONE_BY_ONE], twin, place)
        return
    (uscc, policy_id, _), *_ = twin.differences[0]
    firm = next(firm for firm in firms if firm.uscc == uscc)
    granting = {name: tree for name, tree in drawn.items() if name != policy_id and "grants" in tree}

    def differs(tree: Tree, one: Enterprise) -> bool:
        try:
            policies = load_drawn(folder, {**granting, policy_id: tree})
            return bool(compare_engines(policies, [one], AS_OF).differences)
        except AuthorError:
            return False

    tree, one = shrink(drawn[policy_id], firm, differs) if differs(drawn[policy_id], firm) else (drawn[policy_id], firm)
    said = compare_engines(load_drawn(folder, {**granting, policy_id: tree}), [one], AS_OF).differences
    pytest.fail(f"{place}\n{written(tree)}\n{one}\n{said or twin.differences[:3]}")
