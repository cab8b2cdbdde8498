from __future__ import annotations

from enum import StrEnum

import pytest

from subsidy_match.claims.registry import covering, merge


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


def test_parts_are_joined_in_their_order():
    assert list(merge({"b": 1}, {"a": 2})) == ["b", "a"]
    assert covering(Fruit, {Fruit.PEAR: 1}, {Fruit.APPLE: 2}) == {Fruit.PEAR: 1, Fruit.APPLE: 2}


@pytest.mark.parametrize(
    "parts",
    [({Fruit.APPLE: 1},), ({Fruit.APPLE: 1, Fruit.PEAR: 2}, {Fruit.PEAR: 3}), ({"apple": 1, "pear": 1, "plum": 1},)],
    ids=["missing", "twice", "stranger"],
)
def test_what_is_missing_said_twice_or_strange_is_found(parts: tuple[dict[Fruit, int], ...]):
    with pytest.raises(ValueError, match="topic"):
        covering(Fruit, *parts)
