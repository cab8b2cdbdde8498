"""Whether Spark can run here; where it cannot, tests that need it say what to install. CI must have it."""

from __future__ import annotations

import os

import pytest

from subsidy_match.errors import InputError
from subsidy_match.matching.spark.session import require_spark

__all__ = ["needs_spark"]


def _missing() -> str:
    try:
        require_spark()
    except InputError as error:
        return f"{error.en} / {error.zh}: {error.hint}"
    return ""


needs_spark = pytest.mark.skipif(bool(_missing()) and not os.environ.get("CI"), reason=_missing() or "Spark is there")
