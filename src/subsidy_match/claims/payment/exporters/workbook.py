"""The treasury file as a workbook: one sheet of payments, one of control totals; every cell is text, none a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from subsidy_match.claims.payment.treasury import PAYMENT_HEADER, TreasuryFile, cells, neutral, yuan

__all__ = ["XlsxExporter"]

_WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001  # a workbook has no zone; always the same, so that the bytes are
_WIDTHS = (6, 26, 32, 28, 26, 16, 26, 12, 16, 32, 18)


@dataclass(frozen=True, slots=True)
class XlsxExporter:
    """XLSX."""

    name: str = "xlsx"
    media_type: str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def write(self, file: TreasuryFile) -> bytes:
        """Write the sheets 支付明细 and 控制合计."""
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        book.set_properties({"created": _WRITTEN, "author": ""})
        text = book.add_format({"num_format": "@"})
        rows = (cells(position, payment) for position, payment in enumerate(file.payments, start=1))
        _fill(book.add_worksheet("支付明细"), text, (PAYMENT_HEADER, *rows), _WIDTHS)
        _fill(book.add_worksheet("控制合计"), text, _control_rows(file), (16, 36, 20))
        book.close()
        return out.getvalue()


def _control_rows(file: TreasuryFile) -> Iterator[tuple[str, ...]]:
    controls = file.controls
    yield ("项目", "内容", "合计金额(元)")
    yield ("批次号", file.number, "")
    yield ("笔数", str(controls.count), "")
    yield ("合计", "CNY", yuan(controls.total))
    yield from (("指标文号", indicator, yuan(amount)) for indicator, amount in controls.by_indicator.items())


def _fill(sheet: Any, text: Any, rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, neutral(cell), text)
