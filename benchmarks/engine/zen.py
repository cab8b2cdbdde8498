"""zen-engine: one compiled expression a policy, asked for one firm after another.

It raises an error where a number that is missing is compared; so every leaf asks first whether its columns are known.
"""

from __future__ import annotations

import json
from typing import Any, assert_never

from zen import compile_expression

from engine.by_row import Decide, run_by_row
from engine.plain import Atom, Flag, Formula, From, Inside, Leaf, OneOf, Plain, Share
from engine.results import Tally, Task

MONEY = "verdicts only"


def run(task: Task, tally: Tally) -> None:
    """Match everything."""
    run_by_row(task, tally, _compile_all)


def _compile_all(policies: list[Plain]) -> Decide:
    expressions = [compile_expression(_formula(policy.condition)) for policy in policies]

    def decide(row: dict[str, Any]) -> list[Any]:
        return [expression.evaluate(row) for expression in expressions]

    return decide


def _formula(formula: Formula) -> str:
    if isinstance(formula, Leaf):
        text = f"not ({_atom(formula.atom)})" if formula.negated else _atom(formula.atom)
        return "(" + " and ".join([*(f"{name} != null" for name in formula.columns), text]) + ")"
    return "(" + (" and " if formula.every else " or ").join(map(_formula, formula.of)) + ")"


def _atom(atom: Atom) -> str:
    match atom:
        case Flag(column=column):
            return f"{column} == true"
        case From(column=column):
            return f"{column} >= {atom.number}"
        case Share(column=column, whole=whole, least=least):
            return f"{column} * {least.denominator} >= {whole} * {least.numerator}"
        case Inside(column=column, prefixes=prefixes):
            return "(" + " or ".join(f"startsWith({column}, '{prefix}')" for prefix in prefixes) + ")"
        case OneOf(column=column, codes=codes):
            return f"{column} in {json.dumps(codes)}"
        case _:
            assert_never(atom)
