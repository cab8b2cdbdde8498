"""What a firm is entitled to, a page at a time: all verdicts and amounts in short, and the reasons of what is on the page.

The order is that of the full report. A page is cut from what is worked out anew, so a cursor says of what it was cut: once
policies, data, payments or the day are others there is no next page, for matches could be left out or told twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subsidy_match import __version__
from subsidy_match.errors import InputError
from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.matching.report import made_from
from subsidy_match.matching.vector.one import Brief, BriefPlan
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

__all__ = ["Overview", "look_over", "overview_report"]


@dataclass(frozen=True, slots=True)
class Overview:
    """All matches of one firm, best news first, without reasons; ``made_of`` names what they were worked out from."""

    plan: BriefPlan
    evaluator: Evaluator
    briefs: Sequence[Brief]
    snapshot_id: str | None
    made_of: str

    @property
    def totals(self) -> dict[str, int]:
        """How many matches there are of each verdict."""
        found = Counter(brief.verdict for brief in _left(self.briefs))
        found[Verdict.INELIGIBLE] = len(self.briefs) - found.total()
        return {verdict.value: found[verdict] for verdict in Verdict}

    def explained(self, first: int, limit: int) -> list[Match]:
        """Some matches with their reasons, by the reference evaluator."""
        wanted = self.briefs[first : first + limit]
        policies = {brief.policy.id: brief.policy for brief in wanted}
        several = {policy_id: self.evaluator.match(policy) for policy_id, policy in policies.items()}
        return [several[brief.policy.id][brief.place] for brief in wanted]

    def first(self, cursor: str | None) -> int:
        """Where the page of a cursor begins.

        Raises:
            InputError: ``cursor_invalid``, or ``cursor_outdated`` where it is of other policies, data or payments.
        """
        if cursor is None:
            return 0
        place, _, made_of = cursor.partition("-")
        if not (place.isascii() and place.isdecimal() and made_of.isascii() and made_of.isalnum()):
            raise InputError("cursor_invalid", "翻页标记无效", "not a cursor of this list")
        if made_of != self.made_of:
            zh, en = "政策、数据或日期已变动,请从第一页重新查询", "policies, data or the day have changed since"
            raise InputError("cursor_outdated", zh, en, hint="ask for the first page again")
        if len(place) > 9 or int(place) >= len(self.briefs):
            raise InputError("cursor_invalid", "翻页标记无效", "not a cursor of this list")
        return int(place)

    def cursor(self, first: int) -> str | None:
        """The cursor of the page that begins there, if there is anything."""
        return f"{first}-{self.made_of}" if first < len(self.briefs) else None


def look_over(
    plan: BriefPlan, enterprise: Enterprise, *, payments: Sequence[Payment] = (), snapshot_id: str | None, of: str = ""
) -> Overview:
    """Match one firm with every policy of a plan.

    Args:
        plan: the policies, made ready for their day.
        enterprise: the firm.
        payments: what this system has paid to it.
        snapshot_id: the snapshot that it is of; ``None`` for one that somebody declares.
        of: what names a firm that is declared, beside its day and policies: all that was said of it.
    """
    policies, as_of = plan.plan.policies, plan.plan.as_of
    evaluator = Evaluator(policies, with_payments(enterprise, payments), as_of)
    made_of = repr((__version__, policies.hash, snapshot_id, as_of, enterprise.uscc, list(payments), of))
    digest = hashlib.blake2b(made_of.encode(), digest_size=12).hexdigest()
    return Overview(plan, evaluator, plan.match(evaluator.enterprise, evaluator), snapshot_id, digest)


def overview_report(
    found: Overview, *, uscc: str | None, cursor: str | None = None, limit: int = 20, lang: str = "zh"
) -> dict[str, Any]:
    """One page as plain data; the first one has all that is not refused in short, and the ids of what is.

    Raises:
        InputError: ``cursor_invalid`` or ``cursor_outdated``.
    """
    first, policies = found.first(cursor), found.plan.plan.policies
    shown, said = found.explained(first, limit), found.plan.said[lang]
    return {
        "uscc": uscc,
        "as_of": found.plan.plan.as_of.isoformat(),
        **made_from(policies, found.snapshot_id),
        "totals": found.totals,
        "summaries": _summaries(found.briefs) if cursor is None else None,
        "refused": _refused(found.briefs) if cursor is None else None,
        "matches": [{**explain(match, policies, lang, said), "uscc": uscc} for match in shown],
        "next": found.cursor(first + limit),
    }


def _summaries(briefs: Sequence[Brief]) -> list[dict[str, Any]]:
    return [
        {
            "policy_id": brief.policy.id,
            "subject": brief.subject,
            "verdict": brief.verdict.value,
            "amount": None if brief.amount is None else {"min": brief.low, "max": brief.high},
        }
        for brief in _left(briefs)
    ]


def _refused(briefs: Sequence[Brief]) -> list[str]:
    """Policies of which nothing is left, each once."""
    left = {brief.policy.id for brief in _left(briefs)}
    return [id_ for id_ in dict.fromkeys([brief.policy.id for brief in briefs]) if id_ not in left]


def _left(briefs: Sequence[Brief]) -> list[Brief]:
    """Those that are not refused: of thousands of policies a few dozen, and nothing is to be done for each of the others."""
    return [brief for brief in briefs if brief.verdict is not Verdict.INELIGIBLE]
