"""The report of an import as a workbook: 汇总, 原因, 隔离, 合并, 识读问题, 提示; the lines of each sheet are as many as the counts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from subsidy_match.profiles.labels import Labels
from subsidy_match.profiles.report import ImportReport
from subsidy_match.profiles.workbook import Book, Cell, workbook

__all__ = ["write_report"]

_PLACE = ("文件 / file", "位置 / place")
_REASON = ("原因", "reason", "原文 / as written")
_INTO = ("并入 / merged into", "统一社会信用代码 / USCC", "企业 / firm")
_NUMBERS = ("rows_in", "accepted", "merged", "quarantined", "ignored", "bad_cells")
_LINES = (
    "文件 / file", "工作表 / sheet", "清单 / list", "部门 / department", "数据日期 / as of", "本次 / new",
    "行数 / rows", "采用 / accepted", "合并 / merged", "隔离 / quarantined", "忽略 / ignored", "识读问题 / cells unread",
)  # fmt: skip


def write_report(out: Path, report: ImportReport, labels: Labels | None = None) -> None:
    """Write the workbook, complete or not at all.

    Args:
        out: the file.
        report: what the import did.
        labels: what officers call lists, departments and facts; codes where nothing is given.

    Raises:
        InputError: the file cannot be written.
    """
    names = labels or Labels()
    with workbook(out) as book:
        _summary(book, report, names)
        _reasons(book, report)
        _detail(book, report, names)
        if report.notes:
            notes = ((str(note.at), note.zh, note.en) for note in report.notes)
            book.listing("提示", (44, 70, 70), ("位置 / place", "说明", "meaning"), notes)


def _summary(book: Book, report: ImportReport, names: Labels) -> None:
    sheet = book.sheet("汇总", (42, 18, 42, 52, 20, 12, 14, 18, 16, 20, 18, 24))
    at = book.table(sheet, 0, ("项目 / item", "数 / number"), _head(report))
    book.table(sheet, at + 1, _LINES, _lines(report, names))


def _reasons(book: Book, report: ImportReport) -> None:
    counted = Counter((found.zh, found.en) for found in report.rejects)
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    lines = ((zh, en, times) for (zh, en), times in order)
    book.listing("原因", (50, 60, 14), ("原因", "reason", "处 / times"), lines)


def _detail(book: Book, report: ImportReport, names: Labels) -> None:
    rows, lists = report.outcomes, {(line.file, line.sheet): line.list_id for line in report.lines}
    set_aside = ((r.file, _at(r.sheet, r.cell), r.zh, r.en, r.value) for r in rows.quarantined)
    book.listing("隔离", (38, 22, 40, 44, 44), (*_PLACE, *_REASON), set_aside)
    merged = ((r.file, _at(r.sheet, r.row), _at(r.sheet, r.into), r.uscc, r.name) for r in rows.merged)
    book.listing("合并", (38, 22, 22, 22, 36), (*_PLACE, *_INTO), merged)
    unread = (
        (r.file, _at(r.sheet, r.cell), names.target(lists.get((r.file, r.sheet), ""), r.target), r.zh, r.en, r.value)
        for r in rows.unread
    )
    book.listing("识读问题", (38, 22, 34, 40, 44, 44), (*_PLACE, "指标 / fact", *_REASON), unread)


def _head(report: ImportReport) -> Iterator[tuple[Cell, ...]]:
    state = "已发布 / published" if report.published else "试运行,未发布 / dry run, not published"
    yield "快照 / snapshot", report.snapshot_id
    yield "状态 / state", "内容未变 / unchanged" if report.unchanged else state
    yield "企业 / firms", report.firms
    yield "待核对身份 / identities to review", report.open_reviews
    yield "不一致数值 / values that differ", report.ties


def _lines(report: ImportReport, names: Labels) -> Iterator[tuple[Cell, ...]]:
    total: Counter[str] = Counter()
    for line in report.lines:
        numbers = {name: getattr(line, name) for name in _NUMBERS}
        total.update(numbers)
        new = "是 / yes" if line.new else ""
        list_name = names.lists.get(line.list_id, line.list_id)
        department = names.departments.get(line.department, line.department)
        yield line.file, line.sheet, list_name, department, line.as_of, new, *numbers.values()
    yield "合计 / total", None, None, None, None, None, *(total[name] for name in _NUMBERS)


def _at(sheet: str, cell: object) -> str:
    return f"{sheet}!{cell}" if sheet else str(cell)
