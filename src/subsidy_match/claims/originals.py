"""What a firm has handed in over the whole history of a claim, and which originals (``paper``) an officer has seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimStep

__all__ = ["PAPER", "given_so_far", "unseen"]

PAPER = "paper"


_SAID = select(ClaimStep.detail).where(ClaimStep.claim_id == bindparam("of")).order_by(ClaimStep.version)


def given_so_far(session: Session, claim_id: int) -> dict[str, str]:
    """Read what each material of a claim came as, the latest word for each."""
    given: dict[str, str] = {}
    for detail in _details(session, claim_id):
        given.update(detail.get("materials", {}))
    return given


def unseen(session: Session, claim_id: int) -> list[str]:
    """Read the materials that the firm calls originals and of which no officer has said that they saw them.

    An original that is given again is another one, and is looked at again.
    """
    waiting: set[str] = set()
    for detail in _details(session, claim_id):
        waiting -= set(detail.get("papers_seen", ()))
        for material, value in detail.get("materials", {}).items():
            (waiting.add if value == PAPER else waiting.discard)(material)
    return sorted(waiting)


def _details(session: Session, claim_id: int) -> Iterator[dict[str, Any]]:
    for text in session.connection().execute(_SAID, {"of": claim_id}).scalars():
        if '"materials"' in text or '"papers_seen"' in text:
            yield json.loads(text)
