"""What a claim's channel and chain let the system do by itself, as data (免申即享, 即申即享, chains without acceptance)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from subsidy_match.claims.evidence_records import QaSample
from subsidy_match.claims.handling.records import ClaimTerms
from subsidy_match.claims.handling.rules import rule_for
from subsidy_match.claims.occasion import current_amount
from subsidy_match.claims.originals import unseen
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event

__all__ = [
    "CHANNELS",
    "FULL_CHAIN",
    "Shortening",
    "accepts_by_itself",
    "chain_of",
    "is_sampled",
    "note_chain",
    "passes_by_itself",
]

FULL_CHAIN = ("accept", "review", "recheck", "approve", "publish", "pay")


@dataclass(frozen=True, slots=True)
class Shortening:
    """Which events a channel leaves to the machine: to push, or to the system once a person has submitted."""

    zh: str
    en: str
    by_push: tuple[Event, ...] = ()
    by_system: tuple[Event, ...] = ()


CHANNELS: Mapping[str, Shortening] = {
    "no_apply": Shortening("免申即享", "no application", by_push=(Event.DRAFT, Event.SUBMIT, Event.ACCEPT)),
    "instant": Shortening("即申即享", "instant", by_system=(Event.ACCEPT, Event.PASS)),
    "fast": Shortening("快申快享", "fast"),
    "committed": Shortening("承诺兑现", "committed"),
}


def note_chain(session: Session, claim_id: int, chain: tuple[str, ...]) -> None:
    """Keep the chain with a new claim."""
    session.add(ClaimTerms(claim_id=claim_id, chain=" ".join(chain)))


def chain_of(session: Session, claim_id: int) -> tuple[str, ...]:
    """The chain of a claim; of one that is older than this record, the full one."""
    terms = session.get(ClaimTerms, claim_id)
    return FULL_CHAIN if terms is None else tuple(terms.chain.split())


def accepts_by_itself(session: Session, claim: ClaimRow) -> bool:
    """Whether the system accepts the claim at submission: its channel says so, or its chain has no acceptance.

    It cannot look at originals: a claim that came with some waits for a clerk.
    """
    left_to_it = Event.ACCEPT in CHANNELS[claim.channel].by_system or "accept" not in chain_of(session, claim.id)
    return left_to_it and not unseen(session, claim.id)


def passes_by_itself(session: Session, claim: ClaimRow, on: date) -> bool:
    """Whether the data decide verdict and amount and nobody else has to be asked, so that one officer approves."""
    certain = claim.verdict == "eligible" and claim.amount_min == claim.amount_max == current_amount(claim)
    by_channel = Event.PASS in CHANNELS[claim.channel].by_system
    # Somebody who had the claim in hand keeps it: only what came straight from submission passes.
    untouched = claim.assignee is None and claim.corrections == 0
    return by_channel and certain and untouched and not is_sampled(session, claim) and not _asks(session, claim, on)


def is_sampled(session: Session, claim: ClaimRow) -> bool:
    """Whether the claim was drawn for re-examination: then persons look at it, whatever its channel."""
    return session.get(QaSample, claim.id) is not None


def _asks(session: Session, claim: ClaimRow, on: date) -> bool:
    return bool(rule_for(session, claim, on).tasks)
