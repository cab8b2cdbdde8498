"""Documents are part of the product: links resolve, commands exist, nothing speaks of a machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import typer.main

from subsidy_match.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data_samples").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_make_targets_named_in_the_readme_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named - {"sure"} <= targets


def test_commands_named_in_the_readme_exist():
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, listed in re.findall(r"`subsidy-match (\w+) ([^`]+)`", readme):
        command = group.commands[name]
        for word in re.findall(r"(?:^|· )([a-z]+)", listed):
            assert not isinstance(command, typer.core.TyperGroup) or word in {*command.commands, *group.commands}


def test_decision_records_are_short():
    records = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert records
    assert all(len(record.read_text(encoding="utf-8").splitlines()) <= 40 for record in records)


def test_nothing_names_a_package_index_or_a_machine():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    pattern = re.compile("index-" + r"url|/" + r"work/|/" + r"root/|/home/\w+/")
    texts = (ROOT / name for name in names if name.endswith((".py", ".md", ".toml", ".txt", ".yml", "Makefile", "run")))
    assert [
        str(p) for p in texts if p.is_file() and pattern.search(p.read_text(encoding="utf-8", errors="replace"))
    ] == []
