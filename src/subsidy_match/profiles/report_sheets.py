"""The report of an import as a workbook: 汇总, 隔离, 合并, 识读问题; the lines of each sheet are as many as the counts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from subsidy_match.profiles.report import ImportReport
from subsidy_match.profiles.workbook import Book, Cell, workbook

__all__ = ["write_report"]

_PLACE = ("文件 / file", "位置 / place")
_REASON = ("原因", "reason", "原文 / as written")
_NUMBERS = ("rows_in", "accepted", "merged", "quarantined", "ignored", "bad_cells")
_LINES = (
    "文件 / file", "工作表 / sheet", "清单 / list", "部门 / department", "数据日期 / as of", "本次 / new",
    "行数 / rows", "采用 / accepted", "合并 / merged", "隔离 / quarantined", "忽略 / ignored", "识读问题 / cells unread",
)  # fmt: skip


def write_report(out: Path, report: ImportReport) -> None:
    """Write the workbook, complete or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    with workbook(out) as book:
        _summary(book, report)
        rows = report.outcomes
        sheet = book.sheet("隔离", (34, 22, 40, 44, 44))
        book.table(
            sheet,
            0,
            (*_PLACE, *_REASON),
            ((r.file, _at(r.sheet, r.cell), r.zh, r.en, r.value) for r in rows.quarantined),
        )
        sheet.freeze_panes(1, 0)
        sheet = book.sheet("合并", (34, 22, 22, 22, 36))
        head = (*_PLACE, "并入 / merged into", "统一社会信用代码 / USCC", "企业 / firm")
        merged = ((r.file, _at(r.sheet, r.row), _at(r.sheet, r.into), r.uscc, r.name) for r in rows.merged)
        book.table(sheet, 0, head, merged)
        sheet.freeze_panes(1, 0)
        sheet = book.sheet("识读问题", (34, 22, 24, 40, 44, 44))
        unread = ((r.file, _at(r.sheet, r.cell), r.target, r.zh, r.en, r.value) for r in rows.unread)
        book.table(sheet, 0, (*_PLACE, "指标 / fact", *_REASON), unread)
        sheet.freeze_panes(1, 0)


def _summary(book: Book, report: ImportReport) -> None:
    sheet = book.sheet("汇总", (44, 18, 22, 20, 14, 10, 12, 12, 12, 14, 12, 16))
    at = book.table(sheet, 0, ("项目 / item", "数 / number"), _head(report))
    at = book.table(sheet, at + 1, _LINES, _lines(report))
    at = book.table(sheet, at + 1, ("原因", "处 / times", "reason"), _reasons(report))
    if report.notes:
        notes = ((str(note.at), None, note.zh, note.en) for note in report.notes)
        book.table(sheet, at + 1, ("提示 / note", "", "说明", "meaning"), notes)


def _head(report: ImportReport) -> Iterator[tuple[Cell, ...]]:
    state = "已发布 / published" if report.published else "试运行,未发布 / dry run, not published"
    yield "快照 / snapshot", report.snapshot_id
    yield "状态 / state", "内容未变 / unchanged" if report.unchanged else state
    yield "企业 / firms", report.firms
    yield "待核对身份 / identities to review", report.open_reviews
    yield "不一致数值 / values that differ", report.ties


def _lines(report: ImportReport) -> Iterator[tuple[Cell, ...]]:
    total: Counter[str] = Counter()
    for line in report.lines:
        numbers = {name: getattr(line, name) for name in _NUMBERS}
        total.update(numbers)
        new = "是 / yes" if line.new else ""
        yield line.file, line.sheet, line.list_id, line.department, line.as_of, new, *numbers.values()
    yield "合计 / total", None, None, None, None, None, *(total[name] for name in _NUMBERS)


def _reasons(report: ImportReport) -> list[tuple[Cell, ...]]:
    counted = Counter((found.zh, found.en) for found in report.rejects)
    return [(zh, times, en) for (zh, en), times in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _at(sheet: str, cell: object) -> str:
    return f"{sheet}!{cell}" if sheet else str(cell)
