"""The pages for policy officers are run as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from small_city import City

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(line: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = line.replace("subsidy-match", f"{sys.executable} -m subsidy_match.cli", 1)
    return subprocess.run(command, shell=True, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def follow(page: str, folder: Path, env: dict[str, str]) -> int:
    """Do everything that a page says, in order; every line of a ``text`` block is in what was printed last."""
    output, done = "", 0
    for kind, rest, body in _BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
        match kind:
            case "edit":
                path = folder / rest.strip()
                old, new = body.strip().splitlines()
                text = path.read_text(encoding="utf-8")
                assert old in text
                path.write_text(text.replace(old, new), encoding="utf-8")
            case "sh":
                for line in body.strip().splitlines():
                    if line.startswith("export "):
                        name, value = line.removeprefix("export ").split("=")
                        env[name] = value
                        continue
                    found = run(line, folder, env)
                    output = found.stdout + found.stderr
                    assert (found.returncode != 0) is (rest.strip() == "fails"), f"{line}\n{output}"
                    done += 1
            case "text":
                assert [line for line in body.strip().splitlines() if line not in output] == [], output
    return done


def test_the_first_policy_can_be_written_by_following_the_page(tmp_path: Path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    env = {**os.environ, "SUBSIDY_HOME": str(tmp_path / "var"), "COLUMNS": "200"}
    assert follow("first-policy.md", tmp_path, env) >= 9


def test_a_change_can_be_weighed_by_following_the_page(city: City, tmp_path: Path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / ".demo").symlink_to(city.settings.home, target_is_directory=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("SUBSIDY_")}
    assert follow("before-publishing.md", tmp_path, env) >= 6
    assert (tmp_path / "impact.xlsx").stat().st_size > 0
