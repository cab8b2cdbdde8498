"""Acceptance to payout: states, funds, clocks, batches, receipts."""
