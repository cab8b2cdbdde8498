"""Reading a CSV by columns gives the rows that Python's reader gives, whatever is in it and wherever it is cut."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from subsidy_match.profiles.csv_chunks import Chunk, read_chunks

LARGEST = 40
plain = st.text(alphabet='a1 ,;-"\n\r公司（\u3000𠮷\ufeff', max_size=5)
cells = st.one_of(
    st.sampled_from(["", "12.50", "公司", '"a,b"', '"say ""so"""', '"two\nlines"', '"two\r\nlines"', 'a"b', '""']),
    plain.filter(lambda text: "," not in text),
)
rows = st.lists(cells, min_size=1, max_size=4).map(",".join)
even = st.lists(
    st.sampled_from(["1", "", "公司", "\ufeff", "\ufeff1", '"a,b"', '"x\ny"', '"""q"""']), min_size=3, max_size=3
).map(",".join)
ends = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n"])
texts = st.one_of(
    st.lists(st.tuples(st.one_of(even, even, even, rows), ends).map("".join), max_size=12).map("".join),
    st.lists(st.tuples(even, st.sampled_from(["\n", "\r\n"])).map("".join), max_size=12).map("".join),
    plain,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])


class Broken(Exception):
    """What the reader raises for broken CSV: the error and the line."""


def refuse(error: csv.Error | None, line: int) -> Exception:
    return Broken(str(error), line)


def as_before(path: Path, encoding: str) -> Iterator[list[str]]:
    csv.field_size_limit(LARGEST)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise Broken(str(error), reader.line_num) from error


def as_rows(chunks: Iterator[Chunk]) -> Iterator[list[str]]:
    """All rows in order, which also checks that each number is there once."""
    expected = 0
    for chunk in chunks:
        columns = [column.to_pylist() for column in chunk.columns]
        of_columns = zip(chunk.numbers.tolist(), map(list, zip(*columns, strict=True)), strict=True)
        for number, row in sorted([*of_columns, *chunk.odd]):
            assert number == expected
            expected += 1
            yield row


def read(rows: Iterator[list[str]]) -> tuple[list[list[str]], tuple[object, ...]]:
    found, problem = [], ()
    try:
        found.extend(rows)
    except Broken as broken:
        problem = broken.args
    return found, problem


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=texts, encoding=encodings, size=st.integers(1, 60))
@example(text='1,2,3\r\n"a\r\nb",,"x"\r\n1,2,3', encoding="gb18030", size=7)
@example(text="a,b\n\ufeff1,2\n\ufeff,\n", encoding="gb18030", size=4)
@example(text='a,b\n1,"x"y\n', encoding="utf-8", size=5)
@example(text='a,b\r1,2\r3,"4\r', encoding="utf-8", size=3)
@example(text=f"a,b\n1,{'长' * 41}\n2,3\n", encoding="utf-8", size=9)
def test_reading_by_columns_is_reading_by_rows(text, encoding, size):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(text.encode(encoding))
        before, problem = read(as_before(path, encoding))
        now, problem_now = read(as_rows(read_chunks(path, encoding, ",", refuse, largest_cell=LARGEST, size=size)))
    assert problem_now == problem
    assert before == now if not problem else before[: len(now)] == now


def test_only_the_odd_rows_of_a_regular_file_are_read_one_by_one(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('题名\n单位:万元\na,b,c\n1,"2,5",3\n\n1,2,3,4\n5,,6\n', encoding="gb18030")
    (chunk,) = read_chunks(path, "gb18030", ",", refuse, largest_cell=LARGEST)
    assert chunk.numbers.tolist() == [2, 3, 6]
    assert chunk.columns[1].to_pylist() == ["b", "2,5", ""]
    assert chunk.odd == ((0, ["题名"]), (1, ["单位:万元"]), (4, []), (5, ["1", "2", "3", "4"]))
