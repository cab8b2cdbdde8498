"""Checks that claims and accounts are what their record says: the last step of a claim, the audit trail of an account."""

from __future__ import annotations

import json

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from subsidy_match.claims.amendments import NAME
from subsidy_match.claims.records import AccountRow, ClaimRow, ClaimStep
from subsidy_match.claims.undo_records import AmendmentRow
from subsidy_match.errors import Finding
from subsidy_match.store import audit

__all__ = ["check_accounts", "check_last_steps", "check_names"]

_ENTERED, _VERIFIED = "register_account", "verify_account"


def check_last_steps(session: Session) -> list[Finding]:
    """Compare state and version of every claim with its last step, and how many steps it took (F017)."""
    taken = (
        select(ClaimStep.claim_id, func.max(ClaimStep.version).label("last"), func.count().label("steps"))
        .group_by(ClaimStep.claim_id)
        .subquery()
    )
    step = (ClaimStep.claim_id == ClaimRow.id) & (ClaimStep.version == taken.c.last)
    query = (
        select(ClaimRow.claim_no, ClaimRow.state, ClaimRow.version, ClaimStep.to_state, taken.c.last, taken.c.steps)
        .outerjoin(taken, taken.c.claim_id == ClaimRow.id)
        .outerjoin(ClaimStep, step)
        .where(
            or_(
                taken.c.last.is_(None),
                taken.c.last != ClaimRow.version,
                taken.c.steps != ClaimRow.version,
                ClaimStep.to_state != ClaimRow.state,
            )
        )
        .order_by(ClaimRow.id)
    )
    return [
        Finding(
            "F017",
            f"{number}:状态或版本与末次办理记录不符",
            f"{number}: {state}, version {version}; its record ends with {told}, version {last}, after {steps or 0} steps",
        )
        for number, state, version, told, last, steps in session.execute(query)
    ]


def check_names(session: Session) -> list[Finding]:
    """Compare the firm's name on every renamed claim with the last rename of it (F019).

    With which name a claim was drafted is written down nowhere else: one that was never renamed cannot be compared.
    """
    renamed = (
        select(AmendmentRow.claim_id, func.max(AmendmentRow.version).label("last"))
        .where(AmendmentRow.field == NAME)
        .group_by(AmendmentRow.claim_id)
        .subquery()
    )
    query = (
        select(ClaimRow.claim_no, ClaimRow.enterprise_name, AmendmentRow.new_value)
        .join(AmendmentRow, AmendmentRow.claim_id == ClaimRow.id)
        .join(renamed, (renamed.c.claim_id == ClaimRow.id) & (renamed.c.last == AmendmentRow.version))
        .where(AmendmentRow.field == NAME, AmendmentRow.new_value != ClaimRow.enterprise_name)
        .order_by(ClaimRow.id)
    )
    return [
        Finding("F019", f"{number}:企业名称与末次更名记录不符", f"{number}: {name}, but it was last renamed to {told}")
        for number, name, told in session.execute(query)
    ]


def check_accounts(session: Session) -> list[Finding]:
    """Compare every account with what was written down when it was entered and verified (F018)."""
    told = _told(session)
    findings = []
    for row in session.scalars(select(AccountRow).order_by(AccountRow.id)):
        entered = told.get((row.uscc, row.id, _ENTERED))
        verified, _ = told.get((row.uscc, row.id, _VERIFIED), (None, ""))
        if entered != (row.entered_by, row.last_four) or verified != row.verified_by:
            en = f"account {row.id} of {row.uscc}: it is not what was written down"
            findings.append(Finding("F018", f"{row.uscc}的账户{row.id}:与登记、核验记录不符", en))
    return findings


def _told(session: Session) -> dict[tuple[str, int, str], tuple[str, str]]:
    """Firm, account and what was done with it → who did it, and the digits that are shown."""
    entry = audit.AuditEntry
    query = select(entry.subject, entry.action, entry.actor, entry.detail).where(
        entry.subject.startswith("enterprise:"), entry.action.in_((_ENTERED, _VERIFIED)), entry.outcome == audit.DONE
    )
    found = {}
    for subject, action, actor, detail in session.execute(query):
        content = json.loads(detail)
        found[subject.removeprefix("enterprise:"), content["account"], action] = (actor, content["last_four"])
    return found
