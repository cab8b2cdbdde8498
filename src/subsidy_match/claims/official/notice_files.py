"""A public notice as a text to print, as CSV and as XLSX, all from the masked list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import xlsxwriter

from subsidy_match.claims.official.notice_list import ListedClaim, NoticeList
from subsidy_match.claims.payment.treasury import neutral, yuan

__all__ = ["notice_csv", "notice_text", "notice_xlsx"]

_HEADER = ("序号", "办件编号", "企业名称", "统一社会信用代码", "政策", "期间", "标的", "拟兑付金额(元)", "收款账户")
_WIDTHS = (6, 14, 36, 22, 36, 10, 20, 16, 12)
_AMOUNT = 7


def notice_text(listed: NoticeList) -> str:
    """Give the notice as plain text."""
    return "\n".join([*_head(listed), "", *(_paragraph(claim) for claim in listed.claims), "", *_foot(listed), ""])


def notice_csv(listed: NoticeList) -> bytes:
    """Give the list as CSV that a spreadsheet opens: UTF-8 with a mark, no cell that could be a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for claim in listed.claims:
        writer.writerow([neutral(cell) for cell in _cells(claim)])
    writer.writerow(["合计", len(listed.claims), "", "", "", "", "", yuan(listed.total), ""])
    return out.getvalue().encode("utf-8-sig")


def notice_xlsx(listed: NoticeList) -> bytes:
    """Give the list as a workbook: the head of the notice, the list with its total, the contact below."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("公示名单")
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        at = 0
        for line in _head(listed):
            sheet.write_string(at, 0, line, bold)
            at += 1
        sheet.write_row(at, 0, _HEADER, bold)
        for claim in listed.claims:
            at += 1
            for column, cell in enumerate(_cells(claim)):
                sheet.write_string(at, column, cell)
            # A number that a spreadsheet can add up, exact to the 分 up to 15 figures.
            sheet.write_number(at, _AMOUNT, Decimal(claim.amount) / 100, money)
        at += 1
        sheet.write_string(at, 0, "合计", bold)
        sheet.write_number(at, _AMOUNT, Decimal(listed.total) / 100, money)
        for line in _foot(listed):
            at += 1
            sheet.write_string(at, 0, line)
    return out.getvalue()


def _head(listed: NoticeList) -> Iterator[str]:
    yield listed.title
    yield f"公示编号:{listed.number}"
    yield f"公示期:{listed.from_on} 至 {listed.until_on}({listed.state_zh})"


def _foot(listed: NoticeList) -> Iterator[str]:
    yield f"共 {len(listed.claims)} 件,合计 {yuan(listed.total)} 元。"
    contact = listed.contact
    ways = [f"电话 {contact.phone}" if contact.phone else "", f"邮箱 {contact.email}" if contact.email else ""]
    yield f"对公示内容有异议的,请在公示期内向{contact.department}提出:{','.join(way for way in ways if way)}。"


def _paragraph(claim: ListedClaim) -> str:
    subject = f",标的 {claim.subject}" if claim.subject else ""
    account = f",账户 {claim.account}" if claim.account else ""
    return (
        f"{claim.position}. {claim.enterprise_name}({claim.uscc}),{claim.policy_zh}({claim.period}{subject}),"
        f"{yuan(claim.amount)} 元{account},办件编号 {claim.claim_no}"
    )


def _cells(claim: ListedClaim) -> tuple[str, ...]:
    return (
        str(claim.position),
        claim.claim_no,
        claim.enterprise_name,
        claim.uscc,
        claim.policy_zh,
        claim.period,
        claim.subject,
        yuan(claim.amount),
        claim.account,
    )
