"""What is true after every step, whatever the topic."""

from __future__ import annotations

from collections import Counter

from hypothesis.stateful import invariant
from sqlalchemy import text

from machine.base import ALLOCATED, Base
from machine.evidence import PLACES, submitted
from machine.model import CROSSES
from subsidy_match.claims.duty_checks import check_past_duties
from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.ledger_checks import check_runs, check_shares
from subsidy_match.claims.payment.payment_checks import check_totals
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit


class Checks(Base):
    """Store and model agree, and nothing that must never be is."""

    @invariant()
    def funds_are_as_the_model_says_and_never_overspent(self):
        for fund_id in ALLOCATED:
            found = self.world.fund(fund_id)
            said = [self.model.total(fund_id, kind) for kind in ("reserved", "committed", "paid")]
            assert [found.reserved, found.committed, found.paid] == said
            assert min(said) >= 0
            assert found.allocated == self.model.allocated[fund_id] - self.model.gone.get(fund_id, 0)
            assert found.allocated >= sum(said)
        for check in (funds.check_balances, check_shares, check_runs):
            assert in_unit(self.world.engine, check, immediate=False) == []

    @invariant()
    def claims_are_as_the_model_says_and_their_money_fits_their_state(self):
        for claim in self.world.desk.list_claims():
            said = self.model.claims[claim.id]
            assert (claim.state, claim.version, claim.amount) == (said.state, said.version, said.amount)
            assert (claim.is_held, claim.is_waiting) == (said.is_held, said.is_waiting)
            held = Counter[str]()
            for part in claim.funds:
                held.update(reserved=part.reserved, committed=part.committed, paid=part.paid)
            assert {kind for kind, amount in held.items() if amount} <= {self.topic.kinds.get(claim.state)}
            assert sum(held.values()) in (0, claim.amount - said.recovered)
            assert claim.paid + said.recovered <= (claim.amount_approved or 0)

    @invariant()
    def nobody_did_what_the_duties_forbid(self):
        for claim_id in self.model.claims:
            done = {(step.actor, str(step.duty)) for step in self.world.desk.timeline(claim_id) if step.duty}
            for person, duty in done:
                assert not any((person, other) in done and (duty, other) in CROSSES for _, other in done)
        assert in_unit(self.world.engine, check_past_duties, immediate=False) == []

    @invariant()
    def every_step_is_in_audit_and_outbox_once(self):
        assert in_unit(self.world.engine, audit.verify) == []
        with self.world.engine.connect() as connection:
            count = lambda query: connection.execute(text(query)).scalar_one()  # noqa: E731
            steps = count("SELECT count(*) FROM claim_steps")
            done = count("SELECT count(*) FROM audit_entries WHERE subject LIKE 'claim:%' AND outcome = 'done'")
            assert steps == done == count("SELECT count(*) FROM outbox WHERE topic = 'claim'")
            assert steps == sum(claim.version for claim in self.model.claims.values())

    @invariant()
    def places_items_and_open_lines_are_taken_once(self):
        live = self.model.live()
        assert len({claim.key for claim in live}) == len(live)
        taken = submitted(self.model)
        assert len({claim.item for claim in taken}) == len(taken)
        assert all(count <= PLACES for count in Counter(claim.key[0] for claim in taken).values())
        open_lines = Counter(
            line.claim_id
            for batch in self.world.office.batches()
            for line in batch.lines
            if line.state not in ("SETTLED", "FAILED", "RETURNED")
        )
        assert set(open_lines.values()) <= {1}
        assert in_unit(self.world.engine, check_totals) == []
