"""Parts of a policy that never decide anything: proved by exhausting the intervals and code trees of what they look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from subsidy_match.rules.analysis.asking import day_of, is_met, portrayed, with_clause
from subsidy_match.rules.analysis.examples import Example, Question, not_shown, one_that_meets
from subsidy_match.rules.analysis.finding import Doubt, doubt
from subsidy_match.rules.analysis.places import Placed, placed
from subsidy_match.rules.analysis.searching import Found, Nothing, search
from subsidy_match.rules.analysis.space import NOBODY, Space, space_of
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.tree import (
    All,
    Any,
    Band,
    Compare,
    Condition,
    EachOf,
    Fact,
    FieldOf,
    FirstOf,
    Literal,
    Manual,
    Mark,
    Not,
    Rows,
    Status,
    Value,
)
from subsidy_match.rules.walking import nodes_below

__all__ = ["steps_of", "unreached"]

# questions: what can be proved for one clause is proved by a few dozen; beyond these many it stays open and is no finding
_NEAR, _EVERYWHERE = 120, 240


def unreached(policies: PolicySet, policy: Policy, examples: Sequence[Example] = ()) -> Iterator[Doubt]:
    """P012 never true, P013 always true, P014 nobody can meet the policy, P015 a band or branch that is never taken.

    ``examples`` are enterprises at hand, such as those of the policy's cases: what they show is not searched for.
    """
    space = space_of(policies, (policy,), day_of(policy))
    alone = list(_alone(space, policy))
    yield from alone
    start = one_that_meets(policies, policy, examples)
    if start is None:
        witness = search(space, NOBODY, is_met(policies, policy, space.as_of))
        if isinstance(witness, Nothing):
            zh, en = "没有企业能够符合这项政策", "no enterprise can meet this policy"
            clash = _clash(space, policy, "zh"), _clash(space, policy, "en")
            yield doubt("P014", policy, _own(policy), zh + clash[0], en + clash[1])
            return
        start = witness.enterprise if isinstance(witness, Found) else None
    known = {id(one.node) for one in alone}
    asked = [*_beside(space, policy, start or NOBODY, known), *_bands(space, policy)]
    questions = not_shown(policies, policy, [one.question for one in asked if one.question], examples)
    for one in asked:
        if one.question is None or (one.question in questions and _nowhere(space, policy, one.question, start)):
            yield one.doubt


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and what is to be said where nobody answers it; without a question it is certain already."""

    question: Question | None
    doubt: Doubt


# --- one condition by itself ---


def _alone(space: Space, policy: Policy) -> Iterator[Doubt]:
    frame = Frame(Evaluator(space.policies, NOBODY, space.as_of), policy)
    for spot in placed(policy):
        if _is_doubtful(spot.node, policy):
            node = spot.node
            truth = (frame.inside({}, spot.element) if spot.element else frame).decide(node)  # type: ignore[arg-type]
            if truth.truth.sure:
                yield _always(policy, node, "任何企业", "any enterprise")  # type: ignore[arg-type]
            elif not truth.truth.possible:
                zh, en = "这个条件任何企业都不能满足", "no enterprise can meet this condition"
                yield doubt("P012", policy, node.mark, zh, en, node)  # type: ignore[attr-defined]


def _is_doubtful(node: object, policy: Policy) -> bool:
    """Whether a condition has words of its own and looks at the enterprise."""
    if not isinstance(node, Condition) or isinstance(node, Manual | Status) or node.mark.at.path != policy.path:
        return False
    return any(isinstance(below, Fact | FieldOf | Rows) for below in nodes_below(node))


def _own(policy: Policy) -> Mark:
    """The first clause that the policy does not inherit."""
    parts = policy.condition.of if isinstance(policy.condition, All) else ()
    own = (part.mark for part in parts if part.mark.at.path == policy.path and part.mark.id != "region")
    return next(own, policy.condition.mark)


def _always(policy: Policy, node: Condition, zh: str, en: str) -> Doubt:
    return doubt(
        "P013",
        policy,
        node.mark,
        f"这个条件总是成立,不起作用;例如:{zh}",
        f"always true, decides nothing; e.g. {en}",
        node,
    )


# --- one condition beside the others ---


