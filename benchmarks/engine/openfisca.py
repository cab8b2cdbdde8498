"""OpenFisca-core: a small system with a yes-or-no and an amount a policy. It has two truth values and no unknown.

A leaf over a column that is not known is false either way round, so that the eligible firms are the same. Its own numbers are
int32 and float32; here they are told to be int64, which it takes, so that money stays exact.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, assert_never

import numpy as np
import pyarrow as pa
from openfisca_core.entities import Entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from engine.encoded import Encoded, fetch
from engine.firms import FLAGS
from engine.paying import amounts
from engine.plain import Atom, Flag, Formula, From, Inside, Leaf, OneOf, Plain, Share, columns_of, plain_policies
from engine.results import Piece, Tally, Task

MONEY = "int64 分 (its own are int32, float32)"
_PERIOD = "2026"

Ask = Callable[[str, Any], Any]  # the value of a variable in a period


def run(task: Task, tally: Tally) -> None:
    """Match everything on one thread; pairs that data leave open are not told."""
    policies = plain_policies(task.policies)
    columns = fetch(task.snapshot, columns_of(policies), task.threads)
    simulation = _simulation(policies, columns)
    for policy in policies:
        met = np.flatnonzero(simulation.calculate(f"{policy.id}_met", _PERIOD))
        fen = simulation.calculate(f"{policy.id}_pays", _PERIOD)[met]
        tally.take(Piece(columns.uscc.take(pa.array(met)), policy.id, pa.array(fen)))


def _simulation(policies: list[Plain], columns: Encoded) -> Simulation:
    system = TaxBenefitSystem([Entity("firm", "firms", "a firm", "")])
    for name in columns.columns:
        _add(system, name, bool if name in FLAGS else int)
        _add(system, f"{name}_known", bool)
    for policy in policies:
        _add(system, f"{policy.id}_met", bool, _condition(policy, columns))
        _add(system, f"{policy.id}_pays", int, _amount(policy))
    simulation = SimulationBuilder().build_default_simulation(system, len(columns.uscc))
    for name in columns.columns:
        simulation.set_input(name, _PERIOD, columns.numbers(name, np.bool_ if name in FLAGS else np.int64))
        simulation.set_input(f"{name}_known", _PERIOD, columns.known(name))
    return simulation


def _add(system: TaxBenefitSystem, name: str, kind: type, formula: Callable[..., Any] | None = None) -> None:
    told = {"value_type": kind, "entity": system.entities[0], "definition_period": DateUnit.ETERNITY, "label": name}
    system.add_variable(type(name, (Variable,), told if formula is None else {**told, "formula": formula}))
    if kind is int:
        system.get_variable(name).dtype = np.dtype(np.int64)


def _condition(policy: Plain, columns: Encoded) -> Callable[..., Any]:
    return lambda firms, period: _formula(policy.condition, firms, period, columns)


def _amount(policy: Plain) -> Callable[..., Any]:
    def formula(firms: Any, period: Any) -> Any:
        met = firms(f"{policy.id}_met", period)
        return met * amounts(policy, lambda name: firms(name, period), len(met))

    return formula


def _formula(formula: Formula, ask: Ask, period: Any, columns: Encoded) -> Any:
    if isinstance(formula, Leaf):
        truth = _atom(formula.atom, ask, period, columns)
        known = (ask(f"{name}_known", period) for name in formula.columns)
        return reduce(np.logical_and, known, ~truth if formula.negated else truth)
    parts = (_formula(part, ask, period, columns) for part in formula.of)
    return reduce(np.logical_and if formula.every else np.logical_or, parts)


def _atom(atom: Atom, ask: Ask, period: Any, columns: Encoded) -> Any:
    values = ask(atom.column, period)
    match atom:
        case Flag():
            return values
        case From():
            return values >= atom.number
        case Share(whole=whole, least=least):
            return values * least.denominator >= ask(whole, period) * least.numerator
        case Inside(column=column, prefixes=prefixes):
            return columns.member(column, prefixes, prefixes=True)[values]
        case OneOf(column=column, codes=codes):
            return columns.member(column, codes)[values]
        case _:
            assert_never(atom)
