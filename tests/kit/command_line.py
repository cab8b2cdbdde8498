"""The command line beside the API over one small world: what a shell would see, at the time of that world."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine
from api_world import ApiWorld

from subsidy_match.cli import main


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


def run(*words: object) -> Said:
    """Run a command in this process; an error that is not turned into a sentence fails the test."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Office:
    """The commands over the store of an API; the clock is that of the API."""

    api: ApiWorld

    def __call__(self, *words: object, by: str | None = None) -> Said:
        with time_machine.travel(self.api.clock[0], tick=False):
            return run(*words, *(() if by is None else ("--as", by)))

    def done(self, *words: object, by: str | None = None) -> str:
        said = self(*words, by=by)
        assert said.code == 0, said.err
        return said.out

    def refused(self, *words: object, by: str | None = None) -> str:
        """The sentences of a command that cannot be done: exit code 2, both languages, nothing on stdout."""
        said = self(*words, by=by)
        assert (said.code, said.out) == (2, ""), said
        assert any("\u4e00" <= sign <= "\u9fff" for sign in said.err), said.err
        assert any(sign.isascii() and sign.isalpha() for sign in said.err), said.err
        return said.err

    def state(self, claim: int) -> str:
        return str(self("claims", "show", claim, "--json").data["state"])


@pytest.fixture
def office(api: ApiWorld, api_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    settings = api.platform.settings
    for name, value in {"POLICIES": settings.policies, "HOME": settings.home, "DATABASE_URL": settings.url}.items():
        monkeypatch.setenv(f"SUBSIDY_{name}", str(value))
    return Office(api)


__all__ = ["Office", "Said", "office", "run"]
