"""Funds: reserved in full, open to whoever acts, first in line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Select, and_, bindparam, or_, select

from subsidy_match.claims.guards.pooled import check_allotted
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.rights import check_funds
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS", "PERSONAL", "others_waiting"]


def _waiting() -> Select[int]:
    return (
        select(ClaimRow.id)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .where(
            ClaimRow.waiting,
            ClaimRow.id != bindparam("claim_id"),
            ClaimShare.fund_id.in_(bindparam("funds", expanding=True)),
        )
        .limit(1)
    )


_OTHERS = _waiting()
_EARLIER = _waiting().where(
    or_(
        ClaimRow.accepted_at < bindparam("accepted_at"),
        and_(ClaimRow.accepted_at == bindparam("accepted_at"), ClaimRow.id < bindparam("claim_id")),
    )
)


def others_waiting(occasion: Occasion, *, before_claim: bool) -> bool:
    """Whether other claims wait for money of the same funds; ``before_claim`` counts those accepted earlier only."""
    claim = occasion.claim
    connection = occasion.session.connection()
    funds = [share.fund_id for share in shares_of(occasion.session, claim.id)]
    asked = {"claim_id": claim.id, "funds": funds}
    if before_claim:
        found = connection.execute(_EARLIER, asked | {"accepted_at": claim.accepted_at})
    else:
        found = connection.execute(_OTHERS, asked)
    return found.first() is not None


def _reserved_in_full(occasion: Occasion) -> None:
    held = sum(share.reserved for share in shares_of(occasion.session, occasion.claim.id))
    check_allotted(occasion)
    if occasion.claim.waiting or held != current_amount(occasion.claim):
        raise Conflict("not_reserved", "资金未占用(候补中),不能审批", "no money is reserved: the claim is waiting")


def _may_use_funds(occasion: Occasion) -> None:
    check_funds(occasion.rights, {share.fund_id for share in shares_of(occasion.session, occasion.claim.id)})


def _first_in_line(occasion: Occasion) -> None:
    if not occasion.claim.waiting:
        raise Conflict("not_waiting", "该件不在候补", "the claim is not waiting for money")
    if others_waiting(occasion, before_claim=True):
        raise Conflict("not_first_in_line", "前面还有候补件", "claims accepted earlier are still waiting")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.RESERVED_IN_FULL: _reserved_in_full,
    Guard.MAY_USE_FUNDS: _may_use_funds,
    Guard.FIRST_IN_LINE: _first_in_line,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.MAY_USE_FUNDS: _may_use_funds}
