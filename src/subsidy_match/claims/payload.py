"""Reads what comes with an event: only the fields its row names, each of the right kind; and says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from subsidy_match.claims.fields import FIELDS
from subsidy_match.claims.reasons import REASONS, check_reason
from subsidy_match.claims.states import Event
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Door, Transition
from subsidy_match.errors import InputError

__all__ = ["Payload", "desk_fields", "parse_payload", "payload_schema"]

Payload = Mapping[str, Any]


@cache
def desk_fields() -> Mapping[Event, tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each event that can be fired at the desk, the fields that every row of it needs, and those that some row takes."""
    rows: dict[Event, list[Transition]] = {}
    for row in TRANSITIONS:
        if row.door is Door.DESK and row.sources:
            rows.setdefault(row.event, []).append(row)
    return {event: _fields(rows[event]) for event in sorted(rows)}


def _fields(rows: list[Transition]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = dict.fromkeys(name for row in rows for name in (*row.needs, *row.takes))
    needs = tuple(name for name in known if all(name in row.needs for row in rows))
    return needs, tuple(name for name in known if name not in needs)


def payload_schema(event: Event) -> dict[str, Any]:
    """JSON Schema of the payload of an event that can be fired at the desk."""
    needs, takes = desk_fields()[event]
    properties = {name: dict(FIELDS[name].schema) for name in (*needs, *takes)}
    for name in needs:
        if properties[name]["type"] == "array":
            properties[name]["minItems"] = 1
    if "reason_code" in properties:
        properties["reason_code"] = {"type": "string", "enum": _reasons(event)}
    return {"type": "object", "properties": properties, "required": list(needs), "additionalProperties": False}


def _reasons(event: Event) -> list[str]:
    return [reason.code for reason in REASONS.values() if event in reason.events]


def parse_payload(transition: Transition, raw: Mapping[str, Any]) -> Payload:
    """Check and convert the fields that came with an event.

    Raises:
        InputError: ``field_unknown``, ``field_missing``, ``field_invalid``, ``reason_unknown``.
    """
    for name in raw:
        if name not in transition.needs and name not in transition.takes:
            known = ", ".join((*transition.needs, *transition.takes))
            raise InputError("field_unknown", f"不认识的字段:{name}", f"unknown field: {name}", hint=known)
    for name in transition.needs:
        if raw.get(name) in (None, "", []):
            raise InputError("field_missing", f"缺少字段:{name}", f"missing field: {name}")
    parsed = {name: _parse(name, value) for name, value in raw.items() if value is not None}
    if "reason_code" in parsed:
        check_reason(parsed["reason_code"], transition.event)
    return parsed


def _parse(name: str, value: Any) -> Any:
    parsed = FIELDS[name].read(value)
    if parsed is None:
        raise InputError("field_invalid", f"字段内容有误:{name}", f"invalid value for the field {name}")
    return parsed
