"""Records of a sheet that is read by columns: plain rows are told in bulk, the others by the rules for single rows.

A row is plain where its first cell and its name hold nothing that could make it a total, a note or a header. What is not
surely plain is judged by :func:`~subsidy_match.profiles.rows.no_record`, so that both ways give the same records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.csv_chunks import Chunk
from subsidy_match.profiles.layout import Bound, Layout
from subsidy_match.profiles.readers import Row, Sheet
from subsidy_match.profiles.rows import Block, no_record, read_blocks

__all__ = ["read_records"]

# ASCII without the colon of notes, Chinese without the 计 of totals, and the brackets of names. NFKC makes none of the former.
_LETTERS = r"!-9;-~\x{4e00}-\x{8ba0}\x{8ba2}-\x{9fff}（）"
_PLAIN = rf"^[{_LETTERS}][ {_LETTERS}]*$"
_PLAIN_WITH_JI = rf"^[{_LETTERS}计][ {_LETTERS}计]*$"
_LIKE_A_TOTAL = r"^(?:本 *页|全 *部)? *[合总小共累] *计"


def read_records(sheet: Sheet, layout: Layout) -> Iterator[Block]:
    """Read the rows below the header as :func:`~subsidy_match.profiles.rows.read_blocks` does, by columns where the sheet can."""
    chunks = sheet.chunks()
    if chunks is None:
        yield from read_blocks(sheet, layout)
        return
    empty = True
    for block in (_block(chunk, layout) for chunk in chunks):
        if block.seen:
            empty = False
            yield block
    if empty:
        yield Block(columns={bound.index: pa.array([], pa.string()) for bound in layout.bound})


def _block(chunk: Chunk, layout: Layout) -> Block:
    below = int(np.searchsorted(chunk.numbers, layout.first_row))
    numbers, columns = chunk.numbers[below:], [column[below:] for column in chunk.columns]
    single = np.flatnonzero(~_plain(columns, layout, len(numbers)))
    rows: list[tuple[int, Row]] = [(number, row) for number, row in chunk.odd if number >= layout.first_row]
    rows += zip(numbers[single].tolist(), _row_texts(columns, single), strict=True)
    return _merged(np.delete(numbers, single), _bound(columns, layout, single), sorted(rows), layout)


def _merged(
    numbers: npt.NDArray[np.int64], columns: dict[int, pa.StringArray], rows: Iterable[tuple[int, Row]], layout: Layout
) -> Block:
    """Plain rows and the records among the others in one block, in the order of the sheet."""
    judged = [(number, row, no_record(row, layout)) for number, row in rows if any(text.strip() for text in row)]
    records = [(number, row) for number, row, reason in judged if reason is None]
    every = np.concatenate([numbers, np.array([number for number, _ in records], np.int64)])
    order = np.argsort(every)
    found = {
        index: _in_order(column, [_cell(row, index) for _, row in records], order) for index, column in columns.items()
    }
    width = max(layout.headers) + 1
    wide = [number for number, row in records if any(text.strip() for text in row[width:])]
    return Block(
        every[order].tolist(),
        found,
        ignored=[(number, reason) for number, _, reason in judged if reason is not None],
        ragged=set(np.searchsorted(every[order], wide).tolist()),
        seen=len(numbers) + len(judged),
    )


def _in_order(column: pa.StringArray, more: Sequence[str], order: npt.NDArray[np.int64]) -> pa.StringArray:
    return pa.concat_arrays([column, pa.array(more, pa.string())]).take(pa.array(order)) if more else column


def _bound(
    columns: Sequence[pa.StringArray], layout: Layout, without: npt.NDArray[np.int64]
) -> dict[int, pa.StringArray]:
    count = len(columns[0]) if columns else 0
    keep = pa.array(np.delete(np.arange(count), without))
    blank = pa.array([""] * len(keep), pa.string())
    return {
        bound.index: _taken(columns[bound.index], keep, count) if bound.index < len(columns) else blank
        for bound in layout.bound
    }


def _taken(column: pa.StringArray, keep: pa.Int64Array, count: int) -> pa.StringArray:
    return column.take(keep) if len(keep) < count else column


def _row_texts(columns: Sequence[pa.StringArray], rows: npt.NDArray[np.int64]) -> list[tuple[str, ...]]:
    return list(zip(*(column.take(pa.array(rows)).to_pylist() for column in columns), strict=True))


def _cell(row: Row, index: int) -> str:
    return row[index] if index < len(row) else ""


def _plain(columns: Sequence[pa.StringArray], layout: Layout, count: int) -> npt.NDArray[np.bool_]:
    """Which rows are records without a doubt."""
    name = layout.role("name")
    if not columns or (name is not None and name.index >= len(columns)):
        return np.zeros(count, bool)
    plain_rows = _harmless(columns[0])
    if name is not None and name.index:
        plain_rows = pc.and_(plain_rows, pc.or_(_harmless(columns[name.index]), pc.equal(columns[name.index], "")))
    checks = [pc.equal(column, "") for column in columns[max(layout.headers) + 1 :]]
    checks += [_ours(columns[bound.index], bound) for bound in layout.values if bound.index < len(columns)]
    checks.append(_no_header(columns, layout))
    for check in checks:
        plain_rows = pc.and_(plain_rows, check)
    return np.asarray(plain_rows.to_numpy(zero_copy_only=False), bool)


def _harmless(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether a text is not blank and can be neither a total nor a note."""
    with_ji = pc.and_(
        pc.match_substring_regex(texts, _PLAIN_WITH_JI), pc.invert(pc.match_substring_regex(texts, _LIKE_A_TOTAL))
    )
    return pc.or_(pc.match_substring_regex(texts, _PLAIN), with_ji)


def _no_header(columns: Sequence[pa.StringArray], layout: Layout) -> pa.BooleanArray:
    """Whether a row surely does not repeat the header: the cell of one column does not begin as its header does."""
    bound = next((b for b in layout.bound if b.index == 0), layout.role("name"))
    if bound is None or bound.index >= len(columns):
        return pa.repeat(pa.scalar(False), len(columns[0]))
    begin = re.escape(plain(layout.headers[bound.index]).split("/")[-1][:1])
    texts = columns[bound.index]
    return pc.invert(pc.match_substring_regex(texts, f"^ *(?:{begin}|[（）])")) if begin else pc.not_equal(texts, "")


def _ours(texts: pa.StringArray, bound: Bound) -> pa.BooleanArray:
    ignored = bound.column.ignore_rows
    if not ignored:
        return pa.repeat(pa.scalar(True), len(texts))
    encoded = texts.dictionary_encode()
    ours = [plain(text) not in ignored for text in encoded.dictionary.to_pylist()]
    return pa.array(ours, pa.bool_()).take(encoded.indices)
