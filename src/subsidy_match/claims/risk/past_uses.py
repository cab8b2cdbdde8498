"""What the finance bureau's history says of exclusivity groups: payments that did not go through this system.

A record counts where it says all that a rule asks for. Where it leaves that open it does not count, and the reviewer is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from subsidy_match.claims.assessment import Assessment, Limit, PastUse
from subsidy_match.matching.history import HISTORY
from subsidy_match.rules.enterprise import Collection, Enterprise, Row
from subsidy_match.rules.policy import Exclusive, Policy, PolicySet

__all__ = ["history_gap", "with_past_uses"]


@dataclass(frozen=True, slots=True)
class _Record:
    """A record of the history; ``year`` is that of the payment."""

    use: PastUse
    year: int | None


def with_past_uses(
    assessment: Assessment, policy: Policy, policies: PolicySet, rows: Sequence[Row], *, year: int
) -> Assessment:
    """The assessment with the limits of the policy's groups, and what the history says of them in ``year``."""
    records = [_record(number, row) for number, row in enumerate(rows, start=1)]
    found = {rule: _found(rule, policy, policies, records, year, assessment.item_keys) for rule in policy.exclusive}
    items = (use for rule in found if _is_by_item(rule) for use in _clear(found[rule]))
    unclear = (use for uses in found.values() for use in uses if use.doubt is not None)
    return replace(
        assessment,
        limits=tuple(_limit(rule, uses) for rule, uses in found.items() if not _is_by_item(rule)),
        paid_items=tuple(dict.fromkeys(items)),
        unclear=tuple(dict.fromkeys(unclear)),
    )


def history_gap(
    policy: Policy, policies: PolicySet, enterprise: Enterprise, rows: Sequence[Row], as_of: date
) -> tuple[str, str] | None:
    """Why the history may lack payments of the policy's groups (zh, en); ``None`` where it does not, or there are none."""
    if not policy.exclusive:
        return None
    spec = policies.catalogue.collections[HISTORY]
    if not spec.is_complete(enterprise.collections.get(HISTORY, Collection()), as_of):
        return "奖补历史未导入、已过期或有争议", "the subsidy history is missing, stale or in dispute"
    nameless = sum(not row.get("policy") for row in rows)
    if nameless:
        return f"{nameless}条拨付记录未对应政策", f"{nameless} records of payments name no policy"
    return None


def _limit(rule: Exclusive, uses: Sequence[PastUse]) -> Limit:
    at_most = None if rule.per == "item_key" else rule.at_most
    return Limit(rule.group, at_most, rule.per or "", rule.cap, _clear(uses))


def _clear(uses: Sequence[PastUse]) -> tuple[PastUse, ...]:
    return tuple(use for use in uses if use.doubt is None)


def _found(
    rule: Exclusive,
    policy: Policy,
    policies: PolicySet,
    records: Sequence[_Record],
    year: int,
    keys: Sequence[str],
) -> list[PastUse]:
    group = {p.id for p in policies.policies for each in p.exclusive if each.group == rule.group}
    wanted = {policy.id} if rule.per == "policy" and rule.cap is None else group
    uses = (_use(rule, record, year, keys) for record in records if record.use.policy_id in wanted)
    return [use for use in uses if use is not None]


def _use(rule: Exclusive, record: _Record, year: int, keys: Sequence[str]) -> PastUse | None:
    """What a record of the group is to the rule; ``None`` if nothing."""
    if rule.cap is not None or rule.per == "year":
        return _in_year(rule, record, year)
    if not _is_by_item(rule) or record.use.item_key in keys:
        return record.use
    return replace(record.use, doubt="item") if record.use.item_key is None else None


def _in_year(rule: Exclusive, record: _Record, year: int) -> PastUse | None:
    if record.year not in (None, year, year + 1):
        return None
    if record.year != year:  # what was paid in the year after may have been for this one
        return replace(record.use, doubt="year")
    no_amount = rule.cap is not None and record.use.amount is None
    return replace(record.use, doubt="amount") if no_amount else record.use


def _is_by_item(rule: Exclusive) -> bool:
    return rule.per == "item_key" and rule.cap is None


def _record(number: int, row: Row) -> _Record:
    policy, amount, key, day = (row.get(name) for name in ("policy", "amount", "item_key", "paid_on"))
    known = amount if isinstance(amount, int) else None
    use = PastUse(str(row.get("record_no") or f"#{number}"), str(policy or ""), known, str(key) if key else None)
    return _Record(use, day.year if isinstance(day, date) else None)
