"""The formats of the treasury file. Another format is one module with an ``Exporter``, and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from subsidy_match.claims.payment.exporters.base import Exporter
from subsidy_match.claims.payment.exporters.text import CsvExporter
from subsidy_match.claims.payment.exporters.workbook import XlsxExporter
from subsidy_match.errors import InputError

__all__ = ["DEFAULT_FORMAT", "EXPORTERS", "Exporter", "exporter"]

EXPORTERS: Mapping[str, Exporter] = {known.name: known for known in (CsvExporter(), XlsxExporter())}
DEFAULT_FORMAT = "csv"


def exporter(name: str) -> Exporter:
    """Find a format.

    Raises:
        InputError: ``format_unknown``.
    """
    found = EXPORTERS.get(name)
    if found is None:
        zh, en = f"没有这种文件格式:{name}", f"no such file format: {name}"
        raise InputError("format_unknown", zh, en, hint=", ".join(EXPORTERS))
    return found
