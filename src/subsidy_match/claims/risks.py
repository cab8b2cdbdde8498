"""What a reviewer should know before money is promised: the same thing claimed elsewhere, shared accounts, bad credit.

Risks are looked up when they are asked for, so that a later claim shows on an earlier one. A blocking one needs an
officer who answers for it, with a note, before the claim can be approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.evidence_records import ClaimDocument, ClaimRisk, ClaimUse, QaSample, RiskAnswer
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, NotFound

__all__ = ["CODES", "Risk", "answer_risk", "check_answered", "check_open", "note_risks", "risks_of"]

CODES = {
    "same_item": ("同一事项另有申报", "the same item is claimed elsewhere"),
    "same_document": ("同一文件另有使用", "the same document is used elsewhere"),
    "account_shared": ("收款账户与其他企业相同", "another firm has the same bank account"),
    "credit_bad": ("信用核查未通过", "the credit lists speak against the firm"),
    "credit_unknown": ("信用名单无法核对", "the credit lists could not be read"),
    "qa_sample": ("抽中复核", "drawn for re-examination"),
}
"""Every code with its name."""

_CREDIT = frozenset({"credit_bad", "credit_unknown"})
_LONGEST_KEY = 40
_MOST = 200  # of one code: more would only hide each other


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to look at.

    Attributes:
        id: stays the same while the thing is the same; give it to ``acknowledge_risk``.
        code: one of ``CODES``.
        zh: what was found, for people.
        en: the same in English.
        blocking: whether the claim cannot be approved before an officer answers for it.
        other_claim: the id of the other claim, if it is about one.
        answered_by: the officer who answered for it.
        answered_at: when.
        note: with which reason.
    """

    id: str
    code: str
    zh: str
    en: str
    blocking: bool
    other_claim: int | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    note: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still stands in the way of an approval."""
        return self.blocking and self.answered_by is None


def risks_of(session: Session, claim: ClaimRow, standing: Standing | None = None) -> Sequence[Risk]:
    """All risks of a claim as they are now, blocking and unanswered ones first."""
    found = {
        risk.id: risk
        for risk in (
            *_seen_credit(session, claim),
            *_credit(standing),
            *_same_items(session, claim),
            *_same_documents(session, claim),
            *_shared_accounts(session, claim),
            *_sample(session, claim),
        )
    }
    answers = session.scalars(select(RiskAnswer).where(RiskAnswer.claim_id == claim.id))
    for answer in answers:
        if answer.risk in found:
            found[answer.risk] = replace(
                found[answer.risk],
                answered_by=answer.answered_by,
                answered_at=answer.answered_at,
                note=answer.note,
            )
    return sorted(found.values(), key=lambda risk: (not risk.is_open, not risk.blocking, risk.id))


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
    for risk in risks_of(occasion.session, occasion.claim, occasion.standing):
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


# --- what is found ---


def _same_items(session: Session, claim: ClaimRow) -> Iterator[Risk]:
    mine, theirs = aliased(ClaimUse), aliased(ClaimUse)
    query = (
        select(ClaimRow, theirs.kind, theirs.item_key)
        .join(theirs, theirs.claim_id == ClaimRow.id)
        .join(mine, (mine.kind == theirs.kind) & (mine.item_key == theirs.item_key))
        .where(mine.claim_id == claim.id, *_counts(claim))
        .order_by(ClaimRow.id, theirs.item_key)
        .limit(_MOST)
    )
    for other, kind, key in session.execute(query):
        if kind == "subject" and other.uscc != claim.uscc:
            continue  # two firms may call their projects the same
        shown = key if len(key) < _LONGEST_KEY else f"{key[:12]}…"  # keyed hashes of persons tell nobody anything
        yield _elsewhere("same_item", claim, other, f"{kind} {shown}")


def _same_documents(session: Session, claim: ClaimRow) -> Iterator[Risk]:
    mine, theirs = aliased(ClaimDocument), aliased(ClaimDocument)
    query = (
        select(ClaimRow, theirs.sha256)
        .distinct()
        .join(theirs, theirs.claim_id == ClaimRow.id)
        .join(mine, mine.sha256 == theirs.sha256)
        .where(mine.claim_id == claim.id, *_counts(claim))
        .order_by(ClaimRow.id, theirs.sha256)
        .limit(_MOST)
    )
    for other, digest in session.execute(query):
        yield _elsewhere("same_document", claim, other, digest[:16])


def _counts(claim: ClaimRow) -> tuple[ColumnElement[bool], ...]:
    """Other claims that count: not drafts, not those that ended unpaid."""
    return ClaimRow.id != claim.id, ClaimRow.occupies.is_(True), ClaimRow.state != str(State.DRAFT)


def _elsewhere(code: str, claim: ClaimRow, other: ClaimRow, what: str) -> Risk:
    names = CODES[code]
    where = f"{other.claim_no} {other.enterprise_name}《{other.policy_zh}》{other.period}"
    key = f"{code}:{other.id}:{_short(what)}"
    zh, en = f"{names[0]}:{what},见{where}", f"{names[1]}: {what}, see {where}"
    return Risk(key, code, zh, en, blocking=other.uscc != claim.uscc, other_claim=other.id)


def _shared_accounts(session: Session, claim: ClaimRow) -> Iterator[Risk]:
    mine, theirs = aliased(AccountRow), aliased(AccountRow)
    query = (
        select(theirs.uscc, theirs.holder, theirs.last_four)
        .distinct()
        .join(mine, mine.fingerprint == theirs.fingerprint)
        .where(theirs.uscc != claim.uscc)
    )
    chosen = mine.id == claim.account_id if claim.account_id is not None else mine.uscc == claim.uscc
    for uscc, holder, last_four in session.execute(query.where(chosen).order_by(theirs.uscc).limit(_MOST)):
        zh, en = CODES["account_shared"]
        seen = f"{uscc} {holder} …{last_four}"
        yield Risk(
            f"account_shared:{uscc}:{last_four}", "account_shared", f"{zh}:{seen}", f"{en}: {seen}", blocking=True
        )


def _credit(standing: Standing | None) -> Iterator[Risk]:
    if standing is None or standing.clear:
        return
    code = "credit_unknown" if standing.clear is None else "credit_bad"
    zh, en = CODES[code]
    yield Risk(
        f"{code}:{_short(standing.en)}",
        code,
        f"{zh}:{standing.zh}",
        f"{en}: {standing.en}",
        blocking=code == "credit_bad",
    )


def _seen_credit(session: Session, claim: ClaimRow) -> Iterable[Risk]:
    """What the credit lists said at earlier steps: it counts although the firm may have been cleared since."""
    query = select(ClaimRisk).where(ClaimRisk.claim_id == claim.id, ClaimRisk.code.in_(_CREDIT))
    for row in session.scalars(query.order_by(ClaimRisk.version)):
        yield Risk(row.risk, row.code, row.zh, row.en, blocking=row.blocking)


def _sample(session: Session, claim: ClaimRow) -> Iterator[Risk]:
    drawn = session.get(QaSample, claim.id)
    if drawn is not None:
        zh, en = CODES["qa_sample"]
        yield Risk("qa_sample", "qa_sample", f"{zh}({drawn.percent}%)", f"{en} ({drawn.percent} %)", blocking=False)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
