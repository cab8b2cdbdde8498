"""The treasury file as CSV: UTF-8 with a byte-order mark, control lines at both ends."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from subsidy_match.claims.payment.treasury import PAYMENT_HEADER, TreasuryFile, cells, neutral, yuan

__all__ = ["CsvExporter"]


@dataclass(frozen=True, slots=True)
class CsvExporter:
    """CSV."""

    name: str = "csv"
    media_type: str = "text/csv"

    def write(self, file: TreasuryFile) -> bytes:
        """Write a control line, one more for each indicator, a header, the payments, and the control line again."""
        controls, out = file.controls, io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        total = (
            "控制行",
            file.number,
            "笔数",
            str(controls.count),
            "合计金额(元)",
            yuan(controls.total),
            "币种",
            "CNY",
        )
        writer.writerow(total)
        for indicator, amount in controls.by_indicator.items():
            writer.writerow(("指标控制行", neutral(indicator), "合计金额(元)", yuan(amount)))
        writer.writerow(PAYMENT_HEADER)
        for position, payment in enumerate(file.payments, start=1):
            writer.writerow([neutral(cell) for cell in cells(position, payment)])
        writer.writerow(total)
        return out.getvalue().encode("utf-8-sig")
