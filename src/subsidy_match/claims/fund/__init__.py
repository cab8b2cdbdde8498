"""Funds: the ledger, shares, pooled sharing, the waitlist, year end."""
