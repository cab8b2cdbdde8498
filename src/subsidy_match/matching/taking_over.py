"""The rows of an earlier run that still hold, file by file: a file of which all do is taken as it is."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from subsidy_match.errors import InputError, Location
from subsidy_match.matching.incremental import Moved
from subsidy_match.matching.results import SCHEMA
from subsidy_match.matching.run_writer import RunWriter
from subsidy_match.matching.runs import Run

__all__ = ["take_over"]

_THREADS = 2
_WORDS = [name for name in SCHEMA.names if pa.types.is_string(SCHEMA.field(name).type)]


def take_over(run: Run, what: Moved, writer: RunWriter, first: int, folders: tuple[str, ...]) -> None:
    """Take over what holds into a run that is being written.

    Args:
        run: the earlier run.
        what: what moved since.
        writer: of the run that is being written.
        first: the number of the first file.
        folders: which kinds of results.

    Raises:
        InputError: a file of the earlier run is damaged.
    """
    files = [(name, path) for name in folders for path in run.files(name)]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="take-over") as pool:
        jobs = [
            pool.submit(_take, what, writer, (name, number, path)) for number, (name, path) in enumerate(files, first)
        ]
        for job in jobs:
            job.result()


def _take(what: Moved, writer: RunWriter, file: tuple[str, int, Path]) -> None:
    name, number, path = file
    try:
        held, count = _held(what, path)
    except (pa.ArrowException, OSError) as error:
        zh, en = f"匹配结果损坏:{error}", f"the results cannot be read: {error}"
        raise InputError("run_broken", zh, en, Location(str(path))) from error
    if held is None:
        writer.take_over(name, number, lambda target: _link(path, target), count)
    else:
        writer.take_over(name, number, held, count)


def _held(what: Moved, path: Path) -> tuple[pa.Table | None, int]:
    """The rows that hold, and how many; no table where all do."""
    with pq.ParquetFile(path, read_dictionary=_WORDS, page_checksum_verification=True) as file:
        if file.schema_arrow.names != SCHEMA.names:
            raise pa.ArrowInvalid(f"columns {file.schema_arrow.names}")
        table = file.read()  # all of it, even where it is linked: damage is told, not taken over
        holds = what.holds(table)
        if pc.all(holds, min_count=0).as_py():
            return None, table.num_rows
        kept = table.filter(holds)
        return kept, kept.num_rows


def _link(path: Path, target: Path) -> None:
    """The same file under two names, so that either run may be deleted; a copy where the disk has no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
