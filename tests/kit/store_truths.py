"""What is true of any store at any moment, whatever was done to it and wherever it was interrupted: invariants 1 to 9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from subsidy_match.claims.duties import FORBIDDEN, Duty
from subsidy_match.claims.fund import funds
from subsidy_match.claims.payment.payment_checks import check_totals
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

_RESERVED = {"ACCEPTED", "IN_REVIEW", "IN_RECHECK", "IN_APPROVAL", "CORRECTION"}
_COMMITTED = {"APPROVED", "PUBLISHED", "PAYABLE", "IN_PAYMENT", "PAY_FAILED"}
_PAID = {"PAID", "COMPLETED"}
KINDS: Mapping[str, str] = {
    **dict.fromkeys(_RESERVED, "reserved"),
    **dict.fromkeys(_COMMITTED, "committed"),
    **dict.fromkeys(_PAID, "paid"),
}
OPEN = ("CREATED", "BATCHED", "APPROVED", "SENT", "UNKNOWN")


def check_store(engine: Engine, treasury: Path | None = None) -> None:
    """Check everything that must hold, from the rows themselves."""
    in_unit(engine, _check_money, immediate=False)
    in_unit(engine, _check_steps, immediate=False)
    in_unit(engine, _check_lines, immediate=False)
    if treasury is not None:
        _check_files(engine, treasury)


def _check_money(session: Session) -> None:
    assert funds.check_balances(session) == []
    for fund in funds.list_funds(session):
        assert min(fund.reserved, fund.committed, fund.paid, fund.available) >= 0
    held: Counter[tuple[str, str]] = Counter()
    rows = session.execute(
        text(
            "SELECT c.id, c.state, c.waiting, s.fund_id, s.reserved, s.committed, s.paid,"
            " coalesce(c.amount_approved, c.amount_proposed, c.amount_claimed, c.amount_max) AS worth"
            " FROM claims c JOIN claim_shares s ON s.claim_id = c.id"
        )
    )
    for row in rows:
        amounts = {"reserved": row.reserved, "committed": row.committed, "paid": row.paid}
        assert {kind for kind, amount in amounts.items() if amount} <= {KINDS.get(row.state)}, row
        if row.state in KINDS:
            assert sum(amounts.values()) == (0 if row.waiting else row.worth), row
        held.update({(row.fund_id, kind): amount for kind, amount in amounts.items()})
    for fund in funds.list_funds(session):
        of_claims = session.execute(
            text(
                "SELECT sum(reserved), sum(committed), sum(paid) FROM fund_entries WHERE fund_id = :f AND claim_id > 0"
            ),
            {"f": fund.id},
        ).one()
        for kind, total in zip(("reserved", "committed", "paid"), of_claims, strict=True):
            assert held[fund.id, kind] == int(total or 0), (fund.id, kind)


def _check_steps(session: Session) -> None:
    assert audit.verify(session) == []
    steps = session.execute(text("SELECT claim_id, version, actor, duty FROM claim_steps")).all()
    versions = {row.id: row.version for row in session.execute(text("SELECT id, version FROM claims"))}
    assert Counter(row.claim_id for row in steps) == Counter(versions)
    count = "SELECT count(*) FROM "
    done = session.scalar(text(count + "audit_entries WHERE subject LIKE 'claim:%' AND outcome = 'done'"))
    assert len(steps) == done == session.scalar(text(count + "outbox WHERE topic = 'claim'"))
    did: dict[tuple[int, str], set[Duty]] = {}
    for row in steps:
        if row.duty:
            did.setdefault((row.claim_id, row.actor), set()).add(Duty(row.duty))
    assert not [key for key, duties in did.items() if any(pair <= duties for pair in FORBIDDEN)]


def _check_lines(session: Session) -> None:
    assert check_totals(session) == []
    lines = session.execute(text("SELECT claim_id, amount, state FROM payment_lines")).all()
    assert max(Counter(row.claim_id for row in lines if row.state in OPEN).values(), default=0) <= 1
    settled: Counter[int] = Counter()
    for row in lines:
        if row.state == "SETTLED":
            settled[row.claim_id] += row.amount
    approved = {row.id: row.amount_approved for row in session.execute(text("SELECT id, amount_approved FROM claims"))}
    assert all(amount <= approved[claim] for claim, amount in settled.items())


def _check_files(engine: Engine, treasury: Path) -> None:
    """No payment goes out under two instruction numbers, and none that the store does not know."""
    sent = "\n".join(path.read_text("utf-8-sig") for path in sorted(treasury.glob("*.csv")))
    with engine.connect() as connection:
        lines = connection.execute(text("SELECT claim_id, instruction, state FROM payment_lines")).all()
        claims = {row.id: row.claim_no for row in connection.execute(text("SELECT id, claim_no FROM claims"))}
    out = [line for line in lines if line.instruction in sent]
    assert all(count == 1 for count in Counter(line.claim_id for line in out).values())
    assert {line.claim_id for line in lines if line.state in ("SENT", "SETTLED")} <= {line.claim_id for line in out}
    assert all(sent.count(claims[line.claim_id]) == 1 for line in out)
