"""What a row does once its guards hold: to the claim's own fields, to the money and to the clock.

A topic is a module with a ``FIELDS`` (by event), a ``MONEY`` (by fund effect) or both, and a line here for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import update

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.effects import (
    accounts,
    amending,
    appeals,
    correction,
    deadlines,
    decision,
    ending,
    evidence,
    filing,
    notices,
    objections,
    payment,
    pooled,
    rebasing,
    recovery,
    reserving,
    returned,
    review,
    tasks,
    year_end,
)
from subsidy_match.claims.effects.timing import apply_clock
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.official.listings import leave_documents
from subsidy_match.claims.records import ClaimItem, ClaimRow
from subsidy_match.claims.registry import covering
from subsidy_match.claims.risk.exclusive import release_exclusive
from subsidy_match.claims.states import OCCUPYING, Event
from subsidy_match.claims.transition import FundEffect

__all__ = ["FIELDS_OF", "MONEY_OF", "apply_clock", "apply_fields", "apply_funds", "copy_assessment", "release_items"]

FIELDS_OF: Mapping[Event, Callable[[Occasion], None]] = covering(
    Event,
    filing.FIELDS,
    correction.FIELDS,
    review.FIELDS,
    pooled.FIELDS,
    tasks.FIELDS,
    decision.FIELDS,
    notices.FIELDS,
    objections.FIELDS,
    accounts.FIELDS,
    payment.FIELDS,
    returned.FIELDS,
    recovery.FIELDS,
    amending.FIELDS,
    appeals.FIELDS,
    ending.FIELDS,
    deadlines.FIELDS,
    evidence.FIELDS,
    year_end.FIELDS,
)
"""What each event writes into the claim's own fields."""

MONEY_OF: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = covering(
    FundEffect,
    reserving.MONEY,
    decision.MONEY,
    objections.MONEY,
    payment.MONEY,
    rebasing.MONEY,
    recovery.MONEY,
    returned.MONEY,
    ending.MONEY,
    year_end.MONEY,
)
"""What each fund effect moves, given back as ``op fund`` → 分."""


def copy_assessment(claim: ClaimRow, assessment: Assessment) -> None:
    """Take over what the newest assessment says of the amount and of the text and data it rests on."""
    claim.verdict = assessment.verdict
    claim.amount_min, claim.amount_max = assessment.amount_min, assessment.amount_max
    claim.policy_hash, claim.snapshot_id = assessment.policy_hash, assessment.snapshot_id


def apply_fields(occasion: Occasion) -> None:
    """Write what the event itself says into the claim."""
    if occasion.assessment is not None:
        copy_assessment(occasion.claim, occasion.assessment)
    FIELDS_OF[occasion.transition.event](occasion)


def apply_funds(occasion: Occasion) -> Mapping[str, int]:
    """Move the money that the row moves, all or nothing; gives the movements as ``op fund`` → 分."""
    return MONEY_OF[occasion.transition.fund](occasion)


def release_items(occasion: Occasion) -> None:
    """Free what a claim used up, and its places in documents, once it has ended unpaid; nothing is to be recovered."""
    if occasion.claim.state in OCCUPYING:
        return
    leave_documents(occasion.session, occasion.claim.id)
    mine = update(ClaimItem).where(ClaimItem.claim_id == occasion.claim.id)
    occasion.session.execute(mine.values(occupies=False).execution_options(synchronize_session=False))
    release_exclusive(occasion.session, occasion.claim.id)
    recovery.drop_proposed(occasion)
