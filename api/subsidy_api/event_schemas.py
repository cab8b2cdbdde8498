"""The bodies of events as the OpenAPI document tells them: one for each event, picked by its name, from the transition table.

The server reads any event with any payload and lets the desk refuse what the table does not know, with its own codes; the
document says beforehand which fields would not be refused.
"""

from __future__ import annotations

from typing import Any

from subsidy_match.claims.payload import desk_fields, payload_schema
from subsidy_match.claims.states import EVENT_NAMES, Event

__all__ = ["tell_events"]

_REF = "#/components/schemas/"
# A body with an event, and the end of the names of what takes its place.
_BODIES = {"NewEvent": "Event", "NewBulkItem": "BulkItem"}


def tell_events(schemas: dict[str, Any]) -> None:
    """Put, within the components of a document, a choice by event in the place of each body that has one."""
    for event in desk_fields():
        schemas[f"{_camel(event)}Payload"] = _payload(event)
    for name, ending in _BODIES.items():
        body = schemas[name]
        for event in desk_fields():
            schemas[f"{_camel(event)}{ending}"] = _one(event, body, ending)
        schemas[name] = _choice(body, ending)


def _choice(body: dict[str, Any], ending: str) -> dict[str, Any]:
    refs = {str(event): f"{_REF}{_camel(event)}{ending}" for event in desk_fields()}
    return {
        "title": body["title"],
        "description": body["description"],
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "event", "mapping": refs},
    }


def _one(event: Event, body: dict[str, Any], ending: str) -> dict[str, Any]:
    needs, _ = desk_fields()[event]
    properties = body["properties"] | {
        "event": {"type": "string", "const": str(event)},
        "payload": {"$ref": f"{_REF}{_camel(event)}Payload"},
    }
    required = [*body["required"], *(["payload"] if needs else [])]
    return {
        "title": f"{_camel(event)}{ending}",
        "description": _words(event),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _payload(event: Event) -> dict[str, Any]:
    return {"title": f"{_camel(event)}Payload", "description": _words(event)} | payload_schema(event)


def _words(event: Event) -> str:
    return " / ".join(EVENT_NAMES[event])


def _camel(event: Event) -> str:
    return "".join(part.capitalize() for part in str(event).split("_"))
