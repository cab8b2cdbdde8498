"""Documents, items, exclusivity and risks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.duties import Duty, check_duties
from subsidy_match.claims.materials import check_given, check_outstanding, outstanding
from subsidy_match.claims.occasion import Occasion, past_duties
from subsidy_match.claims.originals import PAPER
from subsidy_match.claims.risk.exclusive import check_cap, check_slots
from subsidy_match.claims.risk.items import check_items, check_paid_items
from subsidy_match.claims.risk.risks import check_answered, check_open
from subsidy_match.claims.states import State
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS", "PERSONAL"]

_REVIEWED = frozenset({State.IN_RECHECK, State.IN_APPROVAL})


def _material_owed(occasion: Occasion) -> None:
    owed = {row.material for row in outstanding(occasion.session, occasion.claim.id)}
    odd = sorted(
        name for name, value in occasion.payload["materials"].items() if name not in owed or value == "deferred"
    )
    if odd:
        zh = f"该材料不在待补交之列:{odd[0]}"
        raise Conflict(
            "material_not_owed", zh, f"not a document that is to follow: {odd[0]}", hint=", ".join(sorted(owed))
        )

    if occasion.claim.state in _REVIEWED and PAPER in occasion.payload["materials"].values():
        zh = "初审已过,无人核对原件,请上传材料"
        raise Conflict("original_too_late", zh, "the review is over and nobody looks at originals: upload the document")


def _machine_unopposed(occasion: Occasion) -> None:
    # The machine submits at once: a draft that it could not submit would only keep the firm from filing itself.
    if occasion.actor.is_machine:
        check_items(occasion)
        _exclusive_free(occasion)


def _exclusive_free(occasion: Occasion) -> None:
    # Asked at approval as well: by then the history may know of more payments.
    check_paid_items(occasion)
    check_slots(occasion)


def _risk_open(occasion: Occasion) -> None:
    _no_filer(occasion)
    check_open(occasion)


def _no_filer(occasion: Occasion) -> None:
    # Whoever filed the claim cannot answer for its risks, as they could not review it.
    history = past_duties(occasion.session, occasion.claim.id)
    for person in occasion.people:
        check_duties(person.person, Duty.REVIEWER, history, called=person.id)


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.DOCUMENTS_KNOWN: check_given,
    Guard.MATERIAL_OWED: _material_owed,
    Guard.NOTHING_OWED: check_outstanding,
    Guard.MACHINE_UNOPPOSED: _machine_unopposed,
    Guard.ITEMS_FREE: check_items,
    Guard.EXCLUSIVE_FREE: _exclusive_free,
    Guard.WITHIN_CAP: check_cap,
    Guard.RISK_OPEN: _risk_open,
    Guard.RISKS_ANSWERED: check_answered,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.RISK_OPEN: _no_filer}
