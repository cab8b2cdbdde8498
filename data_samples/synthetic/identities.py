"""Trouble with who is who: renamed firms, near-twins, reused names, firms that moved, persons on two payrolls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

from .codes import new_uscc
from .exemplars import RECORDS, exemplary
from .model import City, Firm
from .naming import RARE, SECOND, Names
from .records import CATEGORIES, hire

__all__ = ["entangle", "share_persons"]


def entangle(city: City, names: Names, pool: list[Firm]) -> None:
    """Plant every kind of identity trouble, each on firms of its own taken from the pool."""
    random = city.random("identities")
    plans: tuple[tuple[int, Callable[[City, Random, Names, Firm], None]], ...] = (
        (36, _rename), (14, _make_rare), (5, _twin), (3, _reuse_name), (2, _take_former_name), (5, _outside_district),
    )  # fmt: skip
    for count, plan in plans:
        for _ in range(city.share(count)):
            if len(pool) > city.size // 4:
                firm = pool.pop()
                firm.entangled = True
                plan(city, random, names, firm)


def _rename(city: City, random: Random, names: Names, firm: Firm) -> None:
    old = names.company(firm.trade, random.choice(("淮安", "淮安市", "江苏")))
    firm.former = [old]
    if random.random() < 0.15:
        firm.former.insert(0, names.company(firm.trade, "淮安"))
    city.truth.plant("renamed", uscc=firm.uscc, name=firm.name, former=firm.former)


def _make_rare(city: City, random: Random, names: Names, firm: Firm) -> None:
    firm.name = f"淮安{names.word(rare=True)}{random.choice(firm.trade.words)}有限公司"
    rare = next(c for c in firm.name if c in RARE)
    city.truth.plant("rare_character", uscc=firm.uscc, name=firm.name, character=rare)


def _twin(city: City, random: Random, names: Names, firm: Firm) -> None:
    """Another firm whose name is one character away: never to be taken for the first."""
    del names
    sign = next(c for c in firm.name if c in SECOND)
    taken = {f.name for f in city.firms}
    others = (firm.name.replace(sign, c, 1) for c in random.sample(SECOND, len(SECOND)))
    other = next(name for name in others if name not in taken)
    twin = _copy(random, firm, other)
    twin.insurance, twin.sci_staff = None, None
    city.firms.append(twin)
    city.truth.plant("near_twin", uscc=firm.uscc, name=firm.name, other_uscc=twin.uscc, other_name=twin.name)


def _reuse_name(city: City, random: Random, names: Names, firm: Firm) -> None:
    """A cancelled firm bore the very same name: a list of names alone does not say which is meant."""
    del names
    ghost = _copy(random, firm, firm.name)
    ghost.status, ghost.founded = "cancelled", date(2012, 5, 9)
    ghost.accounts, ghost.insurance, ghost.sci_staff = {}, None, None
    city.firms.append(ghost)
    city.truth.plant("same_name", name=firm.name, active_uscc=firm.uscc, cancelled_uscc=ghost.uscc)


def _take_former_name(city: City, random: Random, names: Names, firm: Firm) -> None:
    """A firm was renamed, and another one took the name it gave up."""
    old = names.company(firm.trade, "淮安")
    firm.former = [old]
    heir = _copy(random, firm, old)
    heir.former = []
    city.firms.append(heir)
    city.truth.plant("former_name_taken", name=old, now_borne_by=heir.uscc, formerly_borne_by=firm.uscc)


def _outside_district(city: City, random: Random, names: Names, firm: Firm) -> None:
    """A functional zone that has no division code."""
    del names
    firm.district = random.choice(("淮安工业园区", "淮安生态文化旅游区"))
    city.truth.plant("zone_without_code", uscc=firm.uscc, name=firm.name, written=firm.district)


def _copy(random: Random, firm: Firm, name: str) -> Firm:
    """Register another firm in the same trade and place, with books of its own and nothing else."""
    office = firm.uscc[2:8]
    twin = replace(
        firm,
        uscc=new_uscc(random, kind="91", office=office),
        name=name,
        former=[],
        disabled={},
        ip=None,
        entangled=True,
    )
    for records in (*RECORDS, "energy"):
        setattr(twin, records, [])
    twin.accounts = dict(firm.accounts)
    return twin


def share_persons(city: City, pool: list[Firm]) -> None:
    """Put a few persons on the payroll of two firms, which only one of the firms may be paid for."""
    random = city.random("persons")
    for _ in range(city.share(9)):
        if len(pool) < 2:
            return
        first, second = pool.pop(), pool.pop()
        exemplary(first)
        exemplary(second)
        made = hire(city, random, first, category=CATEGORIES[0], contract=date(2026, 1, 15), months=4)
        second.hires.append(replace(made, contract=date(2026, 2, 20), months=3))
        city.truth.plant("person_twice", person=made.person, first_uscc=first.uscc, second_uscc=second.uscc)
