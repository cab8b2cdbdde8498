"""What a reviewer should know before money is promised: the same thing claimed elsewhere, shared accounts, bad credit.

Risks are looked up when they are asked for, so that a later claim shows on an earlier one. A blocking one needs an
officer who answers for it, with a note, before the claim can be approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Assessment, PastUse, Standing
from subsidy_match.claims.evidence_records import ClaimRisk, RiskAnswer
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.risk.risk_finding import stored_risks
from subsidy_match.claims.risk.risk_values import CODES, Risk, short
from subsidy_match.errors import Conflict, NotFound

__all__ = ["CODES", "Risk", "answer_risk", "check_answered", "check_open", "note_risks", "open_risks", "risks_of"]

_DOUBTS = {
    "year": ("拨付年度待核实", "for which year is open"),
    "item": ("未记录标的", "for what is open"),
    "amount": ("金额不明", "how much is open"),
}


def risks_of(
    session: Session, claim: ClaimRow, standing: Standing | None = None, assessment: Assessment | None = None
) -> Sequence[Risk]:
    """All risks of a claim as they are now, blocking and unanswered ones first."""
    found = _answered(
        session, {claim.id: claim}, [(claim.id, risk) for risk in (*_credit(standing), *_past(assessment))]
    )
    return sorted(found[claim.id], key=lambda risk: (not risk.is_open, not risk.blocking, risk.id))


def open_risks(session: Session, claim_ids: Sequence[int]) -> Mapping[int, int]:
    """Count the risks that stand in the way of an approval, by what the store knows, in a few statements for all."""
    rows = session.scalars(select(ClaimRow).where(ClaimRow.id.in_(claim_ids)))
    found = _answered(session, {row.id: row for row in rows})
    return {claim_id: sum(risk.is_open for risk in risks) for claim_id, risks in found.items()}


_ANSWERS = select(RiskAnswer).where(RiskAnswer.claim_id.in_(bindparam("claims", expanding=True)))


def _answered(
    session: Session, claims: Mapping[int, ClaimRow], now: Iterable[tuple[int, Risk]] = ()
) -> Mapping[int, Sequence[Risk]]:
    """What the store knows, and what was read ``now``, with the answers to it."""
    found: dict[int, dict[str, Risk]] = {claim_id: {} for claim_id in claims}
    for claim_id, risk in (*stored_risks(session, claims), *now):
        found[claim_id][risk.id] = risk
    if not any(found.values()):
        return dict.fromkeys(found, ())
    for answer in session.scalars(_ANSWERS, {"claims": list(claims)}):
        risks = found[answer.claim_id]
        if answer.risk in risks:
            risks[answer.risk] = _with_answer(risks[answer.risk], answer)
    return {claim_id: list(risks.values()) for claim_id, risks in found.items()}


def _with_answer(risk: Risk, answer: RiskAnswer) -> Risk:
    return replace(risk, answered_by=answer.answered_by, answered_at=answer.answered_at, note=answer.note)


def check_answered(occasion: Occasion) -> None:
    """Refuse an approval while a blocking risk has no answer.

    Raises:
        Conflict: ``risk_open``.
    """
    still = [risk for risk in risks_of(occasion.session, occasion.claim, occasion.standing) if risk.is_open]
    if still:
        zh = f"有{len(still)}项风险尚未确认:{still[0].zh}"
        en = f"{len(still)} risks wait for an officer's answer: {still[0].en}"
        raise Conflict("risk_open", zh, en, hint=", ".join(risk.id for risk in still[:20]))


def check_open(occasion: Occasion) -> None:
    """Refuse an answer to what is no risk of the claim, or has been answered.

    Raises:
        NotFound: ``risk_unknown``.
        Conflict: ``risk_answered``.
    """
    wanted = occasion.payload["risk"]
    known = {risk.id: risk for risk in risks_of(occasion.session, occasion.claim, occasion.standing)}
    if wanted not in known:
        raise NotFound("risk_unknown", f"该件没有此项风险:{wanted}", f"no such risk here: {wanted}")
    if known[wanted].answered_by is not None:
        raise Conflict("risk_answered", "该项风险已确认", "somebody has answered for this risk already")


def answer_risk(occasion: Occasion) -> None:
    """Write down who answers for a risk, and why; an answer is never changed."""
    occasion.session.add(
        RiskAnswer(
            claim_id=occasion.claim.id,
            risk=occasion.payload["risk"],
            version=occasion.next_version,
            answered_by=occasion.actor.id,
            answered_at=occasion.at,
            note=occasion.payload["note"],
        )
    )


def note_risks(occasion: Occasion) -> None:
    """Write down what is seen at this step."""
    occasion.session.flush()
    for risk in risks_of(occasion.session, occasion.claim, occasion.standing, occasion.assessment):
        occasion.session.add(
            ClaimRisk(
                claim_id=occasion.claim.id,
                version=occasion.next_version,
                risk=risk.id,
                code=risk.code,
                zh=risk.zh,
                en=risk.en,
                blocking=risk.blocking,
                seen_at=occasion.at,
            )
        )


# --- what is read at a step ---


def _credit(standing: Standing | None) -> Iterator[Risk]:
    if standing is None or standing.clear:
        return
    code = "credit_unknown" if standing.clear is None else "credit_bad"
    yield _risk(code, short(standing.en), (standing.zh, standing.en), blocking=code == "credit_bad")


def _past(assessment: Assessment | None) -> Iterator[Risk]:
    """What the history leaves open, read at submission, correction and approval.

    It stays as it was seen there. An approval waits for what was seen before only, which somebody could answer for.
    """
    if assessment is None:
        return
    for use in assessment.unclear:
        yield _unclear(use)
    if assessment.history_gap is not None:
        yield _risk("history_unknown", short(assessment.history_gap[1]), assessment.history_gap, blocking=False)


def _unclear(use: PastUse) -> Risk:
    zh, en = _DOUBTS[use.doubt or "year"]
    said = f"{use.ref}《{use.policy_id}》{zh}", f"{use.ref} ({use.policy_id}), {en}"
    # Records seldom say for which person or project: that alone holds nobody up.
    return _risk("history_unclear", short(f"{use.policy_id} {use.ref}"), said, blocking=use.doubt != "item")


def _risk(code: str, key: str, said: tuple[str, str], *, blocking: bool) -> Risk:
    zh, en = CODES[code]
    return Risk(f"{code}:{key}", code, f"{zh}:{said[0]}", f"{en}: {said[1]}", blocking=blocking)
