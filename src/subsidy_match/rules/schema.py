"""JSON Schema of a policy file, for completion and first checks in editors; the loader remains the judge.

Every scalar is text or a plain number here, because the language gives types by place, not by YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subsidy_match.money import Rounding
from subsidy_match.rules import conditions, values
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.document import LEVELS, PAYEES, POLICY_KEYS
from subsidy_match.rules.policy import Channel, GrantedBy, PeriodKind
from subsidy_match.rules.terms import PROVENANCES, STAGES
from subsidy_match.rules.tree import DayName

__all__ = ["COMPARISON_SHAPES", "CONDITION_SHAPES", "VALUE_SHAPES", "policy_schema"]

Schema = Mapping[str, Any]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _object(required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: Schema, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_TEXT = {"type": ["string", "number", "boolean"]}
_LABEL = _object(("zh", "en"), zh={"type": "string"}, en={"type": "string"})
_STEPS = {"type": "object", "additionalProperties": _ref("value"), "minProperties": 1}
_BAND = _object(
    ("of", "otherwise"),
    of=_ref("value"),
    at_least=_STEPS,
    more_than=_STEPS,
    at_most=_STEPS,
    less_than=_STEPS,
    otherwise=_ref("value"),
)
_BRANCHES = _list(
    {
        "anyOf": [
            _object(("when", "then"), when=_ref("condition"), then=_ref("value")),
            _object(("otherwise",), otherwise=_ref("value")),
        ]
    }
)
_ROWS = _object(("in",), **{"in": _ref("collection"), "where": _ref("condition")})
_TAKEN = _object(("in", "take"), **{"in": _ref("collection"), "where": _ref("condition"), "take": _ref("value")})
_ROUNDING = _object(("to", "mode"), to={"type": "string"}, mode={"enum": [mode.value for mode in Rounding]})
_PARAM = {
    "anyOf": [
        {"type": "string"},
        _object(("name",), **{"name": {"type": "string"}, "for": _ref("value"), "at": {"enum": list(DayName)}}),
    ]
}
_GRADE = _object(
    ("by", "numbers"),
    by={"type": "string"},
    industry=_ref("value"),
    numbers={"type": "object", "additionalProperties": _ref("value")},
    at={"enum": list(DayName)},
)

VALUE_SHAPES: Mapping[str, Schema] = {
    "value": _ref("value"),
    "add": _list(_ref("value")),
    "subtract": _list(_ref("value"), 2),
    "multiply": _list(_ref("value"), 2),
    "ratio": {**_list(_ref("value"), 2), "maxItems": 2},
    "best_of": _list(_ref("value")),
    "least_of": _list(_ref("value")),
    "later_of": _list(_ref("value")),
    "earlier_of": _list(_ref("value")),
    "days": {**_list(_ref("value"), 2), "maxItems": 2},
    "band": _BAND,
    "first_of": _BRANCHES,
    "each_of": _BRANCHES,
    "count": _ROWS,
    "sum": _TAKEN,
    "latest": _TAKEN,
    "largest": _TAKEN,
    "param": _PARAM,
    "grade": _GRADE,
    "paid_under": {"type": "string"},
}
CONDITION_SHAPES: Mapping[str, Schema] = {
    "all": _list(_ref("condition")),
    "any": _list(_ref("condition")),
    "not": _ref("condition"),
    "at_least_n": _object(("n", "of"), n=_TEXT, of=_list(_ref("condition"))),
    "some": _ROWS,
    "none": _ROWS,
    "holds": {"type": "string"},
    "manual": _object(("zh", "en", "by"), zh={"type": "string"}, en={"type": "string"}, by={"type": "string"}),
}
_CODES = {"anyOf": [_TEXT, _list(_TEXT)]}
COMPARISON_SHAPES: Mapping[str, Schema] = {
    "at_least": _ref("value"),
    "more_than": _ref("value"),
    "at_most": _ref("value"),
    "less_than": _ref("value"),
    "on_or_after": _ref("value"),
    "before": _ref("value"),
    "between": {**_list(_ref("value"), 2), "maxItems": 2},
    "within_last": {"type": "string"},
    "is": _TEXT,
    "is_not": _TEXT,
    "one_of": _list(_TEXT),
    "includes": _list(_TEXT),
    "within": _CODES,
}
_META = {"id": {"type": "string"}, "basis": {"anyOf": [{"type": "string"}, _list({"type": "string"})]}, "title": _LABEL}


def policy_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of a policy file (JSON Schema 2020-12), with the names of collections and statuses of a catalogue."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "subsidy-match policy",
        **_policy(catalogue),
        "$defs": {
            "collection": {"enum": [*catalogue.collections, "items"]},
            "value": {"anyOf": [_TEXT, *(_worded(w, s, values.MODIFIERS) for w, s in VALUE_SHAPES.items())]},
            "condition": {"anyOf": [*(_worded(w, s, ()) for w, s in CONDITION_SHAPES.items()), _comparison()]},
        },
    }


def _worded(word: str, shape: Schema, modifiers: tuple[str, ...]) -> dict[str, Any]:
    shapes = {"rounded": _ROUNDING, "from": {"type": "string"}}
    extra = {name: shapes.get(name) or _ref("value") for name in modifiers}
    return _object((word,), **{word: shape, **extra, **_META})


def _comparison() -> dict[str, Any]:
    one_each = [{"required": [word]} for word in conditions.COMPARISONS]
    shape = _object(("value",), **{"value": _ref("value"), **COMPARISON_SHAPES, "except": _CODES, **_META})
    return {**shape, "anyOf": one_each}


def _policy(catalogue: Catalogue) -> dict[str, Any]:
    text = {"type": "string"}
    fund = _object(("fund", "share"), fund=text, share=text)
    clause = _object(
        ("document",), document=text, article=text, gist=text, quote=text, provenance={"enum": list(PROVENANCES)}
    )
    exclusive = _object(("group",), group=text, at_most=_TEXT, per={"enum": ["year", "policy", "item_key"]}, cap=text)
    material = _object(
        ("zh", "en", "from"), **{"zh": text, "en": text, "from": {"enum": ["applicant", "department", "commitment"]}},
        required=_TEXT, deferrable=_TEXT,
    )  # fmt: skip
    amount_words = {w: s for w, s in VALUE_SHAPES.items()}
    keys: dict[str, Any] = {
        "id": text,
        "title": _LABEL,
        "provenance": {"enum": list(PROVENANCES)},
        "basis": {"type": "object", "additionalProperties": clause},
        "level": {"enum": list(LEVELS)},
        "region": text,
        "authority": text,
        "effective": _object(("from",), **{"from": text, "to": text}),
        "window": _object(("opens", "closes"), opens=text, closes=text),
        "channel": {"enum": [channel.value for channel in Channel]},
        "claim": _object(("period", "year_of_facts"), period={"enum": [k.value for k in PeriodKind]}, year_of_facts=text),
        "let": {"type": "object", "additionalProperties": _ref("value")},
        "for_each": _object(
            ("in", "key", "claim"), **{"in": _ref("collection"), "key": text, "claim": {"enum": ["each", "together"]}}
        ),
        "item_if": _ref("condition"),
        "inherits": _list(text),
        "waive": _list(_object(("clause", "basis"), clause=text, basis=text)),
        "eligible_if": _ref("condition"),
        "amount": _object(
            ("rounding",), **{**amount_words, "each": _ref("value"), "cap": _ref("value"), "floor": _ref("value"),
                              "rounded": _ROUNDING, "rounding": _ROUNDING, **_META}
        ),
        "pays_for": text,
        "exclusive": _list(exclusive),
        "materials": _list(material),
        "chain": _list({"enum": list(STAGES)}),
        "sla": _object((), total=_TEXT, notice=_TEXT, notice_counts=_TEXT),
        "funding": _list(fund),
        "grants": _object(
            ("status", "until"), status={"enum": list(catalogue.status_names())}, until=text,
            by={"enum": [by.value for by in GrantedBy]}
        ),
        "needs_source": _TEXT,
        "accept": _list(_object(("code", "reason"), code=text, reason=text, clause=text)),
        "payee": {"enum": list(PAYEES)},
        "note": text,
    }  # fmt: skip
    required = (
        "id",
        "title",
        "provenance",
        "basis",
        "level",
        "authority",
        "effective",
        "channel",
        "claim",
    )
    return _object(required, **{key: keys[key] for key in POLICY_KEYS})
