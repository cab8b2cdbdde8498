"""The reference evaluator: walks the tree for one enterprise, exactly, and returns every reason.

It is the definition of the language. Speed comes from another engine, which must agree with this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from subsidy_match.errors import Location
from subsidy_match.rules.enterprise import Enterprise, Row
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import ForEach, GrantedBy, Policy, PolicySet
from subsidy_match.rules.reasons import Item, ItemsClause, Match, Reason
from subsidy_match.rules.span import INFINITY, Span, hull, least
from subsidy_match.rules.tree import All, Condition, FieldOf, Is, Label, Mark
from subsidy_match.rules.truth import UNKNOWN, all_of, any_of

__all__ = ["Evaluator"]

_NOTHING = Span.exactly(0)
_BARE = Mark(Location(""))


@dataclass(slots=True)
class Evaluator:
    """Evaluates policies for one enterprise on one day. Statuses that other policies grant are worked out once."""

    policies: PolicySet
    enterprise: Enterprise
    as_of: date
    observer: Callable[[Condition, Reason], None] | None = None  # hears every condition that is decided
    stale: dict[str, date] = field(default_factory=dict)  # facts and lists found too old to count, with their day
    _granted: dict[str, Reason] = field(default_factory=dict)

    def match_all(self) -> Iterator[Match]:
        """Every policy in force."""
        for policy in self.policies.in_force(self.as_of):
            yield from self.match(policy)

    def match(self, policy: Policy) -> list[Match]:
        """One policy: one match, or one for each element where a claim is for one element.

        Where there is no element a single match without a subject says so; where the list may have more elements than were
        seen, a last match without a subject stands for them.
        """
        frame = Frame(self, policy)
        each = policy.for_each
        if each is None:
            return [self._match(frame, frame.decide(policy.condition), None, ())]
        firm = _with_items(frame, each)
        if each.together or not frame.items:
            open_rows = not frame.is_complete(each.collection)
            reason = _joined(firm, _items_clause(each, frame.items, open_rows=open_rows))
            return [self._match(frame, reason, None, tuple(frame.items), open_rows=open_rows)]
        found = [
            self._match(frame, _joined(firm, _items_clause(each, [item], open_rows=False)), item.key, (item,))
            for item in frame.items
        ]
        if firm.truth.possible and not frame.is_complete(each.collection):
            found.append(
                self._match(frame, _joined(firm, _items_clause(each, [], open_rows=True)), None, (), open_rows=True)
            )
        return found

    def amount(self, policy: Policy) -> Span | None:
        """What a policy that is claimed by the firm, not for elements, pays where it does not refuse; without the reasons."""
        return _amount(Frame(self, policy), (), open_rows=False)

    def granted(self, policy_id: str) -> Reason | None:
        """What the policy that grants a status says of this enterprise, if the version in force grants one by itself."""
        if policy_id not in self._granted:
            policy = self.policies.find(policy_id, self.as_of)
            if policy is None or policy.grants is None or policy.grants.by is GrantedBy.CERTIFICATE:
                return None
            self._granted[policy_id] = self._whole(policy)
        return self._granted[policy_id]

    def _whole(self, policy: Policy) -> Reason:
        """Whether the firm meets a policy at all, with whichever of its elements."""
        frame, each = Frame(self, policy), policy.for_each
        if each is None:
            return frame.decide(policy.condition)
        firm = _with_items(frame, each)
        return _joined(firm, _items_clause(each, frame.items, open_rows=not frame.is_complete(each.collection)))

    def _match(
        self, frame: Frame, reason: Reason, subject: str | None, items: tuple[Item, ...], *, open_rows: bool = False
    ) -> Match:
        frame.log.clear()
        amount = _amount(frame, items, open_rows=open_rows) if reason.truth.possible else None
        log = (*frame.log, *(entry for item in items if item.reason.truth.possible for entry in item.log))
        policy, uscc = frame.policy, self.enterprise.uscc
        return Match(policy, uscc, subject, frame.period, self.as_of, reason, amount, items, log, self.stale)


def _with_items(frame: Frame, each: ForEach) -> Reason:
    """Decide the elements, then the conditions on the firm and the amounts, which both may count elements."""
    rows = frame.collection(each.collection).rows
    frame.items = sorted((_item(frame, each, row) for row in rows), key=lambda item: item.key)
    for item in frame.items:
        inner = frame.inside(item.row, each.collection)
        item.amount = inner.amount_of_item()
        item.log = tuple(inner.log)
    return frame.decide(frame.policy.condition)


def _item(frame: Frame, each: ForEach, row: Row) -> Item:
    """One element: whether it counts. One without a key cannot be told from others, so nothing is claimed for it yet."""
    inner = frame.inside(row, each.collection)
    parts = [inner.decide(each.item_if)] if each.item_if is not None else []
    if row.get(each.key) is None:
        parts.append(inner.decide(_has_key(frame, each)))
    reason = (
        parts[0] if len(parts) == 1 else Reason(All(_BARE, ()), all_of(p.truth for p in parts), children=tuple(parts))
    )
    reason.key = str(row.get(each.key) or "")
    return Item(reason.key, row, reason)


def _has_key(frame: Frame, each: ForEach) -> Condition:
    field = frame.case.policies.catalogue.collections[each.collection].fields[each.key]
    mark = replace(_BARE, title=Label(f"有{field.label.zh}", f"has a {field.label.en.lower()}"))
    return Is(mark, FieldOf(each.key, field.type, field.span, field.label), code="", negated=True)


def _items_clause(each: ForEach, items: list[Item], *, open_rows: bool) -> Reason:
    truths = [item.reason.truth for item in items]
    truth = any_of([*truths, UNKNOWN] if open_rows else truths)
    reasons = tuple(item.reason for item in items)
    return Reason(ItemsClause(each.collection), truth, children=reasons, open_rows=open_rows)


def _joined(firm: Reason, some: Reason) -> Reason:
    """The conditions on the firm and the clause on its items, as one."""
    children = (*firm.children, some)
    return Reason(firm.node, all_of(child.truth for child in children), children=children)


def _amount(frame: Frame, items: tuple[Item, ...], *, open_rows: bool) -> Span | None:
    """The amount as bounds, rounded once; none where the policy pays nothing."""
    terms = frame.policy.amount
    if terms is None:
        return None
    raw = frame.number(terms.total) if terms.total is not None else _sum_of(items, open_rows=open_rows)
    if terms.cap is not None:
        raw = least([raw, frame.number(terms.cap)])
    return raw.rounded(terms.step, terms.mode)


def _sum_of(items: tuple[Item, ...], *, open_rows: bool) -> Span:
    """Add up the elements that may count; a doubtful one may add nothing, an unseen one anything more."""
    total = Span(0, INFINITY) if open_rows else _NOTHING
    for item in items:
        amount, truth = item.amount or _NOTHING, item.reason.truth
        if truth.possible:
            total = total + (amount if truth.sure or (len(items) == 1 and not open_rows) else hull([_NOTHING, amount]))
    return total
