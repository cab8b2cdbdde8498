"""One firm, one answer: the API and the command line agree, also while an import and a match run at the same time."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from small_city import ROOT, City, build_city

from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role, add_user

TOKEN = "a-token-for-tests-only"


def command(city: City, *words: str) -> subprocess.Popen[bytes]:
    whole = [sys.executable, "-m", "subsidy_match.cli", *words]
    return subprocess.Popen(whole, env=city.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def own_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = build_city(tmp_path_factory.mktemp("answer"), firms=80)
    engine = open_engine(city.settings.url)
    in_unit(
        engine,
        lambda s: add_user(s, login="firm", name="测试", roles=[Role.APPLICANT], firms=[city.demo_uscc], token=TOKEN),
    )
    engine.dispose()
    return city


@pytest.fixture(scope="module")
def api(own_city: City) -> Iterator[httpx2.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = command(own_city, "serve", "--port", str(port))
    client = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
    )
    for _ in range(100):
        try:
            client.get("/healthz")
            break
        except httpx2.TransportError:
            time.sleep(0.1)
    yield client
    client.close()
    server.terminate()
    server.communicate(timeout=20)


def ask(api: httpx2.Client, city: City) -> httpx2.Response:
    return api.post("/v1/eligibility", json={"uscc": city.demo_uscc, "as_of": "2026-06-30"})


def plain(report: dict[str, Any]) -> dict[str, Any]:
    return {**report, "snapshot": None}


def test_the_command_line_and_the_api_give_the_same_reasons(api: httpx2.Client, own_city: City):
    words = ("match", "--uscc", own_city.demo_uscc, "--as-of", "2026-06-30", "--explain", "--json")
    printed, _ = command(own_city, *words).communicate(timeout=60)
    answered = ask(api, own_city)
    assert answered.status_code == 200
    assert answered.json() == json.loads(printed)
    assert len(answered.json()["matches"]) >= 10


def test_the_command_line_and_the_api_give_the_same_pages(api: httpx2.Client, own_city: City):
    path, params = f"/v1/enterprises/{own_city.demo_uscc}/overview", {"as_of": "2026-06-30", "limit": "4"}
    words = ["match", "--uscc", own_city.demo_uscc, "--as-of", "2026-06-30", "--limit", "4", "--json"]
    for _ in range(2):
        printed, _ = command(own_city, *words).communicate(timeout=60)
        answered = api.get(path, params=params)
        assert answered.status_code == 200
        assert answered.json() == json.loads(printed)
        assert len(answered.json()["matches"]) == 4
        params["cursor"] = answered.json()["next"]
        words += ["--cursor", params["cursor"]]


def test_the_api_serves_one_whole_snapshot_while_an_import_and_a_match_run(
    api: httpx2.Client, own_city: City, tmp_path: Path
):
    extra = tmp_path / "信用_处罚与失信名单_20260615.csv"
    shutil.copy(own_city.samples / "信用_处罚与失信名单_20260531.csv", extra)
    before = ask(api, own_city).json()
    answers: list[tuple[int, str]] = []
    stop = threading.Event()

    def hammer() -> None:
        while not stop.is_set() and len(answers) < 5000:
            answer = ask(api, own_city)
            answers.append((answer.status_code, answer.json().get("snapshot", "")))

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    jobs = [
        command(own_city, "match", "--all", "--as-of", "2026-06-30", "--out", str(tmp_path / "run")),
        command(own_city, "profiles", "import", str(extra)),
    ]
    said = [job.communicate(timeout=120) for job in jobs]
    answers.append((200, ask(api, own_city).json()["snapshot"]))  # by whoever is in force now
    stop.set()
    for thread in threads:
        thread.join()
    assert [job.returncode in (0, 1) for job in jobs] == [True, True], said
    assert {status for status, _ in answers} == {200}
    after = ask(api, own_city).json()
    assert after["snapshot"] != before["snapshot"]
    assert {snapshot for _, snapshot in answers} == {before["snapshot"], after["snapshot"]}
    assert [m["policy_id"] for m in plain(after)["matches"]] == [m["policy_id"] for m in plain(before)["matches"]]
