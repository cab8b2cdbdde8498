"""What known enterprises show: a question that one of them answers needs no search.

The cases of a policy are such enterprises. With good cases nearly every clause, branch and band has an example among them, and
one evaluation of each answers all questions at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.tree import All, Condition
from subsidy_match.rules.truth import Truth, negate

__all__ = ["Example", "Question", "not_shown", "one_that_meets"]


@dataclass(frozen=True, slots=True)
class Example:
    """A known enterprise and the day on which it is looked at."""

    enterprise: Enterprise
    as_of: date


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Is there an enterprise that meets a policy and also a clause, or its opposite (``instead`` of another clause)?"""

    clause: Condition
    negated: bool = False
    instead: Condition | None = None


def one_that_meets(policies: PolicySet, policy: Policy, examples: Iterable[Example]) -> Enterprise | None:
    """The first example that meets the policy once persons have confirmed."""
    for example in examples:
        matches = Evaluator(policies, example.enterprise, example.as_of).match(policy)
        if any(match.reason.truth.confirms for match in matches):
            return example.enterprise
    return None


def not_shown(
    policies: PolicySet, policy: Policy, questions: Sequence[Question], examples: Iterable[Example]
) -> list[Question]:
    """The questions that no example answers; of a policy with elements, whose clauses do not settle it alone, all."""
    left = list(questions)
    if policy.for_each is not None:
        return left
    clauses = policy.condition.of if isinstance(policy.condition, All) else (policy.condition,)
    for example in examples:
        if not left:
            break
        frame = Frame(Evaluator(policies, example.enterprise, example.as_of), policy)
        truths = [(clause, frame.decide(clause).truth) for clause in clauses]
        refused = [clause for clause, truth in truths if not truth.confirms]
        left = [question for question in left if not _answers(frame, question, refused)]
    return left


def _answers(frame: Frame, question: Question, refused: Sequence[Condition]) -> bool:
    if any(clause is not question.instead for clause in refused):
        return False
    truth: Truth = frame.decide(question.clause).truth
    return (negate(truth) if question.negated else truth).confirms
