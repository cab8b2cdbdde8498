"""Assessing claims with the reference evaluator over the published policies and the snapshot in force."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from subsidy_match.claims.assessment import Assessment, Material, Share, Standing
from subsidy_match.claims.risk.past_uses import history_gap, with_past_uses
from subsidy_match.claims.risk.qa_sample import Sampling
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.matching.history import Payment, imported_rows, with_payments
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Collection, Row, Scalar
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.pinning import Reading, pin
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.span import Span

__all__ = ["MatchingAssessor", "handling_of"]

# the credit and bar lists that are asked again before every payment (domain: 失信核查)
_BAR_LISTS = ("penalties", "barrings")
_BARS = ("serious_discredit", "subsidy_fraud")


@dataclass(frozen=True, slots=True)
class MatchingAssessor:
    """The door from claims to matching; each call sees one whole policy set and one whole snapshot."""

    policies: Callable[[], PolicySet]
    snapshot: Callable[[], Snapshot]
    payments: Callable[[str], Sequence[Payment]]
    sampling: Sampling = field(default_factory=Sampling)

    def assess(self, *, uscc: str, policy_id: str, period: str, subject: str | None, as_of: date) -> Assessment:
        """See ``Assessor``; a claim of a past period is judged by that period's last day."""
        policies, snapshot = self.policies(), self.snapshot()
        imported, payments = snapshot.enterprise(uscc), self.payments(uscc)
        policy, day = _text_for(policies, policy_id, _day_of(period, as_of))
        reading = Reading.of(with_payments(imported, payments))
        matches = Evaluator(policies, reading.enterprise, day).match(policy)
        match = next((m for m in matches if m.subject == subject), None)
        if match is None or match.period.id != period:
            known = ", ".join(m.subject or "—" for m in matches)
            raise NotFound(
                "subject_unknown",
                f"没有这个申报标的:{subject or period}",
                f"no such subject: {subject or period}",
                hint=known,
            )
        rows = list(imported_rows(imported, payments))
        year = int(period) if period.isdecimal() else as_of.year
        assessment = with_past_uses(_assessment(match, policies, snapshot, reading), policy, policies, rows, year=year)
        gap = history_gap(policy, policies, imported, rows, as_of)
        percent = self.sampling.percent_of(policy_id)
        return replace(
            assessment,
            history_gap=gap,
            is_open=policy.is_open(as_of),
            qa_percent=percent,
            qa_seed=self.sampling.seed,
        )

    def standing(self, *, uscc: str, as_of: date) -> Standing:
        """See ``Assessor``."""
        enterprise, specs = self.snapshot().enterprise(uscc), self.policies().catalogue.collections
        penalties, barrings = (enterprise.collections.get(name, Collection()) for name in _BAR_LISTS)
        kinds = [str(row["kind"]) for row in penalties.rows if _is_open_discredit(row, as_of)]
        bars = [row for row in barrings.rows if _is_after(row.get("until"), as_of)]
        lists = zip(_BAR_LISTS, (penalties, barrings), strict=True)
        if not kinds and not bars and not all(specs[name].is_complete(found, as_of) for name, found in lists):
            zh = "信用或取消资格名单未导入、已过期或有争议"
            return Standing(clear=None, zh=zh, en="the credit or bar list is missing, stale or in dispute")
        if not kinds and not bars:
            return Standing(clear=True)
        return Standing(
            clear=False,
            zh="、".join([*("存在失信记录" for _ in kinds[:1]), *("在取消申报资格期内" for _ in bars[:1])]),
            en=", ".join([*kinds, *(f"barred until {row.get('until')}" for row in bars)]),
        )


def _is_open_discredit(row: Row, as_of: date) -> bool:
    ended = row.get("ended_on")
    return row["kind"] in _BARS and not row.get("repaired") and not (isinstance(ended, date) and ended < as_of)


def _is_after(until: Scalar | None, as_of: date) -> bool:
    return not isinstance(until, date) or until >= as_of


def _day_of(period: str, as_of: date) -> date:
    if not period.isdecimal():
        return as_of
    if int(period) > as_of.year:
        raise Conflict("period_not_open", f"{period}年度尚未开始", f"the period {period} has not begun")
    return min(as_of, date(int(period), 12, 31))


def _text_for(policies: PolicySet, policy_id: str, day: date) -> tuple[Policy, date]:
    """The text that judges on ``day``; a claim in hand outlives its text and is judged by that text's last day."""
    ended = [p for p in policies.policies if p.id == policy_id and p.end < day]
    if policies.find(policy_id, day) is None and ended:
        last = max(ended, key=lambda policy: policy.end)
        return last, last.end
    return policies.get(policy_id, day), day


def _assessment(match: Match, policies: PolicySet, snapshot: Snapshot, reading: Reading) -> Assessment:
    policy = match.policy
    low, high = _ends(match.amount)
    keys = tuple(item.key for item in match.items if item.reason.truth.possible)
    by_item = tuple(sorted({e.group for e in policy.exclusive if e.per == "item_key"}))
    return Assessment(
        verdict=match.verdict.value,
        amount_min=low,
        amount_max=high,
        enterprise_name=reading.enterprise.name,
        policy_zh=policy.title.zh,
        policy_en=policy.title.en,
        policy_hash=policy.hash,
        snapshot_id=snapshot.id,
        **handling_of(policy),
        funding=tuple(Share(fund, share) for fund, share in policy.funding),
        evidence=_evidence(match, policies, snapshot, reading),
        item_keys=keys if by_item else (),
        exclusive_groups=by_item,
        materials=_materials(policy),
        uses=_uses(match),
        automatic=match.is_automatic,
    )


def _uses(match: Match) -> tuple[tuple[str, str], ...]:
    """Projects, persons, invoices: by the list that they stand in, so that the same thing is found under any policy."""
    each = match.policy.for_each
    if each is None:
        return ()
    return tuple((each.collection, item.key) for item in match.items if item.reason.truth.possible)


def handling_of(policy: Policy) -> dict[str, Any]:
    """What an assessment says of how the policy's text wants its claims handled."""
    return {
        "channel": policy.channel.value,
        "chain": policy.chain,
        "sla_days": policy.sla_days,
        "notice_counts": policy.notice_counts,
        "notice_days": policy.notice_days if "publish" in policy.chain else 0,
        "with_recheck": "recheck" in policy.chain,
    }


def _materials(policy: Policy) -> tuple[Material, ...]:
    """What the firm itself must bring; what departments have is never asked for again."""
    own = [m for m in policy.materials if m.brought_by != "department"]
    return tuple(
        Material(f"m{n}", m.label.zh, m.label.en, m.required, m.deferrable) for n, m in enumerate(own, start=1)
    )


def _ends(amount: Span | None) -> tuple[int | None, int | None]:
    if amount is None:
        return None, None
    low, high = (None if isinstance(end, float) else int(end) for end in (amount.lo, amount.hi))
    return low, high


def _evidence(match: Match, policies: PolicySet, snapshot: Snapshot, reading: Reading) -> bytes:
    """Canonical JSON of the decision with everything it rests on, so that it can be replayed from this alone."""
    content = {"snapshot": snapshot.id, **pin(policies, match, reading)}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
