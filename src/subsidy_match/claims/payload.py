"""Reads what comes with an event: only the fields its row names, each of the right kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from subsidy_match.claims.reasons import check_reason
from subsidy_match.claims.registry import merge
from subsidy_match.claims.transition import Transition
from subsidy_match.claims.wording import is_writable
from subsidy_match.errors import InputError

__all__ = ["FIELDS", "Payload", "parse_payload"]

Payload = Mapping[str, Any]

_LONGEST_TEXT = 2000
_MOST_INSTALMENTS = 120
_MOST_TEXTS = 200  # materials of one submission, items of one correction: beyond any list of a policy
_LONGEST_MATERIAL = 80
_LARGEST_AMOUNT = 10**15  # ten trillion yuan: beyond any fund, within BIGINT even when many are added


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
    parsed = FIELDS[name](value)
    if parsed is None:
        raise InputError("field_invalid", f"字段内容有误:{name}", f"invalid value for the field {name}")
    return parsed


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
    given = {_up_to(_LONGEST_MATERIAL)(key): _text(item) for key, item in value.items()}
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


def _up_to(longest: int) -> Callable[[Any], str | None]:
    """Read a text that goes into a column of this width: SQLite would take a longer one, PostgreSQL fails on it."""

    def read(value: Any) -> str | None:
        text = _text(value)
        return text if text is not None and len(text) <= longest else None

    return read


def _returns_to(value: Any) -> str | None:
    return value if value in ("fund", "treasury") else None


def _one_of(*known: str) -> Callable[[Any], str | None]:
    return lambda value: value if isinstance(value, str) and value in known else None


_ANY = {"note": _note, "reason": _note, "reason_code": _up_to(40)}
_FILING = {
    "amount": _amount,
    "account_id": _amount,
    "deferred_until": _day,
    "materials": _materials,
    "papers_seen": _texts,
}
_CORRECTION = {"due_on": _day, "items": _texts}
_REVIEW = {"assignee": _up_to(80)}
_TASKS = {
    "department": _up_to(120),
    "officer": _up_to(80),
    "opinion": _note,
    "result": _one_of("favourable", "unfavourable"),
    "task": _amount,
    "task_kind": _one_of("opinion", "inspection", "expert", "audit"),
}
_POOLED = {"run": _up_to(40)}
_NOTICES = {"notice_no": _up_to(80), "notice_until": _day, "objection": _amount, "allocation_no": _up_to(80)}
_PAYMENT = {
    "bank_ref": _up_to(80),
    "batch": _up_to(40),
    "failure_code": _up_to(40),
    "instruction": _up_to(40),
    "return_ref": _up_to(80),
}
_RECOVERY = {
    "plan": _plan,
    "received_on": _day,
    "recovery": _amount,
    "reference": _up_to(200),
    "returns_to": _returns_to,
}
_EVIDENCE = {"risk": _up_to(120)}

FIELDS: Mapping[str, Callable[[Any], Any]] = merge(
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
)
"""Every field that may come with an event, and how it is read; a topic has a dictionary of its own."""
