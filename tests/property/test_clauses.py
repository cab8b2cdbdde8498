"""Conditions as clauses say what the conditions say, and of leaves that have no quick form nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping

from subsidy_match.matching.vector.clauses import Clauses, is_told
from subsidy_match.matching.vector.programs import Either, Every, Leaf, Part, Several
from subsidy_match.matching.vector.quick import ALL, OPPOSITE, bits_of
from subsidy_match.rules.truth import FALSE, MANUAL, TRUE, UNKNOWN, negate

ANSWERS = [bits_of(truth) for truth in (TRUE, FALSE, UNKNOWN, MANUAL)]
QUICK, LEAVES = list(range(8)), 10  # two have no quick form


def drawn(rnd: random.Random, depth: int) -> Part:
    kind = rnd.choice(["leaf", "leaf", "every", "either", "several"]) if depth else "leaf"
    if kind == "leaf":
        return Leaf(rnd.randrange(LEAVES), rnd.random() < 0.3)
    of = tuple(drawn(rnd, depth - 1) for _ in range(rnd.randint(0 if kind != "several" else 1, 4)))
    return Every(of) if kind == "every" else Either(of) if kind == "either" else Several(rnd.randint(1, len(of)), of)


def said(part: Part, answers: Mapping[int, int]) -> int:
    match part:
        case Leaf(node=node, negated=negated):
            return OPPOSITE[answers[node]] if negated else answers[node]
        case Every(of=of) | Either(of=of):
            bits = ALL if isinstance(part, Every) else 0
            for one in of:
                bits = bits & said(one, answers) if isinstance(part, Every) else bits | said(one, answers)
            return bits
        case _:
            each = [said(one, answers) for one in part.of]
            return sum(bit for bit in (1, 2, 4, 8) if sum(bits & bit > 0 for bits in each) >= part.count)


def test_clauses_say_what_the_parts_say():
    rnd = random.Random(7)
    told = 0
    for _ in range(300):
        programs = [tuple(drawn(rnd, 3) for _ in range(rnd.randint(0, 4))) for _ in range(5)]
        answers = {leaf: rnd.choice(ANSWERS) for leaf in range(LEAVES)}
        found = Clauses.of(programs, QUICK).said([answers[leaf] for leaf in QUICK])
        for program, bits in zip(programs, found.tolist(), strict=True):
            whole = ALL
            for part in program:
                whole &= said(part, answers)
                told += is_told(part, QUICK)
            assert whole & bits == whole  # nothing is refused that is possible
            if all(is_told(part, QUICK) for part in program):
                assert bits == whole
    assert told > 500


def test_the_opposite_of_bits_is_that_of_the_truth():
    assert all(OPPOSITE[bits_of(truth)] == bits_of(negate(truth)) for truth in (TRUE, FALSE, UNKNOWN, MANUAL))
    assert Clauses.of([], QUICK).said([ALL] * len(QUICK)).tolist() == []
