"""A machine that attempts anything in any order on claims and funds, beside a plain model; a topic is a module.

A new topic is a module with a ``TOPIC`` (what the model knows of it), if need be a class of rules, and a line below.
"""

from __future__ import annotations

from machine import (
    correction,
    deadlines,
    decision,
    ending,
    evidence,
    filing,
    handling,
    ledger,
    notices,
    payment,
    recovery,
    review,
    undoing,
)
from machine.checks import Checks

TOPICS = (
    filing.TOPIC,
    correction.TOPIC,
    review.TOPIC,
    ledger.TOPIC,
    handling.TOPIC,
    decision.TOPIC,
    notices.TOPIC,
    payment.TOPIC,
    ending.TOPIC,
    undoing.TOPIC,
    recovery.TOPIC,
    deadlines.TOPIC,
    evidence.TOPIC,
)


class ClaimsMachine(
    filing.Filing,
    ledger.Ledger,
    decision.Decision,
    notices.Notices,
    payment.Payment,
    ending.Ending,
    undoing.Undoing,
    recovery.Recovering,
    deadlines.Deadlines,
    handling.Handling,
    Checks,
):
    """All topics together."""

    topics = TOPICS


__all__ = ["TOPICS", "ClaimsMachine"]
