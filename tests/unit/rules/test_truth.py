"""Kleene logic with persons: tables, de Morgan, and the verdict of every mixture."""

from __future__ import annotations

from itertools import product

import pytest

from subsidy_match.rules.truth import (
    FALSE,
    MANUAL,
    TRUE,
    UNKNOWN,
    Truth,
    Verdict,
    all_of,
    any_of,
    at_least_n,
    known,
    negate,
)

ALL = (TRUE, FALSE, UNKNOWN, MANUAL)
KLEENE = {True: TRUE, False: FALSE, None: UNKNOWN}


@pytest.mark.parametrize(("a", "b"), list(product(KLEENE, repeat=2)))
def test_kleene_tables(a: bool | None, b: bool | None) -> None:
    both = False if a is False or b is False else None if a is None or b is None else True
    either = True if a is True or b is True else None if a is None or b is None else False
    assert all_of((KLEENE[a], KLEENE[b])).decided is both
    assert any_of((KLEENE[a], KLEENE[b])).decided is either
    assert negate(KLEENE[a]).decided is (None if a is None else not a)


@pytest.mark.parametrize("truths", list(product(ALL, repeat=3)))
def test_de_morgan(truths: tuple[Truth, ...]) -> None:
    assert negate(all_of(truths)) == any_of(map(negate, truths))
    assert at_least_n(3, truths) == all_of(truths)
    assert at_least_n(1, truths) == any_of(truths)
    assert negate(at_least_n(2, truths)) == at_least_n(2, map(negate, truths))


@pytest.mark.parametrize("truths", list(product(ALL, repeat=3)))
def test_sure_implies_confirms_and_possible(truths: tuple[Truth, ...]) -> None:
    for truth in (all_of(truths), any_of(truths), at_least_n(2, truths), negate(any_of(truths))):
        assert not truth.sure or (truth.confirms and truth.possible and not truth.denies)
        assert truth.possible or (truth.denies and not truth.confirms)


@pytest.mark.parametrize(
    ("truth", "verdict"),
    [
        (all_of((TRUE, MANUAL)), Verdict.TO_CONFIRM),
        (all_of((TRUE, MANUAL, UNKNOWN)), Verdict.UNKNOWN),
        (all_of((FALSE, MANUAL, UNKNOWN)), Verdict.INELIGIBLE),
        (any_of((FALSE, MANUAL)), Verdict.TO_CONFIRM),
        (any_of((TRUE, MANUAL)), Verdict.ELIGIBLE),
        (any_of((UNKNOWN, MANUAL)), Verdict.TO_CONFIRM),
        (negate(MANUAL), Verdict.TO_CONFIRM),
        (negate(all_of((MANUAL, FALSE))), Verdict.ELIGIBLE),
        (at_least_n(2, (TRUE, MANUAL, FALSE)), Verdict.TO_CONFIRM),
        (at_least_n(2, (TRUE, UNKNOWN, FALSE)), Verdict.UNKNOWN),
        (all_of(()), Verdict.ELIGIBLE),
        (any_of(()), Verdict.INELIGIBLE),
    ],
)
def test_verdicts(truth: Truth, verdict: Verdict) -> None:
    assert truth.verdict is verdict


@pytest.mark.parametrize("rest", list(product(ALL, repeat=2)))
def test_deciding_an_unknown_keeps_what_was_definite(rest: tuple[Truth, ...]) -> None:
    for join in (all_of, any_of, lambda several: at_least_n(2, several)):
        before = join((UNKNOWN, *rest))
        for value in (TRUE, FALSE):
            after = join((value, *rest))
            assert before.decided is None or after.decided is before.decided
            assert not before.confirms or after.confirms
            assert not before.denies or after.denies


def test_a_person_who_answers_keeps_what_was_definite() -> None:
    for rest in product(ALL, repeat=2):
        before = all_of((MANUAL, *rest))
        assert all(before.decided in (None, all_of((v, *rest)).decided) for v in (TRUE, FALSE))


def test_known_values() -> None:
    assert [known(v) for v in (True, False, None)] == [TRUE, FALSE, UNKNOWN]
