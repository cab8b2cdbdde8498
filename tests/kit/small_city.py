"""A small synthetic city on disk: files generated, imported, policies published, store migrated."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from subsidy_match.profiles.importing import import_files
from subsidy_match.rules.publishing import publish
from subsidy_match.settings import Settings
from subsidy_match.store.migration import upgrade

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policies"
AS_OF = date(2026, 6, 30)
PERSON_KEY = "k" * 32


@dataclass(frozen=True)
class City:
    """Where everything is, and which firm is the demo's."""

    settings: Settings
    samples: Path
    demo_uscc: str

    @property
    def env(self) -> dict[str, str]:
        """Environment for a command that should work on this city."""
        places = {"SUBSIDY_HOME": str(self.settings.home), "SUBSIDY_POLICIES": str(self.settings.policies)}
        return {**places, "SUBSIDY_PERSON_KEY": PERSON_KEY}


def build_city(
    folder: Path, firms: int = 60, policies: Path = SHIPPED, alter: Callable[[Path], None] | None = None
) -> City:
    """Generate, import and publish; ``alter`` changes the generated files before they are read."""
    samples = folder / "samples" / "files"
    command = [sys.executable, str(ROOT / "data_samples" / "generate.py"), "--firms", str(firms), "--out", str(samples)]
    subprocess.run(command, check=True, capture_output=True)
    truth = json.loads((folder / "samples" / "truth.json").read_text(encoding="utf-8"))
    if alter is not None:
        alter(samples)
    settings = Settings(home=folder / "home", policies=policies, person_key=SecretStr(PERSON_KEY))
    upgrade(settings.url)
    publish_once(settings, folder)
    import_files([samples], home=settings.home, policies=settings.policies, person_key=PERSON_KEY)
    return City(settings, samples, truth["demo_uscc"])


def publish_once(settings: Settings, folder: Path) -> None:
    """Publish; the shipped policies are checked once a test run, and every further city gets a copy."""
    if settings.policies != SHIPPED:
        publish(settings.policies, settings.published)
        return
    shared = next((above for above in folder.parents if re.fullmatch(r"pytest-\d+", above.name)), folder) / "published"
    with (shared.parent / "published.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "current").is_file():
            publish(settings.policies, shared)
    shutil.copytree(shared, settings.published)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return build_city(tmp_path_factory.mktemp("city"))


__all__ = ["AS_OF", "ROOT", "City", "build_city", "city", "publish_once"]
