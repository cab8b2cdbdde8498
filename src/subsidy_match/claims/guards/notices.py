"""The public notice, and the document of allocation after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.deadline.redating import notice_end
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.official.listings import issued_number
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _notice_over(occasion: Occasion) -> None:
    until = notice_end(occasion.session, occasion.claim, occasion.calendar)
    if until is None or occasion.on <= until:
        raise Conflict("notice_running", f"公示至{until},尚未届满", f"the public notice runs until {until}")


def _allocated(occasion: Occasion) -> None:
    number = issued_number(occasion.session, occasion.claim.id)
    if number is None:
        zh = "该件未列入已下达的资金下达文件"
        raise Conflict("allocation_missing", zh, "no issued document of allocation lists the claim")
    said = occasion.payload.get("allocation_no", number)
    if said != number:
        zh, en = f"该件列入的是{number},不是{said}", f"the claim is listed in {number}, not in {said}"
        raise Conflict("allocation_other", zh, en)


def _not_allocated(occasion: Occasion) -> None:
    number = issued_number(occasion.session, occasion.claim.id)
    if number is not None:
        zh, en = f"该件已列入资金下达文件{number},请先作废", f"{number} lists the claim: void that document first"
        raise Conflict("allocation_live", zh, en)


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NOTICE_OVER: _notice_over,
    Guard.ALLOCATED: _allocated,
    Guard.NOT_ALLOCATED: _not_allocated,
}
