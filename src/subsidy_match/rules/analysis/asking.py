"""What the analysis asks of many enterprises at once, and how an example enterprise is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from subsidy_match.rules.analysis.places import placed
from subsidy_match.rules.analysis.searching import Ask
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Period, Policy, PolicySet
from subsidy_match.rules.reasons import Reason, owed
from subsidy_match.rules.tree import All, Condition, Grade, Label, Literal, Not, Param
from subsidy_match.rules.wording import Wording

__all__ = ["day_of", "is_met", "portrayed", "turning_days", "with_clause"]

_A_DAY = timedelta(days=1)


def day_of(policy: Policy) -> date:
    """A day on which a claim under the policy may be filed."""
    return policy.window[0] if policy.window else policy.start


def turning_days(policies: PolicySet, policy: Policy) -> list[date]:
    """The days on which a policy may begin to judge otherwise by time alone, and the days before them.

    Ends of the term and the window, dates that the text names, and the first days of rows of the tables that it reads.
    """
    found = {policy.start, policy.end, *(policy.window or ())}
    for spot in placed(policy):
        match spot.node:
            case Literal(value=date() as day):
                found |= {day, day + _A_DAY}
            case Param(name=name):
                found |= {row.start for row in policies.parameters[name].rows}
            case Grade(standard=name):
                found |= {row.start for row in policies.standards[name].rows}
    around = {*found, *(day - _A_DAY for day in found if day > date.min)}
    return sorted(day for day in around if policy.start <= day <= policy.end and day.year < date.max.year)


def is_met(policies: PolicySet, policy: Policy, as_of: date) -> Ask:
    """Whether an enterprise meets a policy, once persons have confirmed what only they can."""
    return _clauses_met(policies, policy, as_of) if policy.for_each is None else _match_met(policies, policy, as_of)


def _clauses_met(policies: PolicySet, policy: Policy, as_of: date) -> Ask:
    """Clause by clause: one that is refused settles it, so the one that refused last is asked first."""
    clauses = policy.condition.of if isinstance(policy.condition, All) else (policy.condition,)
    order = list(range(len(clauses)))

    def ask(firm: Enterprise) -> tuple[bool | None, Sequence[str]]:
        frame = Frame(Evaluator(policies, firm, as_of), policy)
        reasons: dict[int, Reason] = {}
        for n, number in enumerate(order):
            reasons[number] = frame.decide(clauses[number])
            if not reasons[number].truth.possible:
                order.insert(0, order.pop(n))
                return False, ()
        if all(reason.truth.confirms for reason in reasons.values()):
            return True, ()
        return None, tuple(dict.fromkeys(key for number in sorted(reasons) for key in owed(reasons[number])))

    return ask


def _match_met(policies: PolicySet, policy: Policy, as_of: date) -> Ask:
    """With the elements that are claimed for, which only a whole match decides."""

    def ask(firm: Enterprise) -> tuple[bool | None, Sequence[str]]:
        matches = Evaluator(policies, firm, as_of).match(policy)
        if any(match.reason.truth.confirms for match in matches):
            return True, ()
        if not any(match.reason.truth.possible for match in matches):
            return False, ()
        return None, tuple(dict.fromkeys(key for match in matches for key in match.missing))

    return ask


def with_clause(policy: Policy, clause: Condition, *, negated: bool, instead: Condition | None = None) -> Policy:
    """The policy with one clause more, or with it (or its opposite) instead of another."""
    mark = policy.condition.mark
    others = policy.condition.of if isinstance(policy.condition, All) else (policy.condition,)
    kept = tuple(child for child in others if child is not instead)
    return replace(policy, condition=All(mark, (*kept, Not(clause.mark, clause) if negated else clause)))


def portrayed(firm: Enterprise, policies: PolicySet, year: int) -> Label:
    """An example enterprise in words: what is known of it."""
    return Label(
        *(_portrayed(firm, Wording(policies, lang, Period("", date.min, date.max, year))) for lang in ("zh", "en"))
    )


def _portrayed(firm: Enterprise, words: Wording) -> str:
    catalogue = words.policies.catalogue
    parts: list[str] = []
    for key, known in sorted(firm.values.items()):
        fact = catalogue.facts.get(key) or catalogue.facts[key.rpartition("_")[0]]
        year = key.rpartition("_")[2] if fact.yearly else ""
        parts.append(f"{year}{fact.label.say(words.lang)}={words.scalar(known.value, fact.type)}")
    for name, found in sorted(firm.collections.items()):
        spec = catalogue.collections[name]
        rows = [
            "(" + ", ".join(words.scalar(v, spec.fields[f].type) for f, v in row.items() if v is not None) + ")"
            for row in found.rows
        ]
        parts.append(f"{spec.label.say(words.lang)}={' '.join(rows) or words.pick('无', 'none')}")
    return words.pick(";", "; ").join(parts) or words.pick("任何企业", "any enterprise")
