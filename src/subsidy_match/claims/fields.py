"""The fields that may come with an event: how each is read from JSON, and what its JSON looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from subsidy_match.claims.payment.lines.answers import LONGEST_CODE
from subsidy_match.claims.registry import merge
from subsidy_match.claims.wording import is_writable

__all__ = ["FIELDS", "Kind"]

_LONGEST_TEXT = 2000
_MOST_INSTALMENTS = 120
_MOST_TEXTS = 200  # materials of one submission, items of one correction: beyond any list of a policy
_LONGEST_MATERIAL = 80
_LARGEST_AMOUNT = 10**15  # ten trillion yuan: beyond any fund, within BIGINT even when many are added


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field.

    Attributes:
        read: gives the value, or ``None`` where it is not one.
        schema: JSON Schema of what is read; what it cannot say, such as control characters, only ``read`` refuses.
    """

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


def _text(value: Any) -> str | None:
    clean = value.strip() if isinstance(value, str) else ""
    return clean if 0 < len(clean) <= _LONGEST_TEXT and clean.isprintable() else None


def _note(value: Any) -> str | None:
    clean = value.strip() if isinstance(value, str) else ""
    return clean if 0 < len(clean) <= _LONGEST_TEXT and is_writable(clean) else None


def _amount(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value <= _LARGEST_AMOUNT else None


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _texts(value: Any) -> list[str] | None:
    if not isinstance(value, list | tuple) or len(value) > _MOST_TEXTS:
        return None
    texts = [_text(item) for item in value]
    return [text for text in texts if text is not None] if all(texts) else None


def _materials(value: Any) -> dict[str, str] | None:
    if not isinstance(value, Mapping) or len(value) > _MOST_TEXTS:
        return None
    given = {_up_to(_LONGEST_MATERIAL).read(key): _text(item) for key, item in value.items()}
    return {k: v for k, v in given.items() if k and v} if all(given) and all(given.values()) else None


def _plan(value: Any) -> list[dict[str, Any]] | None:
    """Instalments, each with its day (kept as text, for it is written down as it is) and its amount."""
    if not isinstance(value, list | tuple) or not 0 < len(value) <= _MOST_INSTALMENTS:
        return None
    plan = [_instalment(entry) for entry in value]
    return [entry for entry in plan if entry is not None] if all(plan) else None


def _instalment(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping) or set(value) != {"due_on", "amount"}:
        return None
    due, amount = _day(value["due_on"]), _amount(value["amount"])
    return None if due is None or amount is None else {"due_on": due.isoformat(), "amount": amount}


_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT}
_AMOUNT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": _LARGEST_AMOUNT}
_DAY_SCHEMA = {"type": "string", "format": "date"}
_INSTALMENT_SCHEMA = {
    "type": "object",
    "properties": {"due_on": _DAY_SCHEMA, "amount": _AMOUNT_SCHEMA},
    "required": ["due_on", "amount"],
    "additionalProperties": False,
}

_TEXT = Kind(_text, _TEXT_SCHEMA)
_NOTE = Kind(_note, _TEXT_SCHEMA)
_AMOUNT = Kind(_amount, {**_AMOUNT_SCHEMA, "description": "分 / fen"})
_ID = Kind(_amount, _AMOUNT_SCHEMA)
_DAY = Kind(_day, _DAY_SCHEMA)
_TEXTS = Kind(_texts, {"type": "array", "items": _TEXT_SCHEMA, "maxItems": _MOST_TEXTS})
_MATERIALS = Kind(
    _materials,
    {
        "type": "object",
        "propertyNames": {**_TEXT_SCHEMA, "maxLength": _LONGEST_MATERIAL},
        "additionalProperties": _TEXT_SCHEMA,
        "maxProperties": _MOST_TEXTS,
    },
)
_PLAN = Kind(_plan, {"type": "array", "items": _INSTALMENT_SCHEMA, "minItems": 1, "maxItems": _MOST_INSTALMENTS})


def _up_to(longest: int) -> Kind:
    """A text that goes into a column of this width: SQLite would take a longer one, PostgreSQL fails on it."""

    def read(value: Any) -> str | None:
        text = _text(value)
        return text if text is not None and len(text) <= longest else None

    return Kind(read, {**_TEXT_SCHEMA, "maxLength": longest})


def _one_of(*known: str) -> Kind:
    def read(value: Any) -> str | None:
        return value if isinstance(value, str) and value in known else None

    return Kind(read, {"type": "string", "enum": list(known)})


_ANY = {"note": _NOTE, "reason": _NOTE, "reason_code": _up_to(40)}
_FILING = {
    "amount": _AMOUNT,
    "account_id": _ID,
    "deferred_until": _DAY,
    "materials": _MATERIALS,
    "papers_seen": _TEXTS,
}
_CORRECTION = {"due_on": _DAY, "items": _TEXTS}
_REVIEW = {"assignee": _up_to(80)}
_TASKS = {
    "department": _up_to(120),
    "officer": _up_to(80),
    "opinion": _NOTE,
    "result": _one_of("favourable", "unfavourable"),
    "task": _ID,
    "task_kind": _one_of("opinion", "inspection", "expert", "audit"),
}
_POOLED = {"run": _up_to(40)}
_NOTICES = {"notice_no": _up_to(80), "notice_until": _DAY, "objection": _ID, "allocation_no": _up_to(80)}
_PAYMENT = {
    "bank_ref": _up_to(80),
    "batch": _up_to(40),
    "failure_code": _up_to(LONGEST_CODE),
    "instruction": _up_to(40),
    "return_ref": _up_to(80),
}
_RECOVERY = {
    "plan": _PLAN,
    "received_on": _DAY,
    "recovery": _ID,
    "reference": _up_to(200),
    "returns_to": _one_of("fund", "treasury"),
}
_EVIDENCE = {"risk": _up_to(120)}
_RENAMED = {"enterprise_name": _up_to(200)}
_YEAR_END = {"fund": _up_to(80), "to_fund": _up_to(80), "document_no": _up_to(80)}

FIELDS: Mapping[str, Kind] = merge(
    _ANY,
    _FILING,
    _CORRECTION,
    _REVIEW,
    _TASKS,
    _POOLED,
    _NOTICES,
    _PAYMENT,
    _RECOVERY,
    _EVIDENCE,
    _RENAMED,
    _YEAR_END,
)
"""Every field that may come with an event, and how it is read; a topic has a dictionary of its own."""
