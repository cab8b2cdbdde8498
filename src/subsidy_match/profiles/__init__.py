"""What we know of an enterprise: department files become documents in DuckDB, every value with its source."""

from __future__ import annotations

from subsidy_match.profiles.importing import decide, import_files
from subsidy_match.profiles.reading import Alternative, District, ReviewItem, Snapshot, open_snapshot
from subsidy_match.profiles.report import FileLine, ImportReport

__all__ = [
    "Alternative",
    "District",
    "FileLine",
    "ImportReport",
    "ReviewItem",
    "Snapshot",
    "decide",
    "import_files",
    "open_snapshot",
]