def _beside(space: Space, policy: Policy, start: Enterprise, known: set[int]) -> Iterator[_Asked]:
    clauses = policy.condition.of if isinstance(policy.condition, All) else ()
    example = portrayed(start, space.policies, policy.period(space.as_of).year_of_facts)
    for clause in clauses:
        if id(clause) in known or clause.mark.at.path != policy.path or clause.mark.id == "region":
            continue
        if _is_doubtful(clause, policy):
            opposite = Question(clause, negated=True, instead=clause)
            yield _Asked(opposite, _always(policy, clause, example.zh, example.en))
        for part in clause.of if isinstance(clause, Any) else ():
            if id(part) not in known and _is_doubtful(part, policy):
                zh, en = "其他条件成立时,这一项不可能成立", "never true where the other conditions are met"
                yield _Asked(Question(part), doubt("P012", policy, part.mark, zh, en, part))


def _nowhere(space: Space, policy: Policy, question: Question, start: Enterprise | None) -> bool:
    """Whether no enterprise answers a question; tried near a known example first, then everywhere."""
    changed = with_clause(policy, question.clause, negated=question.negated, instead=question.instead)
    ask = is_met(space.policies, changed, space.as_of)
    if start is not None:
        near = _without(start, question.clause)
        if isinstance(search(space, near, ask, budget=_NEAR), Found):
            return False
    return isinstance(search(space, NOBODY, ask, budget=_EVERYWHERE), Nothing)


def _without(firm: Enterprise, clause: Condition) -> Enterprise:
    """The enterprise without what a clause looks at."""
    names = {node.name for node in nodes_below(clause) if isinstance(node, Fact)}
    lists = {node.collection for node in nodes_below(clause) if isinstance(node, Rows)}
    values = {
        key: known for key, known in firm.values.items() if key not in names and key.rpartition("_")[0] not in names
    }
    return replace(firm, values=values, collections={n: c for n, c in firm.collections.items() if n not in lists})


def _clash(space: Space, policy: Policy, lang: str) -> str:
    """Which two clauses exclude each other, if two do."""
    clauses = policy.condition.of if isinstance(policy.condition, All) else ()
    for n, one in enumerate(clauses):
        for other in clauses[n:]:
            pair = replace(policy, for_each=None, condition=All(policy.condition.mark, (one, other)))
            if isinstance(search(space, NOBODY, is_met(space.policies, pair, space.as_of), budget=100), Nothing):
                names = f"{one.mark.id}、{other.mark.id}" if one is not other else str(one.mark.id)
                return f":{names} 不能同时成立" if lang == "zh" else f": {names} cannot hold together"
    return ""


# --- bands and branches ---


def _bands(space: Space, policy: Policy) -> Iterator[_Asked]:
    frame = Frame(Evaluator(space.policies, NOBODY, space.as_of), policy)
    for spot in placed(policy):
        for number, (step, value) in enumerate(steps_of(spot)):
            zh, en = f"第{number + 1}档(支)不可能用到", f"band or branch {number + 1} is never taken"
            said = doubt("P015", policy, step.mark, zh, en, step)
            inner = frame.inside({}, spot.element) if spot.element else frame
            if not inner.decide(step).truth.possible:
                yield _Asked(None, said)
            elif spot.element is None and policy.for_each is None and not _is_nothing(value):
                yield _Asked(Question(step), said)


def _is_nothing(value: Value) -> bool:
    """A band worth nothing is where nothing is due: it is often what the policy refuses."""
    return isinstance(value, Literal) and value.value == 0


def steps_of(spot: Placed) -> Iterator[tuple[Condition, Value]]:
    """What must hold for each band or branch of a node to be taken, and what it is worth."""
    match spot.node:
        case Band(of=of, op=op, steps=steps, otherwise=otherwise):
            before: tuple[Condition, ...] = ()
            for edge, value in steps:
                mark = spot.mark
                here = Compare(mark, of, op, Literal(edge, of.type))
                yield All(mark, (*before, here)), value
                before = (Not(mark, here),)
            yield All(spot.mark, before), otherwise
        case FirstOf(branches=branches):
            passed: tuple[Condition, ...] = ()
            for branch in branches:
                yield All(branch.when.mark, (*passed, branch.when)), branch.then
                passed = (*passed, Not(branch.when.mark, branch.when))
        case EachOf(branches=branches):
            for branch in branches:
                yield All(branch.when.mark, (branch.when,)), branch.then
        case _:
            return
