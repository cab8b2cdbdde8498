"""Published policies, for everyone to read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from subsidy_api.context import PinnedDep, Today
from subsidy_api.explanations import AsOf
from subsidy_api.paging import Cursor, Limit, after_text, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Label, Line, Page
from subsidy_match.rules.policy import Channel, Policy
from subsidy_match.rules.portrait import policy_portrait

__all__ = ["router"]

router = APIRouter(prefix="/v1/policies", tags=["policies"])
Level = Literal["national", "provincial", "city", "county"]


class Window(Body):
    """From when until when one may apply, both days included."""

    opens: date
    closes: date


class PolicyBody(Body):
    """One policy in a list."""

    id: str
    version: date
    title: Label
    provenance: Literal["official", "sourced", "representative"]
    level: str
    region: str | None
    authority: str
    channel: Literal["no_apply", "instant", "fast", "committed"]
    window: Window | None
    is_open: bool
    hash: str


class PolicyPage(Page[PolicyBody]):
    """Policies in force on a day, of one published set."""

    as_of: date
    policy_set: str


@router.get("", response_model=PolicyPage, responses=responses(422, 503))
def list_policies(
    pinned: PinnedDep,
    today: Today,
    as_of: Annotated[AsOf | None, Query()] = None,
    level: Annotated[str | None, Query(max_length=20)] = None,
    channel: Annotated[Channel | None, Query()] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="仅看可申报 / open for claims on that day")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PolicyPage:
    """已发布的有效政策 / The policies in force on a day (default: today)."""
    policies, day, after = pinned.policies(), as_of or today, after_text(cursor)
    found = [
        policy
        for policy in policies.in_force(day)
        if policy.id > after
        and level in (None, policy.level)
        and channel in (None, policy.channel)
        and is_open in (None, policy.is_open(day))
    ]
    shown, after_this = page(found[: limit + 1], limit, lambda policy: policy.id)
    items = [_policy(policy, day) for policy in shown]
    return PolicyPage(items=items, next=after_this, as_of=day, policy_set=policies.hash)


@router.get("/{policy_id}", responses=responses(404, 422, 503))
def show_policy(
    policy_id: Annotated[Line, Path()], pinned: PinnedDep, today: Today, as_of: Annotated[AsOf | None, Query()] = None
) -> dict[str, Any]:
    """一项政策:条件、标准、依据、材料 / What one policy asks and pays, each line with its source, in both languages."""
    policies, day = pinned.policies(), as_of or today
    portrait = policy_portrait(policies.get(policy_id, day), policies, day)
    return {**portrait, "as_of": day.isoformat(), "policy_set": policies.hash}


def _policy(policy: Policy, day: date) -> PolicyBody:
    return PolicyBody(
        id=policy.id,
        version=policy.start,
        title=Label(zh=policy.title.zh, en=policy.title.en),
        provenance=policy.provenance,
        level=policy.level,
        region=policy.region,
        authority=policy.authority,
        channel=policy.channel.value,
        window=Window(opens=policy.window[0], closes=policy.window[1]) if policy.window else None,
        is_open=policy.is_open(day),
        hash=policy.hash,
    )
