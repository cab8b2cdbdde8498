"""The shape of a match report, for the OpenAPI document; ``subsidy_match.matching.report`` makes the content."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from subsidy_api.schemas import Body, Label, Lang, Line, Uscc

__all__ = ["EligibilityRequest", "OverviewBody", "OverviewRequest", "Profile", "ReportBody"]

FactKey = Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z][a-z0-9_]*(@-?\d{1,2})?$")]
Text = Annotated[str, StringConstraints(max_length=200)]
# strict: a text too long must not pass as a number
Given = Text | StrictBool | StrictInt | list[Text] | None
AsOf = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31), description="评价日 / day of evaluation")]


class Profile(Body):
    """A firm as somebody declares it, written as in a case file: ``500万元``, ``30人``, ``3%``, ``2026-01-31``.

    What is not given is unknown. A list that is given is complete; ``"incomplete"`` says that it may have more rows.
    """

    name: Line = "—"
    year: Annotated[
        int | None,
        Field(
            ge=2000, le=2100, description="年度指标所属年度 / fiscal year of `revenue`; `revenue@-1` is the one before"
        ),
    ] = None
    facts: Annotated[
        dict[FactKey, Given], Field(max_length=300, examples=[{"revenue": "500万元", "revenue@-1": "450万元"}])
    ] = Field(default_factory=dict)
    collections: Annotated[
        dict[FactKey, Literal["incomplete"] | Annotated[list[dict[FactKey, Given]], Field(max_length=1000)]],
        Field(max_length=50),
    ] = Field(default_factory=dict)


class OverviewRequest(Body):
    """A declared profile; ``year`` is by default the year before."""

    profile: Profile
    as_of: AsOf | None = None
    lang: Lang = "zh"


class EligibilityRequest(Body):
    """Either a firm of the snapshot or a declared profile; ``year`` of a profile is by default the year before."""

    uscc: Uscc | None = None
    profile: Profile | None = None
    as_of: AsOf | None = None
    policy_ids: Annotated[list[Line], Field(min_length=1, max_length=500)] | None = None
    lang: Lang = "zh"


class AmountBody(Body):
    """Bounds in 分; ``max`` is null where nothing bounds it."""

    min: int | None
    max: int | None


class ClauseBody(Body):
    """The legal source of a condition."""

    id: str
    document: str
    article: str
    gist: str
    quote: str
    provenance: str


class EntryBody(Body):
    """A value that was looked at, and where it came from."""

    name: str
    label: str
    value: str | None
    known: bool
    source: str | None


class ReasonBody(Body):
    """One condition: what it asks, what it saw, how far off, and from which clause."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    id: str | None
    key: str | None
    kind: str
    state: Literal["met", "not_met", "open", "to_confirm"]
    state_text: str
    text: str
    seen: str | None
    required: str | None
    gap: str | None
    by: str | None
    clauses: list[ClauseBody]
    values: Annotated[list[EntryBody], Field(alias="from")]
    children: list[ReasonBody]


class ItemBody(Body):
    """One element that is claimed for."""

    key: str
    state: Literal["met", "not_met", "open", "to_confirm"]
    amount: AmountBody | None
    amount_text: str


class MissingBody(Body):
    """A fact that would help to decide, and who owes it; ``stale`` says of which day data are that are too old to count."""

    fact: str
    label: str
    owed_by: str
    stale: str


class MatchBody(Body):
    """One policy (and subject): verdict, amount, and the whole tree of reasons."""

    uscc: str | None
    policy_id: str
    policy_version: date
    policy_hash: str
    title: Label
    provenance: Literal["official", "sourced", "representative"]
    channel: Literal["no_apply", "instant", "fast", "committed"]
    period: str
    subject: str | None
    as_of: date
    verdict: Literal["eligible", "to_confirm", "unknown", "ineligible"]
    amount: AmountBody | None
    missing: list[str]
    automatic: bool
    verdict_text: str
    amount_text: str
    missing_facts: list[MissingBody]
    items: list[ItemBody]
    amount_from: list[EntryBody]
    reasons: ReasonBody


class ReportBody(Body):
    """All matches of one firm, best news first."""

    uscc: str | None
    as_of: date
    policy_set: str
    parameters_hash: str
    snapshot: str | None
    engine_version: str
    matches: list[MatchBody]


class TotalsBody(Body):
    """How many matches there are of each verdict."""

    eligible: int
    to_confirm: int
    unknown: int
    ineligible: int


class SummaryBody(Body):
    """One match in short."""

    policy_id: str
    subject: str | None
    verdict: Literal["eligible", "to_confirm", "unknown"]
    amount: AmountBody | None


class OverviewBody(Body):
    """All matches of one firm in short, and one page of them with reasons, in the order of the full report.

    ``summaries`` (all that is not refused) and ``refused`` (ids of policies of which nothing is left) come with the first
    page; they are null on the others.
    """

    uscc: str | None
    as_of: date
    policy_set: str
    parameters_hash: str
    snapshot: str | None
    engine_version: str
    totals: TotalsBody
    summaries: list[SummaryBody] | None
    refused: list[str] | None
    matches: list[MatchBody]
    next: str | None
