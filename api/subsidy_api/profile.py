"""Declared profiles: what somebody says of a firm, read like the facts of a case file, each value marked as declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from subsidy_api.explanations import Profile
from subsidy_match.errors import InputError, Location
from subsidy_match.rules.cases import read_facts
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.enterprise import Enterprise, Quality, Source
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.source import Mapped, Node, Scalar
from subsidy_match.rules.source import Sequence as Listed

__all__ = ["declared_enterprise"]

Given: TypeAlias = str | bool | int | Sequence["Given"] | Mapping[str, "Given"] | None
_DECLARED = {"zh": "企业自报", "en": "declared by the firm"}


def declared_enterprise(profile: Profile, catalogue: Catalogue, as_of: date, lang: str) -> Enterprise:
    """Read a declared profile.

    Raises:
        InputError: ``profile_invalid``, with a finding for every unknown fact or code, wrong unit or value.
    """
    findings = Findings()
    given = {name: _node(value, f"profile.facts.{name}") for name, value in profile.facts.items()}
    given |= {name: _node(value, f"profile.collections.{name}") for name, value in profile.collections.items()}
    year = profile.year or as_of.year - 1
    read = read_facts(given, catalogue, year, findings, name=profile.name)
    if findings:
        zh, en = "申报的企业信息有误", "the declared profile has errors"
        raise InputError("profile_invalid", zh, en, findings=tuple(findings))
    source = Source(_DECLARED[lang], as_of, None, Quality.DECLARED)
    values = {name: replace(known, source=source) for name, known in read.values.items()}
    collections = {name: replace(rows, source=source) for name, rows in read.collections.items()}
    return Enterprise("", read.name, values, collections)


def _node(value: Given, place: str) -> Node:
    at = Location(place)
    match value:
        case None:
            return Scalar("unknown", at)
        case bool():
            return Scalar("true" if value else "false", at)
        case int() | str():
            return Scalar(str(value), at)
        case Mapping():
            entries = {key: _node(inner, f"{place}.{key}") for key, inner in value.items()}
            # A field that is null is not given, as in a row that leaves it out.
            known = {key: node for key, node in entries.items() if value[key] is not None}
            return Mapped(known, {key: node.at for key, node in entries.items()}, at)
        case _:
            return Listed(tuple(_node(inner, f"{place}[{n}]") for n, inner in enumerate(value)), at)
