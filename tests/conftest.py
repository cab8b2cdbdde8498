"""Makes the shared test kit importable: fixtures of the transactional store, a small world of claims, a small city."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "kit"))

from compiled_once import share_compiled
from in_memory import memory

pytest.register_assert_rewrite("machine")

pytest_plugins = ["small_city", "store_fixtures"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let folders of tests lie in memory where nobody said where; workers get theirs from whoever started them."""
    share_compiled()
    place = memory()
    if place is not None and config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="subsidy-test-", dir=place)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that no worker is left with it at the end; within a folder the order is kept."""
    items.sort(key=lambda item: _LONGEST_FIRST.index(item.path.relative_to(_HERE).parts[0]))


_HERE = Path(__file__).parent
_LONGEST_FIRST = ("property", "integration", "unit")
