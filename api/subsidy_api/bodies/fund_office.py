"""What the fund office is asked and answers: new funds, documents between funds, forecasts, allocation runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

from subsidy_api.bodies.funds import FundBody
from subsidy_api.schemas import Body, Line

__all__ = [
    "CarryBody",
    "ClosingBody",
    "Document",
    "ForecastBody",
    "NewAllocation",
    "NewCarry",
    "NewClosing",
    "NewFundBody",
    "NewRun",
    "NewTransfer",
    "Note",
    "RunBody",
    "StrandedBody",
    "TransferBody",
]

_LARGEST = 10**15
Fen = Annotated[StrictInt, Field(ge=1, le=_LARGEST)]
Document = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Short = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NewFundBody(Body):
    """A fund to be opened (分); ``step`` is what shares of a pooled fund are floored to."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    name_zh: Line
    name_en: Line
    year: Annotated[StrictInt, Field(ge=2000, le=2999)]
    allocated: Annotated[StrictInt, Field(ge=0, le=_LARGEST)] = 0
    department: Short = ""
    indicator_no: Short = ""
    function_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")] = ""
    spending_plan: Short = ""
    mode: Literal["fifo", "pooled"] = "fifo"
    step: Fen = 1


class NewAllocation(Body):
    """Money added to a fund (分) under a document, once."""

    amount: Fen
    document_no: Document


class NewTransfer(Body):
    """Free money (分) to be moved into another fund under a document, once."""

    target_id: Line
    amount: Fen
    document_no: Document


class NewClosing(Body):
    """The document under which a fund is closed."""

    document_no: Document


class NewCarry(Body):
    """What next year's fund gets of what was taken back (分); all of it without ``amount``."""

    target_id: Line
    amount: Fen | None = None
    document_no: Document


class Note(Body):
    """Why it is done."""

    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class NewRun(Body):
    """The budget to be shared out (分); all that is free without it."""

    budget: Fen | None = None


class TransferBody(Body):
    """A transfer that was made (分)."""

    id: int
    document_no: str
    source_id: str
    target_id: str
    amount: int


class StrandedBody(Body):
    """A claim that a closed fund leaves behind, with what is held for it there (分).

    It waits for `payment`, which a closed fund still makes, for `approval` or `money`, which it bars, or for an `appeal`.
    """

    claim_id: int
    claim_no: str
    state: str
    held: int
    waits_for: str
    is_waiting: bool


class ClosingBody(Body):
    """What was taken back from a closed fund (分), how much of it was carried over, and the claims left behind.

    Of several closings the newest has them, as they are when it is read.
    """

    id: int
    fund_id: str
    document_no: str
    amount: int
    day: date
    carried_to: str | None
    carried: int
    stranded: list[StrandedBody]


class CarryBody(Body):
    """What a fund got of the closing of last year's (分)."""

    closing_id: int
    source_id: str
    target_id: str
    amount: int
    document_no: str


class PendingBody(Body):
    """Claims of one state: what they are expected to take of this fund, and what is held for them already (分)."""

    state: str
    claims: int
    expected: int
    held: int
    waiting: int
    asked: int


class ForecastBody(Body):
    """The outlook of a fund (分): ``asked`` is still to come, ``short`` what is missing for it."""

    fund: FundBody
    on: date
    pending: list[PendingBody]
    asked: int
    short: int
    taken: int
    days: int
    runs_out_on: date | None


class RunPartBody(Body):
    """What one claim asked for and gets (分)."""

    claim_id: int
    claim_no: str
    enterprise_name: str
    asked: int
    share: int


class RunBody(Body):
    """An allocation run of a pooled fund (分)."""

    id: int
    number: str
    fund_id: str
    state: str
    budget: int
    step: int
    needed: int
    total: int
    maker: str
    made_at: datetime
    checker: str | None
    checked_at: datetime | None
    parts: list[RunPartBody]
