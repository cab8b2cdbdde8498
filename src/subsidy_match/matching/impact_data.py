"""The impact report as plain data for JSON: the whole report, money in 分."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from subsidy_match import __version__
from subsidy_match.matching.impact import Change, Dimension, Firm, Kind, Standing, Tally, Transition
from subsidy_match.matching.impact_report import Example, Report, remarks
from subsidy_match.matching.impact_shares import Shares
from subsidy_match.matching.impact_sides import Side
from subsidy_match.matching.impact_words import group_words
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.reasons import Match

__all__ = ["ENGINE", "report_data"]

ENGINE = "reference"


def report_data(report: Report, lang: str = "zh") -> dict[str, Any]:
    """The whole report as plain data; explanations in one language, everything else in both."""
    impact = report.impact
    return {
        "manifest": {
            "engine": ENGINE,
            "version": __version__,
            "snapshot": report.snapshot,
            "firms": impact.total.firms,
            "subjects": impact.subjects,
            "money": "fen",
            "old": _side(report.old),
            "new": _side(report.new),
            "replaced": list(report.replaced),
        },
        "remarks": [{"zh": zh, "en": en} for zh, en in remarks(report)],
        "firms": {"kinds": _kinds(impact.total.kinds), "transitions": _matrix(impact.matrix_firms)},
        "subjects": {"kinds": _kinds(impact.kinds_subjects), "transitions": _matrix(impact.matrix_subjects)},
        "totals": _tally(impact.total),
        "groups": {
            dimension.value: [
                {"code": code, "label": {"zh": zh, "en": en}, **_tally(tally)}
                for code, (zh, en), tally in group_words(report, dimension)
            ]
            for dimension in Dimension
        },
        "budget": _budget(report),
        "demands": _demands(report),
        "examples": [_example(example, report, lang) for example in report.examples],
        "affected": [_change(change) for change in impact.affected()],
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "policy": side.policy.key,
        "title": {"zh": side.policy.title.zh, "en": side.policy.title.en},
        "policy_hash": side.policy.hash,
        "set_hash": side.policies.hash,
        "parameters_hash": side.policies.parameters_hash,
        "origin": side.origin,
        "as_of": side.as_of.isoformat(),
        "period": side.period.id,
        "year_of_facts": side.period.year_of_facts,
    }


def _kinds(kinds: Counter[Kind]) -> dict[str, int]:
    return {kind.value: kinds[kind] for kind in Kind}


def _matrix(matrix: Counter[Transition]) -> list[dict[str, Any]]:
    rows = [
        {"old": old.value if old else None, "new": new.value if new else None, "count": count}
        for (old, new), count in matrix.items()
    ]
    return sorted(rows, key=lambda row: (str(row["old"]), str(row["new"])))


def _tally(tally: Tally) -> dict[str, Any]:
    old, new = asdict(tally.old), asdict(tally.new)
    difference = {name: new[name] - old[name] for name in ("guaranteed", "possible", "open")}
    return {"firms": tally.firms, "kinds": _kinds(tally.kinds), "old": old, "new": new, "difference": difference}


def _budget(report: Report) -> dict[str, Any]:
    new = report.impact.total.new
    needed = {"guaranteed": new.guaranteed, "possible": new.possible, "unbounded": new.unbounded}
    if report.budget is None or report.shares is None:
        return {"needed": needed, "amount": None, "step": None, "fund": None, "guaranteed": None, "possible": None}
    certain, possible = report.shares
    return {
        "needed": needed,
        "amount": report.budget.amount,
        "step": report.budget.step,
        "fund": report.budget.fund,
        "guaranteed": _shares(certain),
        "possible": _shares(possible) if possible else None,
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {
        "short": shares.is_short,
        "needed": shares.needed,
        "paid": shares.paid,
        "remainder": shares.remainder,
        "rate": str(shares.rate),
        "full": shares.full,
        "nothing": shares.nothing,
    }


def _demands(report: Report) -> list[dict[str, Any]]:
    certain, possible = report.shares or (None, None)
    return [
        {
            **_firm(firm),
            "guaranteed": low,
            "possible": high,
            "share_of_guaranteed": _part(certain, firm),
            "share_of_possible": _part(possible, firm),
        }
        for firm, low, high in report.impact.demands()
    ]


def _part(shares: Shares | None, firm: Firm) -> int | None:
    return shares.parts[firm.uscc] if shares else None


def _example(example: Example, report: Report, lang: str) -> dict[str, Any]:
    def told(match: Match | None, side: Side | None) -> Mapping[str, Any] | None:
        return explain(match, side.policies, lang) if match and side else None

    old, new = told(example.old, report.old), told(example.new, report.new)
    return {**_change(example.change), "old_explanation": old, "new_explanation": new}


def _change(change: Change) -> dict[str, Any]:
    return {
        **_firm(change.firm),
        "subject": change.subject,
        "kind": change.kind.value,
        "old": _standing(change.old),
        "new": _standing(change.new),
    }


def _firm(firm: Firm) -> dict[str, Any]:
    return dict(firm._asdict())


def _standing(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {"verdict": standing.verdict.value, "min": standing.low, "max": standing.high}
