"""One cell of text → one value: money, counts, dates, words. What cannot be read exactly is a problem, never a guess.

Every parser takes the text of a cell that is not empty and returns a value in stored units, or raises
:class:`~subsidy_match.profiles.problems.CellProblem` with the reason in both languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TypeAlias

from subsidy_match.profiles.problems import CellProblem

__all__ = ["FOREVER", "MONEY_UNITS", "RATIO_UNITS", "Parser", "Value", "check_formula", "is_empty", "parse_bool", "parse_date", "parse_number", "parse_word",
           "parse_words", "plain"]  # fmt: skip

Value: TypeAlias = int | str | bool | date | list[str]
Parser: TypeAlias = Callable[[str], Value | None]

MONEY_UNITS: Mapping[str, int] = {  # in 分
    "元": 100, "百元": 10**4, "千元": 10**5, "万元": 10**6, "十万元": 10**7, "百万元": 10**8, "千万元": 10**9, "亿元": 10**10,
    "千": 10**5, "万": 10**6, "百万": 10**8, "千万": 10**9, "亿": 10**10, "圆": 100, "元整": 100,
}  # fmt: skip
RATIO_UNITS: Mapping[str, int] = {"%": 10**4, "‰": 10**3, "1": 10**6}  # in millionths; "1" is for plain fractions
FOREVER = date(9999, 12, 31)

_EMPTY = frozenset({"", "无", "暂无", "空", "null", "none", "nan", "n/a", "未填报"})
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500/\\"
_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"})
_MINUS = str.maketrans("\u2212", "-")
_FOREIGN = re.compile(
    r"美元|港[元币]|欧元|日元|英镑|澳元|加元|新元|韩元|卢布|外币|USD|HKD|EUR|JPY|GBP|\$|€|£", re.IGNORECASE
)
_CURRENCY = re.compile(r"^(?:人民币|RMB|CNY|¥)|(?:人民币|RMB|CNY)$|\(人民币\)", re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d,])")
_BETWEEN_NUMBERS = re.compile(r"(?<=[\d.,])\s+(?=[\d.,])")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\s+(?=\d)")
_LONGEST = 40
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?E[+-]?\d+", re.IGNORECASE)
_UNIT = re.compile(r"^([^\d()]*[\d.,]+)\(?([^\d()]+)\)?$")
_DAY = re.compile(r"(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"([2-7]\d{4})(?:\.0+)?")  # 1954 to 2119 in the spreadsheet's days since 1899-12-30
_YES = frozenset({"是", "√", "y", "yes", "true", "有"})
_NO = frozenset({"否", "×", "x", "n", "no", "false"})
_SEPARATORS = re.compile(r"[、,;/|\s]+")


def plain(text: str) -> str:
    """Half-width text without blanks: the form in which cells are compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def is_empty(text: str) -> bool:
    """Whether a cell says that there is nothing: blank, a dash, a slash, 无. Zero is not empty."""
    word = plain(text).lower()
    return not word.strip(_DASHES) or word in _EMPTY


def check_formula(text: str) -> None:
    """Refuse what a formula left instead of a value.

    Raises:
        CellProblem: the cell shows an error such as ``#REF!``, or holds a formula that nobody has worked out.
    """
    if text.upper() in _ERRORS:
        raise CellProblem("cell.formula_error", "公式出错,没有数值", "the formula failed: there is no value")
    if text.startswith("=") and not text.startswith('="'):
        zh, en = (
            "公式没有计算结果,请用表格软件打开、另存为 xlsx 后再交",
            "a formula without a result: open the workbook and save it as xlsx first",
        )
        raise CellProblem("cell.formula", zh, en)


def parse_number(text: str, scale: int | None, symbols: Mapping[str, int], *, money: bool = False) -> int:
    """Read a number in units of ``scale``; a unit written in the cell itself wins.

    Args:
        text: the cell, such as ``1,234.50``, ``(12.3)``, ``500万人民币`` or ``12人``.
        scale: how many stored units (分, heads, millionths) one unit of the column is; ``None`` where only the cell can say.
        symbols: units that a cell may carry, with their scale.
        money: whether currency words are allowed.
    """
    body = plain(_ungrouped(text)).translate(_MINUS)
    if money and _FOREIGN.search(body):
        raise CellProblem("cell.currency", "外币金额不折算", "an amount in foreign currency is not converted")
    body = _CURRENCY.sub("", body) if money else body
    if body.startswith("(") and body.endswith(")"):
        body = f"-{body[1:-1]}"
    if (unit := _UNIT.match(body)) and unit[2] in symbols:
        body, scale = unit[1], symbols[unit[2]]
    number = _exact(body)
    if scale is None:
        raise CellProblem(
            "cell.no_unit", "没有写明是百分数还是小数", "it is not said whether this is per cent or a fraction"
        )
    return _whole(number * scale, money=money)


def parse_date(text: str) -> date:
    """Read a day in any of the forms that files use, including the spreadsheet's day number."""
    body = unicodedata.normalize("NFKC", text).strip()
    body = body if ":" in body or _BETWEEN_DIGITS.search(body) else plain(body)
    found = _DAY.fullmatch(body) or _DIGITS_DAY.fullmatch(body)
    if found and (day := _day(*(int(part) for part in found.groups()))):
        return day
    if serial := _SERIAL.fullmatch(body):
        return date(1899, 12, 30) + timedelta(days=int(serial[1]))
    raise CellProblem("cell.date", "不是日期", "not a date")


def parse_bool(text: str) -> bool:
    """Read 是 or 否."""
    word = plain(text).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise CellProblem("cell.bool", "不是“是”或“否”", "neither yes nor no")


def parse_word(text: str, codes: Mapping[str, str]) -> str:
    """Read one word of a code list; words may end in ``*``."""
    word = plain(text)
    if word in codes:
        return codes[word]
    for pattern, code in codes.items():
        if "*" in pattern and fnmatchcase(word, pattern):
            return code
    raise CellProblem("cell.word", "代码表中没有此词", "not a word of the code list")


def parse_words(text: str, codes: Mapping[str, str]) -> list[str]:
    """Read several words of a code list, in the order of their codes; one word may stand for several."""
    words = [word for word in _SEPARATORS.split(unicodedata.normalize("NFKC", text).strip()) if word]
    return sorted({code for word in words for code in parse_word(word, codes).split()})


def _ungrouped(text: str) -> str:
    """The text with blanks between groups of three digits taken out; any other blank between digits parts two numbers."""
    body = _GROUPS.sub(lambda found: found[0].replace(" ", ""), unicodedata.normalize("NFKC", text).strip())
    if _BETWEEN_NUMBERS.search(body):
        raise CellProblem("cell.number", "不是一个数值", "not one number")
    return body


def _exact(body: str) -> Fraction:
    if _SCIENTIFIC.fullmatch(body):
        raise CellProblem("cell.scientific", "科学计数法已丢失数位", "scientific notation has lost digits")
    if len(body) > _LONGEST or _NUMBER.fullmatch(body) is None:
        raise CellProblem("cell.number", "不是数值", "not a number")
    return Fraction(body.replace(",", ""))


def _whole(value: Fraction, *, money: bool) -> int:
    if value.denominator == 1:
        return value.numerator
    if money:
        raise CellProblem("cell.precision", "金额不足一分", "the amount has a fraction of a fen")
    raise CellProblem("cell.precision", "不是整数", "not a whole number")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2199 else None
    except ValueError:  # such as 30 February: not a day, like any other text
        return None
