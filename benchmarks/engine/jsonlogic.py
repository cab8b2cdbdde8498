"""json-logic: one rule a policy, asked for one firm after another.

To it what is missing is nothing, and nothing is less than a limit: a missing value would make a firm eligible. So every leaf asks
first whether its columns are known.
"""

from __future__ import annotations

from typing import Any, assert_never

from json_logic import jsonLogic

from engine.by_row import Decide, run_by_row
from engine.plain import Atom, Flag, Formula, From, Inside, Leaf, OneOf, Plain, Share
from engine.results import Tally, Task

MONEY = "verdicts only"


def run(task: Task, tally: Tally) -> None:
    """Match everything."""
    run_by_row(task, tally, _compile_all)


def _compile_all(policies: list[Plain]) -> Decide:
    rules = [_formula(policy.condition) for policy in policies]

    def decide(row: dict[str, Any]) -> list[Any]:
        return [jsonLogic(rule, row) for rule in rules]

    return decide


def _formula(formula: Formula) -> dict[str, Any]:
    if isinstance(formula, Leaf):
        truth = {"!": [_atom(formula.atom)]} if formula.negated else _atom(formula.atom)
        return {"and": [*({"!==": [{"var": name}, None]} for name in formula.columns), truth]}
    return {"and" if formula.every else "or": [_formula(part) for part in formula.of]}


def _atom(atom: Atom) -> dict[str, Any]:
    column = {"var": atom.column}
    match atom:
        case Flag():
            return {"===": [column, True]}
        case From():
            return {">=": [column, atom.number]}
        case Share(whole=whole, least=least):
            return {">=": [{"*": [column, least.denominator]}, {"*": [{"var": whole}, least.numerator]}]}
        case Inside(prefixes=prefixes):
            return {"or": [{"==": [{"substr": [column, 0, len(prefix)]}, prefix]} for prefix in prefixes]}
        case OneOf(codes=codes):
            return {"in": [column, list(codes)]}
        case _:
            assert_never(atom)
