"""Columns of the vector engine at the sizes where one value could be taken for a value of all rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from subsidy_match.matching.vector.blocks import Block, Dictionaries
from subsidy_match.matching.vector.coded import Coded
from subsidy_match.matching.vector.codes import CodeLists, Codes, Names
from subsidy_match.matching.vector.nodes import Do, Nodes
from subsidy_match.matching.vector.reaching import reached
from subsidy_match.rules.tree import Kind


@pytest.mark.parametrize("times", [0, 1, 2, 5])
@pytest.mark.parametrize("names", [[], ["pension"], ["pension", "injury"]])
def test_one_list_taken_several_times_keeps_its_names(names: list[str], times: int):
    index = Names()
    codes = Codes(index.places(names), index)
    lists = CodeLists(np.array([0, len(names)]), codes, np.array([True]))

    taken = lists.take(np.zeros(times, np.int64))

    assert taken.starts.tolist() == [n * len(names) for n in range(times + 1)]
    for name in ("pension", "injury"):
        assert taken.include(name).tolist() == [name in names] * times


def _rows(words: np.ndarray, size: int) -> list[bool]:
    return np.unpackbits(words.view(np.uint8), bitorder="little")[:size].astype(bool).tolist()


@pytest.mark.parametrize("size", [1, 63, 64, 65, 16_384, 16_385, 40_000])
def test_every_limit_is_asked_of_every_value(size: int):
    values = np.random.default_rng(size).integers(-50, 50, size)
    limits = np.array([-51, -50, 0, 49, 50, 51])

    words = reached(values, limits)

    assert words.shape == (6, -(-size // 64))
    for limit, row in zip(limits, words, strict=True):
        assert _rows(row, size) == (values >= limit).tolist()
    assert np.bitwise_count(words).sum() == sum(int((values >= limit).sum()) for limit in limits)  # none past the last


@pytest.mark.parametrize("unknown", [False, True])
def test_codes_by_rank_say_what_the_test_says_of_each(unknown: bool):
    rnd = np.random.default_rng(7)
    names = Names()
    index = names.places([f"{n:02d}" for n in rnd.permutation(40)])[rnd.integers(0, 40, 1_000)]
    if unknown:
        index[::7] = -1
    column = Coded.of(Codes(index, names), 1_000)
    tests = {
        n: (lambda one, n=n: None if one.endswith("9") else one.startswith(str(n)) or one == "33") for n in range(5)
    }

    edges = {n: column.ranked.edges_of(n, names.said(n, test)) for n, test in tests.items()}
    column.prepare(edge for pair in edges.values() for row in pair if row for edge in row)

    for n, test in tests.items():
        said = [None if place < 0 else test(names.names[place]) for place in index]
        sure, possible = edges[n]
        assert possible is not None  # codes that end in 9 are open
        words = np.zeros((2, 16), np.uint64)
        assert _rows(column.words(sure, words[0]), 1_000) == [one is True for one in said]
        opened = column.words(possible, words[1]) | (0 if column.gone is None else column.gone)
        assert _rows(opened, 1_000) == [one is not False for one in said]


@pytest.mark.parametrize("start", [0, 3, 8, 13])
def test_truths_are_read_from_any_place_of_an_arrow_array(start: int):
    rnd = np.random.default_rng(start)
    told = [None if one == 2 else bool(one) for one in rnd.integers(0, 3, 300)]
    array = pa.array(told, pa.bool_()).slice(start)
    nodes = Nodes()
    fact = nodes[nodes.add(Do.FACT, [], "listed", Kind.BOOL, 1, (None, None), None)]
    block = Block(len(array), {"listed": array}, {}, {}, {}, Dictionaries())

    found = block.flagged(fact)

    assert found is not None
    true, known = found
    assert known is not None
    expected = told[start:]
    assert _rows(known, len(array)) == [one is not None for one in expected]
    assert _rows(true & known, len(array)) == [one is True for one in expected]
