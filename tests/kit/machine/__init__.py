"""A machine that attempts anything in any order on claims and funds, beside a plain model; a topic is a module.

A new topic is a module with a ``TOPIC`` (what the model knows of it), if need be a class of rules, and a line below.
"""

from __future__ import annotations

from machine import correction, decision, ending, filing, handling, notices, payment, review
from machine.checks import Checks

TOPICS = (
    filing.TOPIC,
    correction.TOPIC,
    review.TOPIC,
    handling.TOPIC,
    decision.TOPIC,
    notices.TOPIC,
    payment.TOPIC,
    ending.TOPIC,
)


class ClaimsMachine(
    filing.Filing,
    decision.Decision,
    payment.Payment,
    ending.Ending,
    handling.Handling,
    Checks,
):
    """All topics together."""

    topics = TOPICS


__all__ = ["TOPICS", "ClaimsMachine"]
