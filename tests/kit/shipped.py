"""The shipped policies, and generated enterprises to try them on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from subsidy_match.rules.catalogue import CollectionSpec
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Row, Scalar
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Type

__all__ = ["AS_OF", "CATALOGUE", "POLICIES", "QUICK", "enterprises", "told_more", "values"]

POLICIES = load_policies(Path(__file__).parents[2] / "policies")
CATALOGUE = POLICIES.catalogue
AS_OF = date(2026, 6, 30)
# edges of the policies, in 分, persons, months …, and one to each side
EDGES = [0, 1, 3, 12, 20, 30, 100, 500, 500_000_000, 2_500_000_000, 20_000_000_000, 10**15]
NUMBERS = st.one_of(st.sampled_from([e + d for e in EDGES for d in (-1, 0, 1) if e + d >= 0]), st.integers(0, 10**12))
DAYS = st.one_of(
    st.sampled_from(
        [date(2023, 6, 30), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1), AS_OF, date(2026, 7, 1)]
    ),
    st.dates(date(2015, 1, 1), date(2028, 12, 31)),
)
QUICK = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), print_blob=True)


def values(type_: Type, span: Span) -> st.SearchStrategy[Scalar]:
    codes = list(CATALOGUE.enums.get(type_.codes or "", {}))
    match type_.kind:
        case Kind.NUMBER:
            return NUMBERS.map(lambda number: int(min(max(number, span.lo), span.hi)))
        case Kind.DATE:
            return DAYS
        case Kind.BOOL:
            return st.booleans()
        case Kind.CODES:
            return st.lists(st.sampled_from(codes), unique=True).map(lambda found: tuple(sorted(found)))
        case Kind.CODE if codes:
            return st.sampled_from(codes)
        case Kind.CODE:
            return st.sampled_from(["320812", "320803", "320800", "320900", "3491", "39"])
        case _:
            return st.sampled_from([policy.id for policy in POLICIES.policies])


def rows(spec: CollectionSpec, number: int) -> st.SearchStrategy[Row]:
    fields = {
        name: st.none() | values(field.type, field.span) for name, field in spec.fields.items() if name not in spec.key
    }
    keys = {name: values(spec.fields[name].type, spec.fields[name].span) for name in spec.key}
    fixed = {name: st.just(f"K{number}") for name in spec.key if spec.fields[name].type.kind is Kind.TEXT}
    return st.fixed_dictionaries({**fields, **keys, **fixed})


@st.composite
def collections(draw: st.DrawFn, spec: CollectionSpec) -> Collection:
    found = tuple(draw(rows(spec, n)) for n in range(draw(st.integers(0, 2))))
    loaded = dict.fromkeys(spec.complete_from, AS_OF) if draw(st.booleans()) else {}
    return Collection(found, loaded, disputed=draw(st.sampled_from([False, False, True])))


@st.composite
def enterprises(draw: st.DrawFn) -> Enterprise:
    known: dict[str, Known] = {}
    for name, fact in CATALOGUE.facts.items():
        for key in (f"{name}_2024", f"{name}_2025") if fact.yearly else (name,):
            value = draw(st.none() | values(fact.type, fact.span))
            if value is not None:
                known[key] = Known(value)
    lists = {name: draw(collections(spec)) for name, spec in CATALOGUE.collections.items() if draw(st.booleans())}
    return Enterprise("91320800MA00000000", "虚构企业", known, lists)


@st.composite
def told_more(draw: st.DrawFn) -> tuple[Enterprise, Enterprise]:
    """An enterprise, and the same one with some unknowns filled in: facts, fields of rows, lists found complete."""
    after = draw(enterprises())
    hidden = draw(st.sets(st.sampled_from(sorted(after.values)))) if after.values else set()
    before_lists = {name: draw(forgetting(name, found)) for name, found in after.collections.items()}
    before = replace(after, values={k: v for k, v in after.values.items() if k not in hidden}, collections=before_lists)
    return before, after


@st.composite
def forgetting(draw: st.DrawFn, name: str, found: Collection) -> Collection:
    key = CATALOGUE.collections[name].key
    forgotten = tuple(
        {f: None if f not in key and draw(st.booleans()) else v for f, v in row.items()} for row in found.rows
    )
    if draw(st.booleans()):
        return replace(found, rows=forgotten)
    return replace(found, rows=forgotten, loaded={})
