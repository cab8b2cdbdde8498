"""What a format of the treasury file must be able to do."""

from __future__ import annotations

from typing import Protocol

from subsidy_match.claims.payment.treasury import TreasuryFile

__all__ = ["Exporter"]


class Exporter(Protocol):
    """A format; the same batch must always give the same bytes, so that a file sent again is the file sent."""

    @property
    def name(self) -> str:
        """What it is called, which is also the end of the file's name."""

    @property
    def media_type(self) -> str:
        """Its media type."""

    def write(self, file: TreasuryFile) -> bytes:
        """Write the payments of a batch with their control totals."""
