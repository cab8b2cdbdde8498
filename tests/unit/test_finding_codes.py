"""A code of ``doctor`` means one thing: no two modules use the same, and none stands for two functions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "subsidy_match"


def codes() -> dict[str, set[str]]:
    """Where each code of a finding that is written out is made: module and function."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in ("claims", "cli", "store"):
        for path in (SOURCES / folder).rglob("*.py"):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef):
                    for code in _made_in(function):
                        found[code].add(f"{path.relative_to(SOURCES)}:{function.name}")
    return found


def _made_in(function: ast.FunctionDef) -> set[str]:
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and node.args)
    named = (c.args[0] for c in calls if isinstance(c.func, ast.Name) and c.func.id in ("Finding", "_finding"))
    return {a.value for a in named if isinstance(a, ast.Constant) and isinstance(a.value, str)}


def test_every_code_of_a_finding_belongs_to_one_function():
    found = codes()
    assert {"F001", "F010", "A001", "D001"} <= set(found)
    assert {code: places for code, places in found.items() if len(places) > 1} == {}


def test_every_numbered_code_of_a_finding_is_explained_on_a_page():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    explained = set(re.findall(r"\b[A-Z][0-9]{3}\b", pages))
    assert {code for code in codes() if re.fullmatch(r"[A-Z][0-9]{3}", code)} - explained == set()
