"""The outbox reaches a folder and a web address: at least once, whoever dies on the way, and nothing is dropped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine

from subsidy_match.errors import InputError, NotFound
from subsidy_match.settings import Settings
from subsidy_match.store import outbox
from subsidy_match.store.channels import FolderChannel, WebhookChannel, body_of, channel_to, signature
from subsidy_match.store.delivery import LEASE, PUT_OFF, deliver
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade
from subsidy_match.store.retention import Keep, trim
from subsidy_match.store.unit import in_unit

AT = datetime(2026, 6, 1, 1, tzinfo=UTC)
SECRET = "an example of a secret"
MINUTE = timedelta(minutes=1)


@dataclass
class Receiver:
    """A web address that keeps what it was sent; ``answer`` gives the status for each body."""

    answer: Callable[[dict], int] = lambda _: 204
    url: str = ""
    got: list[dict] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [body["key"] for body in self.got]

    def take(self, body: bytes, headers) -> int:
        wanted = signature(SECRET, headers["X-Subsidy-Timestamp"], body)
        self.signed.append(headers["X-Subsidy-Signature"] == wanted)
        self.got.append(json.loads(body))
        return self.answer(self.got[-1])


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = receiver.take(self.rfile.read(int(self.headers["Content-Length"])), self.headers)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/messages?from=us"
        yield receiver
        server.shutdown()
        thread.join()


def leave(engine: Engine, *keys: str, topic: str = "escalation") -> None:
    in_unit(engine, lambda s: [outbox.put(s, topic, key, {"zh": f"超期 {key}"}, at=AT) for key in keys])


def to(engine: Engine, receiver: Receiver, at: datetime = AT, **how):
    return deliver(engine, WebhookChannel(receiver.url, SECRET), lambda: at, **how)


def waiting(engine: Engine) -> list[str]:
    return [message.key for message in in_unit(engine, outbox.pending, immediate=False)]


def test_a_folder_gets_a_file_for_each_message_and_then_nothing_more(engine: Engine, tmp_path: Path):
    leave(engine, "a", "b")
    folder, seen = tmp_path / "out" / "messages", []
    report = deliver(engine, FolderChannel(folder), lambda: AT, progress=lambda *at: seen.append(at))
    assert (report.sent, report.failed, seen) == (2, 0, [(1, 2), (2, 2)])
    bodies = [json.loads(path.read_bytes()) for path in sorted(folder.iterdir())]
    assert [(body["key"], body["topic"], body["payload"]["zh"]) for body in bodies] == [
        ("a", "escalation", "超期 a"),
        ("b", "escalation", "超期 b"),
    ]
    assert deliver(engine, FolderChannel(folder), lambda: AT).sent == 0
    assert in_unit(engine, lambda s: trim(s, Keep(), at=AT + timedelta(days=91))).messages == 2


def test_an_address_gets_signed_messages_of_the_topic(engine: Engine):
    leave(engine, "a")
    leave(engine, "c", topic="claim")
    with receiving(Receiver()) as receiver:
        assert to(engine, receiver, topic="escalation").sent == 1
    assert (receiver.keys, receiver.signed) == (["a"], [True])
    assert waiting(engine) == ["c"]


def test_what_is_refused_waits_longer_each_time_is_given_up_and_can_be_revived(engine: Engine):
    leave(engine, "bad", "good")
    with receiving(Receiver(lambda body: 422 if body["key"] == "bad" else 200)) as receiver:
        report = to(engine, receiver, pauses=[MINUTE, MINUTE * 5])
        assert (report.sent, report.failed, report.is_down) == (1, 1, False)
        assert to(engine, receiver, AT + MINUTE / 2, pauses=[MINUTE, MINUTE * 5]).failed == 0
        assert to(engine, receiver, AT + MINUTE, pauses=[MINUTE, MINUTE * 5]).failed == 1
        assert to(engine, receiver, AT + MINUTE * 5, pauses=[MINUTE, MINUTE * 5]).failed == 0
        assert to(engine, receiver, AT + MINUTE * 6, pauses=[MINUTE, MINUTE * 5]).dead == 1
        assert to(engine, receiver, AT + timedelta(days=9), pauses=[MINUTE]).failed == 0
        assert waiting(engine) == []
        (lost,) = in_unit(engine, outbox.dead, immediate=False)
        assert (lost.key, lost.attempts, lost.last_error) == ("bad", 3, "HTTP 422")
        assert in_unit(engine, lambda s: trim(s, Keep(1, 1, 1), at=AT + timedelta(days=9))).messages == 1
        with pytest.raises(NotFound, match="message_unknown"):
            in_unit(engine, lambda s: outbox.revive(s, [lost.id, 99]))
        receiver.answer = lambda _: 200
        assert in_unit(engine, lambda s: outbox.revive(s, [lost.id])) == 1
        assert to(engine, receiver, AT + timedelta(days=9)).sent == 1


@pytest.mark.parametrize("status", [500, 429, 302])
def test_an_outage_costs_no_message_a_try_however_long_it_lasts(engine: Engine, status: int):
    leave(engine, "a", "b", "c")
    with receiving(Receiver(lambda _: status)) as receiver:
        report = to(engine, receiver, pauses=[MINUTE])
        assert (report.sent, report.failed, report.is_down, receiver.keys) == (0, 2, True, ["a", "b"])
        for hour in range(1, 5):
            assert to(engine, receiver, AT + timedelta(hours=hour), pauses=[MINUTE]).dead == 0
        tried = in_unit(engine, outbox.pending, immediate=False)
        assert [(one.attempts, one.last_error) for one in tried[:2]] == [(0, f"HTTP {status}")] * 2
        receiver.answer = lambda _: 200
        assert to(engine, receiver, AT + timedelta(hours=5)).sent == 3


def test_a_message_that_fails_while_others_get_through_loses_its_tries(engine: Engine):
    leave(engine, "bad", "good")
    with receiving(Receiver(lambda body: 500 if body["key"] == "bad" else 200)) as receiver:
        report = to(engine, receiver, pauses=[MINUTE])
        assert (report.sent, report.failed, report.is_down) == (1, 1, False)
        assert to(engine, receiver, AT + MINUTE, pauses=[MINUTE]).is_down  # alone it cannot be told from an outage
        leave(engine, "next")
        assert to(engine, receiver, AT + MINUTE + PUT_OFF, pauses=[MINUTE]).dead == 1
    assert [one.attempts for one in in_unit(engine, outbox.dead, immediate=False)] == [2]


def test_a_closed_port_and_a_folder_that_is_a_file_are_down(engine: Engine, tmp_path: Path):
    leave(engine, "a")
    with receiving(Receiver()) as receiver:
        pass
    assert to(engine, receiver).is_down
    (tmp_path / "file").write_text("x")
    assert deliver(engine, FolderChannel(tmp_path / "file"), lambda: AT + PUT_OFF).is_down


def test_what_one_sender_holds_another_does_not_send(engine: Engine, tmp_path: Path):
    leave(engine, "a")
    (held,) = in_unit(engine, lambda s: outbox.take(s, at=AT, until=AT + LEASE))
    assert deliver(engine, FolderChannel(tmp_path / "o"), lambda: AT + LEASE / 2).sent == 0
    assert deliver(engine, FolderChannel(tmp_path / "o"), lambda: AT + LEASE).sent == 1
    assert (tmp_path / "o" / f"{held.id:012d}.json").read_bytes() == body_of(held)


@pytest.mark.parametrize(
    ("target", "secret", "code"),
    [("", SECRET, "unset"), ("https://x.example/", "short", "secret"), ("ftp://x/", SECRET, "target")],
)
def test_a_target_that_cannot_be_is_refused(target: str, secret: str, code: str):
    with pytest.raises(InputError, match=f"outbox_{code}"):
        channel_to(target, secret)


def run(home: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    env = {**os.environ, "SUBSIDY_HOME": str(home), "SUBSIDY_OUTBOX_SECRET": SECRET, **more}
    command = [sys.executable, "-m", "subsidy_match.cli", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_in_the_middle_of_a_delivery_nothing_is_lost(tmp_path: Path):
    url = Settings(home=tmp_path).url
    upgrade(url)
    engine = open_engine(url)
    keys = [f"k{n}" for n in range(5)]
    leave(engine, *keys)
    dying: list[subprocess.Popen[str]] = []
    started = threading.Event()

    def kill_at_third(body: dict) -> int:
        if body["key"] == "k2" and started.wait(60):
            os.kill(dying[0].pid, signal.SIGKILL)
        return 200

    with receiving(Receiver(kill_at_third)) as receiver:
        with run(tmp_path, "outbox", "deliver", SUBSIDY_OUTBOX=receiver.url) as process:
            dying.append(process)
            started.set()
            process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        assert waiting(engine) == keys[2:]
        receiver.answer = lambda _: 200
        assert to(engine, receiver, datetime.now(UTC) + LEASE).sent == 3
    assert receiver.keys == [*keys[:3], *keys[2:]]  # the one under way twice: its reader knows the key
    assert waiting(engine) == []
    engine.dispose()


def test_the_commands_deliver_list_and_retry_and_doctor_tells(tmp_path: Path):
    url = Settings(home=tmp_path).url
    upgrade(url)
    engine = open_engine(url)
    leave(engine, "a")

    def say(*words: str, **more: str) -> tuple[int, str, str]:
        with run(tmp_path, *words, **more) as process:
            out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    assert "SUBSIDY_OUTBOX" in say("doctor")[1]
    assert json.loads(say("outbox", "list", "--json")[1])[0]["key"] == "a"
    with receiving(Receiver(lambda _: 422)) as receiver:
        where = {"SUBSIDY_OUTBOX": receiver.url, "SUBSIDY_OUTBOX_SECRET": SECRET, "SUBSIDY_OUTBOX_PAUSES": "[]"}
        code, _, err = say("outbox", "deliver", **where)
    assert (code, "不再重试1条" in err, "1 of them given up" in err) == (1, True, True)
    assert "outbox list --dead" in say("doctor")[1]
    assert say("outbox", "retry", "--all")[0] == 0
    assert json.loads(say("outbox", "deliver", "--to", str(tmp_path / "out"), "--json")[1])["sent"] == 1
    engine.dispose()
