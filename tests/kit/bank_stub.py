"""A bank in a process of its own, with faults: it accepts and says nothing, answers twice, answers late, or never.

It pays every instruction once, however often the file comes, and writes each payment down at once, so that a test can
count what left the treasury. Arguments: the folder of its book, the fault. It prints its port.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from subsidy_match.claims.payment.bank import BankSilent, SentFile
from subsidy_match.claims.payment.lines.answers import Outcome, Receipt
from subsidy_match.errors import Location

FAULTS = ("accepts_then_silent", "answers_twice", "answers_late", "never_answers")
_LATE = 4.0  # longer than the client waits
_PATIENCE = 2.0


class Stub(ThreadingHTTPServer):
    """The bank: ``book`` has a line for every instruction that it paid."""

    daemon_threads = True

    def __init__(self, folder: Path, fault: str) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.book, self.heard, self.fault, self.lock = folder / "book.jsonl", folder / "heard.jsonl", fault, Lock()

    def take(self, number: str, content: bytes) -> None:
        """Pay what is new in a file."""
        with self.lock, self.book.open("a", encoding="utf-8") as book, self.heard.open("a", encoding="utf-8") as heard:
            paid = {entry["instruction"] for entry in read_book(self.book)}
            for line in content.decode("utf-8-sig").splitlines():
                cells = line.split(",")
                if cells[0].isdigit():
                    heard.write(json.dumps({"instruction": cells[1], "claim_no": cells[-1]}) + "\n")
                    if cells[1] not in paid:
                        entry = {"instruction": cells[1], "amount": cells[5], "account": cells[4], "batch": number}
                        book.write(json.dumps(entry) + "\n")


class _Desk(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.fault != "never_answers":
            self.server.take(self.path.strip("/"), content)
        if self.server.fault != "answers_twice":
            time.sleep(_LATE)
        self._answer({"taken": True})

    def do_GET(self) -> None:
        if self.server.fault == "never_answers":
            time.sleep(_LATE)
            return
        wanted = self.path.rpartition("/")[2]
        found = [entry for entry in read_book(self.server.book) if entry["instruction"] == wanted]
        self._answer(found[0] if found else {})

    def _answer(self, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # whoever asked is gone

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody listens."""


@dataclass(frozen=True)
class StubBank:
    """The bank over HTTP, as the office sees it."""

    port: int

    def send(self, file: SentFile) -> None:
        self._ask(file.number, file.content)

    def query(self, instruction: str) -> Receipt | None:
        said = self._ask(f"instructions/{instruction}")
        return receipt_of(said) if said else None

    def _ask(self, path: str, content: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", data=content)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                return dict(json.loads(answer.read()))
        except (OSError, ValueError, urllib.error.URLError) as error:
            raise BankSilent(
                "bank_silent", "银行未答复,请稍后重发", "the bank did not answer: send it again"
            ) from error


def receipt_of(entry: dict[str, Any]) -> Receipt:
    whole, _, part = entry["amount"].partition(".")
    return Receipt(
        instruction=entry["instruction"],
        amount=int(whole) * 100 + int(part),
        last_four=entry["account"][-4:],
        bank_ref=f"BANK-{entry['instruction']}",
        on=date.fromisoformat(entry["instruction"][2:10]),  # the day on which its batch was made
        code="",
        at=Location("bank"),
        outcome=Outcome.SUCCESS,
        said=str(Outcome.SUCCESS),
    )


def read_book(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def await_book(folder: Path, count: int) -> None:
    """Wait until the bank has paid ``count`` instructions: it may still be at it when we stopped listening."""
    deadline = time.monotonic() + 60
    while len(read_book(folder / "book.jsonl")) < count and time.monotonic() < deadline:
        time.sleep(0.02)


def statement(folder: Path) -> list[tuple[str, int, str, str, str]]:
    """What the bank's statement says of all that it paid."""
    receipts = [receipt_of(entry) for entry in read_book(folder / "book.jsonl")]
    return [(one.instruction, one.amount, "成功", one.bank_ref, "") for one in receipts]


def instructions_of_claims(folder: Path) -> Counter[str]:
    """How many instruction numbers the bank ever heard of for each claim."""
    heard = {(entry["claim_no"], entry["instruction"]) for entry in read_book(folder / "heard.jsonl")}
    return Counter(claim_no for claim_no, _ in heard)


if __name__ == "__main__":
    stub = Stub(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.write(f"{stub.server_address[1]}\n")
    sys.stdout.flush()
    stub.serve_forever()
