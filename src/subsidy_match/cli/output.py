"""Printing: data to stdout, everything else to stderr; bars only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from subsidy_match.errors import Finding, SubsidyError

__all__ = ["bar", "first", "note", "print_error", "print_findings", "print_json", "print_table", "print_text"]

Item = TypeVar("Item")
_ERR = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)  # x.yml:100:5 is a place


def print_json(content: Any) -> None:
    """Print data as JSON."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def print_text(text: str = "") -> None:
    """Print a line of data."""
    sys.stdout.write(text + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Print a table; columns whose index is in ``right`` are aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 160
    Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=width).print(table)


def note(text: str) -> None:
    """Tell the person at the terminal something that is not data."""
    _ERR.print(text, markup=False)


def first(found: Sequence[Item], limit: int) -> Sequence[Item]:
    """The first ``limit`` of a list that was asked for with one more, by which it is known, and told, that more are there."""
    if len(found) > limit:
        note(f"只列出前{limit}条,其后还有:--limit / only the first {limit}; there are more: --limit")
    return found[:limit]


def print_findings(findings: Sequence[Finding], form: str = "human") -> None:
    """Print findings for people, as JSON, or as annotations of a code host."""
    match form:
        case "json":
            print_json([finding.to_dict() for finding in findings])
        case "github":
            for f in findings:
                place = f"file={f.at.path},line={f.at.line or 1},col={f.at.column or 1}" if f.at else ""
                print_text(f"::{f.severity} {place},title={f.code}::{f.en} {f.zh}")
        case _:
            for finding in findings:
                print_text(str(finding))


def print_error(error: SubsidyError) -> None:
    """Say on stderr why a command could not do what was asked."""
    for finding in error.findings or (error.as_finding(),):
        note(str(finding))


class _Rate(ProgressColumn):
    """How much is done a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; where there is none, nothing."""
    if not _ERR.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_ERR, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
