"""Assessing claims with the reference evaluator over the published policies and the snapshot in force."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from subsidy_match import __version__
from subsidy_match.claims.assessment import Assessment, Material, Share, Standing
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Collection, Enterprise, Row, Scalar
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match, Read
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Param, Status

__all__ = ["MatchingAssessor"]

# the credit and bar lists that are asked again before every payment (domain: 失信核查)
_BAR_LISTS = ("penalties", "barrings")
_BARS = ("serious_discredit", "subsidy_fraud")


@dataclass(frozen=True, slots=True)
class MatchingAssessor:
    """The door from claims to matching; each call sees one whole policy set and one whole snapshot."""

    policies: Callable[[], PolicySet]
    snapshot: Callable[[], Snapshot]
    payments: Callable[[str], Sequence[Payment]]

    def assess(self, *, uscc: str, policy_id: str, period: str, subject: str | None, as_of: date) -> Assessment:
        """See ``Assessor``; a claim of a past period is judged by that period's last day."""
        policies, snapshot = self.policies(), self.snapshot()
        enterprise = with_payments(snapshot.enterprise(uscc), self.payments(uscc))
        policy, day = _text_for(policies, policy_id, _day_of(period, as_of))
        matches = Evaluator(policies, enterprise, day).match(policy)
        match = next((m for m in matches if m.subject == subject), None)
        if match is None or match.period.id != period:
            known = ", ".join(m.subject or "—" for m in matches)
            raise NotFound(
                "subject_unknown",
                f"没有这个申报标的:{subject or period}",
                f"no such subject: {subject or period}",
                hint=known,
            )
        assessment = _assessment(match, policies, snapshot, enterprise)
        return replace(assessment, is_open=policy.is_open(as_of))

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


def _assessment(match: Match, policies: PolicySet, snapshot: Snapshot, enterprise: Enterprise) -> Assessment:
    policy = match.policy
    low, high = _ends(match.amount)
    keys = tuple(item.key for item in match.items if item.reason.truth.possible)
    by_item = tuple(sorted({e.group for e in policy.exclusive if e.per == "item_key"}))
    return Assessment(
        verdict=match.verdict.value,
        amount_min=low,
        amount_max=high,
        enterprise_name=enterprise.name,
        policy_zh=policy.title.zh,
        policy_en=policy.title.en,
        policy_hash=policy.hash,
        snapshot_id=snapshot.id,
        channel=policy.channel.value,
        sla_days=policy.sla_days,
        notice_days=policy.notice_days if "publish" in policy.chain else 0,
        with_recheck="recheck" in policy.chain,
        funding=tuple(Share(fund, share) for fund, share in policy.funding),
        evidence=_evidence(match, policies, snapshot, enterprise),
        item_keys=keys if by_item else (),
        exclusive_groups=by_item,
        materials=_materials(policy),
        automatic=match.is_automatic,
    )


def _materials(policy: Policy) -> tuple[Material, ...]:
    """What the firm itself must bring; what departments have is never asked for again."""
    own = [m for m in policy.materials if m.brought_by != "department"]
    return tuple(Material(f"m{n}", m.label.zh, m.label.en, required=m.required) for n, m in enumerate(own, start=1))


def _ends(amount: Span | None) -> tuple[int | None, int | None]:
    if amount is None:
        return None, None
    low, high = (None if isinstance(end, float) else int(end) for end in (amount.lo, amount.hi))
    return low, high


def _evidence(match: Match, policies: PolicySet, snapshot: Snapshot, enterprise: Enterprise) -> bytes:
    """Canonical JSON of what the decision rests on: texts, parameters, facts read, explanation."""
    names = {read.node.name for read in match.reads if isinstance(read.node, Param)}
    texts = _texts(match, policies)
    content = {
        "engine_version": __version__,
        "snapshot": snapshot.id,
        "policy_set": policies.hash,
        "policy": match.policy.key,
        "texts": texts,
        "collections": _lists(enterprise, texts),
        "parameters": {name: policies.files.get(f"parameters/{name.split('.')[0]}.yml", "") for name in sorted(names)},
        "facts": _facts(match),
        "explanation": explain(match, policies),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _texts(match: Match, policies: PolicySet) -> dict[str, str]:
    """The policy, its clauses, the catalogue, and whatever policy grants a status that it asks for."""
    nodes = (reason.node for reason in match.reason.walk())
    granting = {policy for node in nodes if isinstance(node, Status) for policy in node.granted_by}
    found = {"facts.yml": policies.files.get("facts.yml", ""), **match.policy.texts}
    for policy_id in sorted(granting):
        granter = policies.find(policy_id, match.as_of)
        found.update(granter.texts if granter else {})
    return found


def _lists(enterprise: Enterprise, texts: dict[str, str]) -> dict[str, Any]:
    """Every list that the texts name, row by row as it was, with what says whether it was complete."""
    named = "\n".join(text for name, text in texts.items() if name != "facts.yml")
    wanted = {"honors", "subsidy_history"} | {name for name in enterprise.collections if name in named}
    return {
        name: {
            "rows": [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in found.rows],
            "loaded": {source: day.isoformat() for source, day in sorted(found.loaded.items())},
            "disputed": found.disputed,
        }
        for name, found in sorted(enterprise.collections.items())
        if name in wanted
    }


def _facts(match: Match) -> list[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for read in match.reads:
        entry = {"fact": read.key, "known": read.known, "value": _plain(read), "source": _source(read)}
        seen[json.dumps(entry, ensure_ascii=False, sort_keys=True)] = entry
    return [seen[key] for key in sorted(seen)]


def _plain(read: Read) -> object:
    if isinstance(read.value, Span):
        if not read.known:
            return None
        return (
            date.fromordinal(int(read.value.lo)).isoformat() if read.node.type.kind is Kind.DATE else str(read.value.lo)
        )
    return list(read.value) if isinstance(read.value, tuple) else read.value


def _source(read: Read) -> dict[str, str | None] | None:
    if read.source is None:
        return None
    source = read.source
    return {
        "department": source.department,
        "as_of": source.as_of.isoformat() if source.as_of else None,
        "batch": source.batch,
        "quality": source.quality.value,
    }
