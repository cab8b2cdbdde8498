"""Enterprise documents as bodies: facts with their words, lists with what was loaded, nothing that is secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from subsidy_api.bodies.enterprises import CollectionBody, FactValue, FirmBody, SourceBody
from subsidy_api.schemas import Label
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.enterprise import Collection, Enterprise, Row, Scalar, Source
from subsidy_match.rules.tree import Label as Words
from subsidy_match.rules.tree import Type

__all__ = ["firm_body"]

_SECRET = "secret"  # noqa: S105  # a degree of sensitivity, no password


def firm_body(enterprise: Enterprise, catalogue: Catalogue, snapshot_id: str) -> FirmBody:
    """One enterprise document; facts of the catalogue in its order, yearly ones newest first."""
    return FirmBody(
        uscc=enterprise.uscc,
        name=enterprise.name,
        snapshot=snapshot_id,
        facts=list(_facts(enterprise, catalogue)),
        collections={
            name: _collection(found, catalogue, name)
            for name, found in enterprise.collections.items()
            if name in catalogue.collections
        },
    )


def _facts(enterprise: Enterprise, catalogue: Catalogue) -> Iterator[FactValue]:
    for name, fact in catalogue.facts.items():
        if fact.sensitivity == _SECRET:
            continue
        for key in sorted(_keys(enterprise, name, yearly=fact.yearly), reverse=True):
            known = enterprise.values[key]
            yield FactValue(
                fact=name,
                year=int(key.rpartition("_")[2]) if fact.yearly else None,
                label=_label(fact.label),
                value=_plain(known.value),
                unit=_unit(fact.type),
                source=_source(known.source, catalogue),
            )


def _keys(enterprise: Enterprise, name: str, *, yearly: bool) -> list[str]:
    if not yearly:
        return [name] if name in enterprise.values else []
    prefix = f"{name}_"
    return [key for key in enterprise.values if key.startswith(prefix) and key[len(prefix) :].isdecimal()]


def _collection(found: Collection, catalogue: Catalogue, name: str) -> CollectionBody:
    return CollectionBody(
        label=_label(catalogue.collections[name].label),
        rows=[_row(row) for row in found.rows],
        loaded=dict(found.loaded),
        disputed=found.disputed,
        source=_source(found.source, catalogue),
    )


def _row(row: Row) -> dict[str, int | bool | str | list[str] | None]:
    return {name: None if value is None else _plain(value) for name, value in row.items()}


def _plain(value: Scalar) -> int | bool | str | list[str]:
    match value:
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def _unit(type_: Type) -> str:
    if type_.unit.is_money:
        return "分"
    return str(type_.unit) if type_.unit.powers else ""


def _source(source: Source | None, catalogue: Catalogue) -> SourceBody | None:
    if source is None:
        return None
    known = catalogue.departments.get(source.department, Words(source.department, source.department))
    return SourceBody(
        department=source.department,
        label=_label(known),
        as_of=source.as_of,
        batch=source.batch,
        quality=source.quality.value,
    )


def _label(words: Words) -> Label:
    return Label(zh=words.zh, en=words.en)
