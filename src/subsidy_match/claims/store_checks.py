"""All that the store can be asked about itself: what ``doctor`` asks every day, and a restore before it is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.orm import Session

from subsidy_match.claims.duty_checks import check_past_duties
from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.ledger_checks import check_runs, check_shares, check_states
from subsidy_match.claims.official.fund_allocations import check_allocations
from subsidy_match.claims.payment.payment_checks import check_payments, check_totals
from subsidy_match.claims.record_checks import check_accounts, check_last_steps, check_names
from subsidy_match.claims.recovery import check_recoveries
from subsidy_match.errors import Finding

__all__ = ["STORE_CHECKS", "Check"]

Check: TypeAlias = Callable[[Session], list[Finding]]
STORE_CHECKS: tuple[Check, ...] = (
    funds.check_balances,
    check_shares,
    check_runs,
    check_states,
    check_totals,
    check_payments,
    check_allocations,
    check_recoveries,
    check_last_steps,
    check_names,
    check_accounts,
    check_past_duties,
)
