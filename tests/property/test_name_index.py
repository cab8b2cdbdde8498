"""Names that share too few characters are left out of the comparison, and none that would have been found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from name_variants import invent_city, invent_variants

from subsidy_match.profiles.name_index import NameIndex
from subsidy_match.profiles.names import firm_of_branch, name_core, name_key, similar_names

characters = st.sampled_from("云云璟智能装科A1")
names = st.builds(
    lambda place, mark, form: place + mark + form,
    st.sampled_from(["", "淮安", "江苏省", "(涟水)"]),
    st.text(characters, max_size=6),
    st.sampled_from(["", "有限公司", "股份有限公司", "公司涟水分公司", "商行"]),
)


def both(key: str, known: dict[str, str]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    near = NameIndex.of(known).near(name_core(firm_of_branch(key)))
    assert near.items() <= known.items()
    return similar_names(key, near, limit=10**6), similar_names(key, known, limit=10**6)


@given(names.filter(bool), st.lists(names.filter(bool), max_size=30))
def test_the_index_leaves_nothing_out(key, register):
    narrowed, all_names = both(key, {name: name_core(name) for name in register})
    assert narrowed == all_names


def test_the_index_leaves_out_much_and_nothing_that_counts():
    city = invent_city(1500)
    keys = [name_key(name) for firm in city.firms for name in (firm.name, firm.former) if name]
    known = {key: name_core(key) for key in keys}
    index = NameIndex.of(known)
    written = [name_key(variant.written) for variant in invent_variants(city, 500)]
    kept = 0
    for key in written:
        near = index.near(name_core(firm_of_branch(key)))
        kept += len(near)
        assert similar_names(key, near) == similar_names(key, known)
    assert kept < len(written) * len(known) / 2
