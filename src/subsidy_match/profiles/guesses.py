"""What a header that nobody knows may mean: the nearest known ones, for a person to choose from and never taken by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from rapidfuzz import fuzz, process

from subsidy_match.profiles.headers import HEAD_ROWS, find_headers, normal, patterns_of
from subsidy_match.profiles.layout import Layout
from subsidy_match.profiles.mapping import ListSpec
from subsidy_match.profiles.readers import Sheet

__all__ = ["guess_headers", "nearest", "nearest_columns"]

_FLOOR = 40


def guess_headers(sheet: Sheet, specs: Sequence[ListSpec]) -> tuple[str, list[tuple[str, str | None]]] | None:
    """For a sheet that no list fits: the list that comes nearest, and its required headers with the nearest header found."""
    best: tuple[int, ListSpec, Mapping[int, str]] | None = None
    for _, headers in find_headers(list(islice(sheet.rows(), HEAD_ROWS)), sheet.merged):
        for spec in specs:
            known = sum(_is_known(header, spec) for header in headers.values())
            if known and (best is None or known > best[0]):
                best = (known, spec, headers)
    if best is None:
        return None
    _, spec, headers = best
    missing = [column.header for column in spec.columns if column.required and not _is_there(column.header, headers)]
    return spec.id, [(names[0], next(iter(nearest(names[0], headers.values())), None)) for names in missing]


def nearest_columns(header: str, layout: Layout) -> list[str]:
    """The columns of a list that are still free and that an unknown header of it is most like, best first."""
    taken = {id(bound.column) for bound in layout.bound}
    return nearest(header, (name for c in layout.spec.columns if id(c) not in taken for name in c.header))


def nearest(wanted: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The texts that are most like one, best first; none where nothing is like it."""
    found = process.extract(
        wanted, sorted(set(known)), scorer=fuzz.ratio, processor=normal, score_cutoff=_FLOOR, limit=limit
    )
    return [text for text, _, _ in found]


def _is_known(header: str, spec: ListSpec) -> bool:
    return any(patterns_of(column.header).match(header)[0] for column in spec.columns)


def _is_there(names: tuple[str, ...], headers: Mapping[int, str]) -> bool:
    return any(patterns_of(names).match(header)[0] for header in headers.values())
