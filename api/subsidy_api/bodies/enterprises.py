"""Enterprise documents and notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from subsidy_api.schemas import Body, Label

__all__ = ["CollectionBody", "FactValue", "FirmBody", "NoticeBody", "SourceBody"]


class SourceBody(Body):
    """Where a value comes from."""

    department: str
    label: Label
    as_of: date | None
    batch: str | None
    quality: Literal["department", "declared", "derived"]


class FactValue(Body):
    """One value of an enterprise document; money in 分, ratios in millionths."""

    fact: str
    year: int | None
    label: Label
    value: int | bool | str | list[str]
    unit: str
    source: SourceBody | None


class CollectionBody(Body):
    """One list of an enterprise document; ``loaded`` is the day of each department's list."""

    label: Label
    rows: list[dict[str, int | bool | str | list[str] | None]]
    loaded: dict[str, date]
    disputed: bool
    source: SourceBody | None


class FirmBody(Body):
    """One enterprise document (一企一档); what is absent is unknown."""

    uscc: str
    name: str
    snapshot: str
    facts: list[FactValue]
    collections: dict[str, CollectionBody]


class NoticeBody(Body):
    """One notice to a firm."""

    id: int
    uscc: str
    run_id: str
    at: datetime
    content: dict[str, Any]
