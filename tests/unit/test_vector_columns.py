"""Columns of the vector engine at the sizes where one value could be taken for a value of all rows."""

from __future__ import annotations

import numpy as np
import pytest

from subsidy_match.matching.vector.codes import CodeLists, Codes, Names


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
