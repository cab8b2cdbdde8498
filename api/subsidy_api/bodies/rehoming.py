"""Claims that move from a closed fund to the one that its money was carried over to."""

from __future__ import annotations

from subsidy_api.bodies.fund_office import Document
from subsidy_api.schemas import Body, Line

__all__ = ["NewRehoming", "OutcomeBody", "RehomedBody", "RehomingBody", "WhyNot"]


class NewRehoming(Body):
    """The fund to move to, and the document that says so."""

    target_id: Line
    document_no: Document


class RehomedBody(Body):
    """A claim that moved, with what was held for it (分)."""

    claim_id: int
    claim_no: str
    version: int
    source_id: str
    target_id: str
    document_no: str
    reserved: int
    committed: int


class WhyNot(Body):
    """Why a claim did not move."""

    code: str
    zh: str
    en: str
    hint: str | None


class OutcomeBody(Body):
    """What became of one claim: it moved, or was refused."""

    claim_id: int
    claim_no: str
    rehomed: RehomedBody | None
    refusal: WhyNot | None


class RehomingBody(Body):
    """What became of the claims of a fund; `left` of them it leaves behind still."""

    source_id: str
    target_id: str
    moved: int
    refused: int
    left: int
    outcomes: list[OutcomeBody]
