"""The policy check-up of one firm (政策体检): what to claim, what missing data could bring, what is nearly within reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from subsidy_match.matching.advice import advice_report, option_text, span
from subsidy_match.matching.exclusivity import Pending
from subsidy_match.matching.history import Payment
from subsidy_match.matching.missing import MissingFact, Outlook, outlook
from subsidy_match.matching.near_miss import NearMiss, near_misses
from subsidy_match.matching.stacking import Advice, best_claims
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.explanation import fact_words
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.wording import Wording

__all__ = ["Checkup", "checkup", "checkup_report", "near_miss_text", "stale_day"]

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Checkup:
    """One firm on one day over all policies in force."""

    advice: Advice
    outlook: Outlook
    near_misses: tuple[NearMiss, ...]


def checkup(
    policies: PolicySet,
    enterprise: Enterprise,
    as_of: date,
    payments: Sequence[Payment] = (),
    pending: Sequence[Pending] = (),
) -> Checkup:
    """Look at one firm from all sides.

    Raises:
        InputError: ``stacking_too_large``.
    """
    advice = best_claims(policies, enterprise, as_of, payments, pending)
    near = near_misses(policies, enterprise, as_of, payments)
    return Checkup(advice, outlook(advice), tuple(near))


def near_miss_text(near: NearMiss, policies: PolicySet, lang: str) -> str:
    """What would have to change, in words: 还差研发费用12.4万元."""
    words = Wording(policies, lang, near.match.period)
    label = fact_words(near.key, policies, lang)["label"]
    needed, difference = words.scalar(near.needed, near.fact.type), near.difference
    if difference is None:
        text = words.pick(f"{label}改为“{needed}”", f"{label} to be {needed}")
    else:
        by = words.scalar(abs(difference), near.fact.type)
        more = words.pick(f"还差{label}{by}", f"{by} more of {label}")
        less = words.pick(f"{label}须减少{by}", f"{by} less of {label}")
        text = (more if difference > 0 else less) + words.pick(f"(达到{needed})", f" ({needed})")
    closed = words.pick(";该年度已结束,供下一年度参考", "; that year is over: for the next one")
    return text + (closed if near.year_closed else "")


def checkup_report(found: Checkup, policies: PolicySet) -> dict[str, Any]:
    """The check-up as plain data; money in 分, what has no upper bound is null."""
    ahead = found.outlook
    return {
        **advice_report(found.advice),
        "total": span(ahead.guaranteed, ahead.possible),
        "missing": [_missing(fact, found.advice, policies) for fact in ahead.missing],
        "near_misses": [_near_miss(near, policies) for near in found.near_misses],
    }


def _missing(fact: MissingFact, advice: Advice, policies: PolicySet) -> dict[str, Any]:
    stale = stale_day(fact, advice)
    words = {lang: fact_words(fact.key, policies, lang, stale) for lang in LANGUAGES}
    return {
        "fact": fact.key,
        "label": {lang: words[lang]["label"] for lang in LANGUAGES},
        "owed_by": {lang: words[lang]["owed_by"] for lang in LANGUAGES},
        "stale": {lang: words[lang]["stale"] for lang in LANGUAGES},
        "unlocks": span(0, fact.unlocks)["max"],
        "besides": fact.besides,
        "options": [
            {"option": id_, "title": {lang: option_text(advice, id_, lang) for lang in LANGUAGES}}
            for id_ in fact.options
        ],
    }


def stale_day(fact: MissingFact, advice: Advice) -> date | None:
    """The day of the data at hand, where these are too old to count."""
    days = (advice.matches[id_].stale.get(fact.key) for id_ in fact.options)
    return next((day for day in days if day is not None), None)


def _near_miss(near: NearMiss, policies: PolicySet) -> dict[str, Any]:
    policy = near.policy
    return {
        "policy_id": policy.id,
        "policy_version": policy.start.isoformat(),
        "policy_hash": policy.hash,
        "title": {"zh": policy.title.zh, "en": policy.title.en},
        "subject": near.subject,
        "fact": near.key,
        "text": {lang: near_miss_text(near, policies, lang) for lang in LANGUAGES},
        "year_closed": near.year_closed,
        "verdict": near.match.verdict.value,
        "due": near.due,
    }
