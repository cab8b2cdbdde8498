"""The match of names, measured on labelled spellings: nothing similar is ever accepted, and the firm meant is shown."""

from __future__ import annotations

import pytest
from name_variants import EXACT, KINDS, NOBODY, SIMILAR, Tally, folded, invent_city, invent_variants, measure

CITY = invent_city(1200)
VARIANTS = invent_variants(CITY, 2520)


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    return measure(CITY.register(), VARIANTS)


def together(tallies: dict[str, Tally], kinds: tuple[str, ...]) -> Tally:
    return sum((tallies[kind] for kind in kinds), Tally())


def test_there_are_enough_spellings_of_every_kind():
    assert len(VARIANTS) >= 2000
    assert all(sum(variant.kind == kind for variant in VARIANTS) == len(VARIANTS) / len(KINDS) for kind in KINDS)


def test_no_label_contradicts_the_register():
    owners = {folded(name): firm.uscc for firm in CITY.firms for name in (firm.name, firm.former) if name}
    for variant in VARIANTS:
        assert owners.get(folded(variant.written)) == (variant.meant if variant.kind in EXACT else None), variant


def test_a_name_that_differs_in_nothing_that_counts_is_accepted_and_never_for_another_firm(tallies):
    exact = together(tallies, EXACT)
    assert (exact.right, exact.wrong) == (exact.variants, 0)


def test_a_similar_name_is_never_accepted(tallies):
    similar = together(tallies, (*SIMILAR, *NOBODY))
    assert (similar.right, similar.wrong) == (0, 0)


@pytest.mark.parametrize("kind", SIMILAR)
def test_the_firm_meant_is_among_the_five_shown(tallies, kind):
    assert tallies[kind].rates()["recall_top5"] >= 0.98


def test_the_firm_meant_mostly_comes_first(tallies):
    similar = together(tallies, SIMILAR).rates()
    assert similar["recall_top1"] >= 0.9
    assert similar["precision_top1"] >= 0.9


def test_for_a_firm_that_is_not_ours_there_is_mostly_nobody_to_choose(tallies):
    nobody = together(tallies, NOBODY)
    assert nobody.shown <= nobody.variants / 2
