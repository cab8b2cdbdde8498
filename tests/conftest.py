"""Makes the shared test kit importable: fixtures of the transactional store, a small world of claims, a small city."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "kit"))

pytest.register_assert_rewrite("machine")

pytest_plugins = ["small_city", "store_fixtures"]
