"""The policy check-up of a firm over HTTP; ``subsidy_match.matching.checkup`` makes the content."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from subsidy_api.context import PinnedDep, PlatformDep, Today
from subsidy_api.explanations import AmountBody, AsOf
from subsidy_api.plain import PlainResponse
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Label, Uscc
from subsidy_api.security import Caller, check_sees_firm
from subsidy_match.claims.pending import pending_of
from subsidy_match.matching.checkup import checkup, checkup_report
from subsidy_match.matching.report import made_from

__all__ = ["router"]

router = APIRouter(prefix="/v1/enterprises", tags=["enterprises"])


class OptionBody(Body):
    """One claim that could be filed."""

    option: str
    policy_id: str
    policy_version: date
    policy_hash: str
    title: Label
    subject: str | None
    period: str
    verdict: Literal["eligible", "to_confirm", "unknown", "ineligible"]


class PayoutBody(OptionBody):
    """A claim with what it pays beside the others."""

    amount: AmountBody


class ChoiceBody(Body):
    """Claims that may be filed together."""

    total: AmountBody
    claims: list[PayoutBody]


class AlternativeBody(ChoiceBody):
    """Another choice, and how much less it pays."""

    less: int


class CauseBody(Body):
    """A rule that kept a claim out, and what it lost to."""

    group: str
    form: Literal["at_most", "cap", "paid_under"]
    rule: Label
    winners: list[str]
    used: list[dict[str, str | int | None]]


class LossBody(OptionBody):
    """A claim that is not chosen; ``cost`` is null where no choice can hold it."""

    cost: int | None
    causes: list[CauseBody]


class OpenBody(OptionBody):
    """A claim that missing data may still change."""

    amount: AmountBody
    contested: bool
    displaces: list[str]


class LeftOutBody(OptionBody):
    """A match that cannot be claimed."""

    why: Literal["claimed", "closed"]
    claim: str | None


class DoubtBody(Body):
    """Why payments and claims in hand may not all have been counted."""

    code: str
    zh: str
    en: str


class WaitingBody(Body):
    """A result that waits for a fact."""

    option: str
    title: Label


class PricedBody(Body):
    """A missing fact with its price: ``unlocks`` 分 at the most, null where nothing bounds it."""

    fact: str
    label: Label
    owed_by: Label
    stale: Label
    unlocks: int | None
    besides: int
    options: list[WaitingBody]


class NearMissBody(Body):
    """One fact which, changed least, turns a refusal."""

    policy_id: str
    policy_version: date
    policy_hash: str
    title: Label
    subject: str | None
    fact: str
    text: Label
    year_closed: bool
    verdict: Literal["eligible", "to_confirm"]
    due: int


class CheckupBody(Body):
    """One firm over all policies in force: what to claim, what missing data could bring, what is nearly within reach."""

    uscc: str
    policy_set: str
    parameters_hash: str
    snapshot: str
    engine_version: str
    as_of: date
    certain: bool
    note: Label
    total: AmountBody
    chosen: ChoiceBody
    alternatives: list[AlternativeBody]
    not_chosen: list[LossBody]
    could_change: list[OpenBody]
    left_out: list[LeftOutBody]
    doubts: list[DoubtBody]
    missing: list[PricedBody]
    near_misses: list[NearMissBody]


@router.get("/{uscc}/checkup", response_model=CheckupBody, responses=responses(401, 403, 404, 422, 503))
def check_up(
    uscc: Annotated[Uscc, Path()],
    platform: PlatformDep,
    pinned: PinnedDep,
    today: Today,
    actor: Caller,
    as_of: Annotated[AsOf | None, Query()] = None,
) -> PlainResponse:
    """政策体检:申报哪几项合计最多、补什么数据值多少、还差多少 / What to claim, what to supply, what is nearly within reach."""
    check_sees_firm(actor, uscc)
    policies, snapshot = pinned.policies(), pinned.snapshot()
    enterprise = snapshot.enterprise(uscc)
    uscc = enterprise.uscc
    found = checkup(policies, enterprise, as_of or today, platform.payments(uscc), pending_of(platform.engine, uscc))
    return PlainResponse({"uscc": uscc, **made_from(policies, snapshot.id), **checkup_report(found, policies)})
