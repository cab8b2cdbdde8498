"""Takes returned payments in (退票): what was settled comes back to the fund, and the claim waits for another account.

The whole file or nothing; only a return of money that is being recovered, where a person must say whose it is, is
parked and told until somebody has dealt with it. A return that is known already changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from subsidy_match.claims.canonical import canonical
from subsidy_match.claims.many_claims import Deed, lock_claims, step_claim
from subsidy_match.claims.payment.lines.answers import Evidence, Return
from subsidy_match.claims.payment.lines.guards import Asked, check_its_return, check_same_line
from subsidy_match.claims.payment.lines.steps import Hand, advance_line
from subsidy_match.claims.payment.parking import Parked, park, take_in
from subsidy_match.claims.payment.payment_states import RETURNS, LineEvent, LineState
from subsidy_match.claims.payment.payout_records import LineReturnRow, LineRow
from subsidy_match.claims.payment.reconciling import check_not_ahead, finish_batches, locked_lines, unknown_instruction
from subsidy_match.claims.payment.references import Movement, take_reference
from subsidy_match.claims.payment.returned_recoveries import UNDER_RECOVERY, parked, settled_by_return
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event
from subsidy_match.errors import Finding, InputError, SubsidyError

__all__ = ["ReturnReport", "import_returns", "return_doubts"]


@dataclass(frozen=True, slots=True)
class ReturnReport:
    """How many payments came back, and how many were known; ``doubts``: unknown codes, and what was left to a person."""

    returned: int
    unchanged: int
    doubts: tuple[Finding, ...] = ()


def import_returns(deed: Deed, returns: Sequence[Return], evidence: Evidence) -> ReturnReport:
    """Apply ``returns`` in the caller's transaction.

    Raises:
        Conflict: ``clock_skew``.
        InputError: ``receipts_invalid``, with a finding for every return that does not fit its line.
    """
    lines = locked_lines(deed, returns)
    claims = lock_claims(deed.session, {line.claim_id: None for line in lines.values()})
    hand = Hand(deed.session, deed.actor, deed.at, evidence)
    returned = 0
    findings: list[Finding] = []
    left: dict[str, Finding] = {}
    for one in returns:
        try:
            if _is_for_a_person(deed, one, lines, claims):
                check_not_ahead(deed, one)
                left.update(_parked(hand, one, lines[one.instruction], claims))
            else:
                returned += _apply(deed, hand, one, lines, claims)
        except SubsidyError as error:
            findings.append(replace(error.as_finding(), at=one.at))
    if findings:
        raise InputError("receipts_invalid", "退票文件有误,未导入", "the returns do not fit", findings=findings)
    doubts = {**return_doubts(returns), **left}
    finish_batches(deed, "returns", lines, {name: doubt.en for name, doubt in doubts.items()})
    return ReturnReport(returned, len(returns) - returned - len(left), tuple(doubts.values()))


def return_doubts(returns: Sequence[Return]) -> dict[str, Finding]:
    """Instruction → a reason that nobody here knows; the money is back all the same."""
    return {
        one.instruction: Finding(
            "return_code_unknown",
            f"不认识的退回原因代码:{one.code}",
            f"unknown reason code: {one.code}",
            one.at,
            severity="warning",
        )
        for one in returns
        if one.code not in RETURNS
    }


def _is_for_a_person(deed: Deed, one: Return, lines: Mapping[str, LineRow], claims: Mapping[int, ClaimRow]) -> bool:
    """Whether a return, taken in, would leave money over."""
    line = lines.get(one.instruction)
    if line is None or line.state != LineState.SETTLED or claims[line.claim_id].state not in UNDER_RECOVERY:
        return False
    return settled_by_return(deed.session, claims[line.claim_id], line, one.return_ref) is None


def _parked(hand: Hand, one: Return, line: LineRow, claims: Mapping[int, ClaimRow]) -> dict[str, Finding]:
    """Park a return and give what is told of it; nothing where somebody has dealt with it."""
    check_its_return(Asked(hand.session, line, one))
    if not park(hand, line, Parked.RETURN, one):
        return {}
    return {one.instruction: replace(parked(claims[line.claim_id], line, one.return_ref), at=one.at)}


def _apply(deed: Deed, hand: Hand, one: Return, lines: Mapping[str, LineRow], claims: Mapping[int, ClaimRow]) -> bool:
    """Take one return in; false where it is known already."""
    line = lines.get(one.instruction)
    if line is None or one.on is None:
        raise unknown_instruction(one)
    check_same_line(Asked(deed.session, line, one))
    check_not_ahead(deed, one)
    if line.state == LineState.RETURNED:
        _check_repeated(deed, line, one)
        return False
    advance_line(hand, line, LineEvent.RETURN, answer=one, code=one.code)
    line.failure_code = one.code
    row = LineReturnRow(
        line_id=line.id,
        amount=one.amount,
        return_ref=one.return_ref,
        code=one.code,
        returned_on=one.on,
    )
    deed.session.add(row)
    take_in(hand, line, Parked.RETURN, one.return_ref)
    fields = {
        "batch": one.instruction.rpartition("-")[0],
        "instruction": one.instruction,
        "bank_ref": one.bank_ref,
        "return_ref": one.return_ref,
        "failure_code": one.code,
    }
    step_claim(deed, claims[line.claim_id], Event.BANK_RETURN, fields)
    take_reference(
        deed.session, one.return_ref, Movement.RETURN, of=line.id
    )  # after: a recovery asks whether it is new
    return True


def _check_repeated(deed: Deed, line: LineRow, one: Return) -> None:
    known = deed.session.get_one(LineReturnRow, line.id)
    if canonical(known.return_ref) != canonical(one.return_ref):
        zh, en = f"已按退回流水号{known.return_ref}登记", f"it came back before, as {known.return_ref}"
        raise InputError("receipt_contradicts", zh, en)
