"""A server process of the API over a store that others serve as well; it may be killed at any moment.

Arguments: the home folder, the URL of the store, the port. The time is what the file ``clock`` in that folder says.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import uvicorn

from subsidy_api.app import create_app
from subsidy_api.logs import LOG_CONFIG
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"


def settings_of(home: Path, url: str) -> Settings:
    return Settings(policies=POLICIES, home=home, database_url=url)


def reading_clock(home: Path) -> Callable[[], datetime]:
    return lambda: datetime.fromisoformat((home / "clock").read_text("ascii"))


def set_clock(home: Path, now: datetime) -> None:
    draft = home / "clock.new"
    draft.write_text(now.isoformat(), "ascii")
    draft.replace(home / "clock")


def start_server(home: Path, url: str, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore", __file__, str(home), url, str(port)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def main(home: str, url: str, port: str) -> None:
    platform = Platform(settings_of(Path(home), url))
    app = create_app(platform, reading_clock(Path(home)))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=LOG_CONFIG, access_log=False, lifespan="off")


if __name__ == "__main__":
    main(*sys.argv[1:])
