"""Review as a workbook: what waits for a person goes out with its candidates, and comes back with decisions.

A line is believed only while it still says what the snapshot says: sheets are sorted by one column, filled down and kept for
weeks. One line that is not believed, and nothing of the file counts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook

from subsidy_match.errors import Finding, InputError, Location, NotFound
from subsidy_match.profiles.decisions import Decisions
from subsidy_match.profiles.layout import cell_name
from subsidy_match.profiles.persons import masked
from subsidy_match.profiles.reading import ReviewItem, Snapshot
from subsidy_match.profiles.review_values import VALUE_SHEET, read_rulings, write_ties
from subsidy_match.profiles.shown_readings import ReadingForms
from subsidy_match.profiles.uscc import normalise_uscc
from subsidy_match.profiles.workbook import Book, workbook

__all__ = ["Answers", "read_answers", "write_questions"]

_SHEET, _OPTIONS = "待核对", "选项"
_ID, _CODE, _NAME = "编号 / id", "代码原文 / code as written", "名称原文 / name as written"
_DECISION = "决定 / decision"
_NONE, _ACCEPT = "都不是 / none of our firms", "认可此代码 / accept this code"
_SHOWN = 3  # candidates in columns; all are in the dropdown
_HEAD = (
    _ID, "部门 / department", _CODE, _NAME, "区县 / district", "原因", "reason", "行数 / rows", "位置 / place",
    *(f"候选{n} / candidate" for n in range(1, _SHOWN + 1)), _DECISION,
)  # fmt: skip
_WIDTHS = (15, 16, 24, 34, 14, 30, 30, 8, 40, *(46 for _ in range(_SHOWN)), 46)
_CHECKS = frozenset({"uscc.check", "uscc.organisation"})
_Answer: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a workbook decides.

    Pairs of review id and firm (``None`` for none of ours), codes accepted as they are, and pairs of review id and the reading
    that holds (``None`` where nobody can say).
    """

    decisions: tuple[_Answer, ...]
    codes: tuple[str, ...]
    rulings: tuple[_Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    at: Location
    id: str
    code: str
    name: str
    decision: str


def write_questions(out: Path, items: Sequence[ReviewItem], forms: ReadingForms) -> None:
    """Write what waits for a person, best candidates first, with an empty column for the decision.

    Raises:
        InputError: the file cannot be written.
    """
    people = [item for item in items if item.kind == "identity"]
    with workbook(out) as book:
        sheet = book.sheet(_SHEET, _WIDTHS)
        book.table(sheet, 0, _HEAD, [_question(item) for item in people])
        sheet.freeze_panes(1, 1)
        _add_options(book, sheet, people)
        write_ties(book, [item for item in items if item.kind == "value"], forms)


def read_answers(path: Path, snapshot: Snapshot, known: Decisions, forms: ReadingForms) -> Answers:
    """Read decisions back; lines without one wait on, and what is decided the same way already is passed over.

    Args:
        path: the workbook.
        snapshot: the snapshot in force.
        known: what is decided already.
        forms: how readings are shown.

    Raises:
        InputError: it is no such workbook, or lines are stale or contradict each other; all of them are reported at once.
    """
    lines = [line for line in _lines(path) if line.decision]
    reader = _Reader(snapshot, known)
    for line in lines:
        reader.take(line)
    waiting = {item.id: item for item in snapshot.reviews() if item.kind == "value"}
    rulings, doubts = read_rulings(_rows(path, VALUE_SHEET), path.name, waiting, known, forms)
    reader.findings += doubts
    if reader.findings:
        first = reader.findings[0]
        raise InputError(first.code, first.zh, first.en, first.at, findings=reader.findings)
    return replace(reader.answers(), rulings=tuple(rulings.items()))


def _question(item: ReviewItem) -> tuple[str | int | None, ...]:
    candidates = [f"{uscc} {name} ({score})" for uscc, name, score in item.candidates[:_SHOWN]]
    padded = [*candidates, *[""] * (_SHOWN - len(candidates))]
    written = masked(item.uscc_given), masked(item.name or "")
    return item.id, item.department, *written, item.district, item.zh, item.en, item.rows, item.place, *padded


def _add_options(book: Book, sheet: Any, items: Sequence[ReviewItem]) -> None:
    """A dropdown a line; its choices stand in a hidden sheet, for a cell can hold few of them."""
    options = book.sheet(_OPTIONS, (46,))
    options.hide()
    column = len(_HEAD) - 1
    for row, item in enumerate(items, start=1):
        choices = [*(f"{uscc} {name}" for uscc, name, _ in item.candidates), _NONE]
        choices += [_ACCEPT] if item.code in _CHECKS else []
        for place, choice in enumerate(choices):
            options.write_string(row, place, choice)
        last = cell_name(row, len(choices) - 1).rstrip("0123456789")
        source = f"='{_OPTIONS}'!$A${row + 1}:${last}${row + 1}"
        # a firm that is no candidate may be written in by its code, so what is not in the list is only warned of
        sheet.data_validation(row, column, row, column, {"validate": "list", "source": source, "error_type": "warning"})


def _lines(path: Path) -> list[_Line]:
    rows = _rows(path, _SHEET)
    head = [_text(cell) for cell in rows[0]] if rows else []
    missing = [name for name in (_ID, _CODE, _NAME, _DECISION) if name not in head]
    if missing:
        zh, en = f"缺少列:{'、'.join(missing)}", f"columns are missing: {', '.join(missing)}"
        raise InputError("profiles.review.columns", zh, en, Location(path.name, cell=_SHEET))
    places = [head.index(name) for name in (_ID, _CODE, _NAME, _DECISION)]
    found = []
    for number, row in enumerate(rows[1:], start=1):
        texts = [_text(row[place]) if place < len(row) else "" for place in places]
        at = Location(path.name, cell=f"{_SHEET}!{cell_name(number, places[-1])}")
        found.append(_Line(at, *texts))
    return found


def _rows(path: Path, name: str) -> list[list[Any]]:
    """The rows of a sheet; that of values may be missing, as in a workbook that somebody cut down to the firms."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        if name == VALUE_SHEET and name not in book.sheet_names:
            return []
        if _SHEET not in book.sheet_names:
            zh, en = f"没有工作表“{_SHEET}”", f"there is no sheet {_SHEET!r}"
            raise InputError("profiles.review.sheet", zh, en, Location(path.name))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        zh, en = f"核对表无法读取:{error}", f"the workbook cannot be read: {error}"
        raise InputError("profiles.review.unreadable", zh, en, Location(str(path))) from error


def _text(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()


class _Reader:
    """Takes one line after the other; a class because answers and findings grow together."""

    def __init__(self, snapshot: Snapshot, known: Decisions) -> None:
        self.findings: list[Finding] = []
        self._snapshot, self._known = snapshot, known
        self._open = {item.id: item for item in snapshot.reviews() if item.kind == "identity"}
        self._said: dict[str, tuple[str, Location]] = {}
        self._decisions: dict[str, str | None] = {}
        self._codes: dict[str, None] = {}

    def answers(self) -> Answers:
        """What was taken in."""
        return Answers(tuple(self._decisions.items()), tuple(self._codes))

    def take(self, line: _Line) -> None:
        """Take in a line, or note why it cannot be believed."""
        try:
            self._believe(line)
        except _Doubt as doubt:
            self.findings.append(Finding(f"profiles.review.{doubt.code}", doubt.zh, doubt.en, line.at, line.decision))

    def _believe(self, line: _Line) -> None:
        said = self._read(line)
        earlier, at = self._said.setdefault(line.id, (said, line.at))
        if earlier != said:
            raise _Doubt("contradiction", f"与 {at.cell} 的决定相矛盾", f"contradicts the decision in {at.cell}")
        item = self._open.get(line.id)
        if item is None:
            self._settled(line, said)
            return
        self._check_identity(line, item.uscc_given, item.name or "")
        if said == _ACCEPT:
            self._accept(item)
        else:
            self._decisions[line.id] = said or None

    def _read(self, line: _Line) -> str:
        """The code of the firm, nothing for none of ours, or that the code is accepted."""
        told = line.decision.casefold()
        if told.startswith(("都不是", "none")):
            return ""
        if told.startswith(("认可此代码", "accept")):
            return _ACCEPT
        code, _, name = line.decision.partition(" ")
        try:
            firm = self._snapshot.enterprise(normalise_uscc(code))
        except NotFound as error:
            raise _Doubt("no_firm", "现行快照中没有这家企业", "the snapshot in force has no such firm") from error
        if name.strip() and name.strip() != _text(firm.name):
            zh, en = f"此代码的企业现名 {firm.name}", f"the firm of this code is now called {firm.name}"
            raise _Doubt("stale", zh, en)
        return firm.uscc

    def _settled(self, line: _Line, said: str) -> None:
        """A line about something that no longer waits: no harm where it says what was decided."""
        decision = self._known.in_force.get(line.id)
        if said == _ACCEPT and normalise_uscc(line.code) in self._known.accepted_codes:
            return
        if decision is None:
            raise _Doubt("stale", "此事项已不在待核对之列", "this no longer waits for anybody")
        if said == _ACCEPT or (decision.firm or "") != said:
            zh, en = f"{decision.by} 已于 {decision.on} 另作决定", f"{decision.by} decided otherwise on {decision.on}"
            raise _Doubt("stale", zh, en)

    def _check_identity(self, line: _Line, code: str, name: str) -> None:
        if (line.code, line.name) != (_text(masked(code)), _text(masked(name))):
            zh, en = "编号与代码、名称不是同一行的内容", "id, code and name are not of one line"
            raise _Doubt("moved", zh, en)

    def _accept(self, item: ReviewItem) -> None:
        if item.code not in _CHECKS:
            zh, en = "只有校验位不符的代码才能认可", "only a code whose check character is wrong can be accepted"
            raise _Doubt("accept", zh, en)
        self._codes[item.uscc_given] = None


class _Doubt(Exception):
    """Why a line is not believed; never leaves this module."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en
