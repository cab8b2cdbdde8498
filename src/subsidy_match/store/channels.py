"""Where messages of the outbox go: a folder of JSON files, or a web address that checks a signature."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from subsidy_match.errors import InputError
from subsidy_match.store.outbox import Message
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.whole_file import write_whole

__all__ = ["Channel", "FolderChannel", "Undelivered", "WebhookChannel", "body_of", "channel_to", "signature"]

_SHORTEST_SECRET = 16
_LONGEST_ERROR = 300
# Told to come again, or not now: it is not the message that is wrong.
_BUSY = frozenset({408, 425, 429})


class Undelivered(Exception):
    """A message did not get through; ``is_down`` where no other would have either."""

    def __init__(self, reason: str, *, is_down: bool) -> None:
        super().__init__(reason[:_LONGEST_ERROR])
        self.is_down = is_down


class Channel(Protocol):
    """Takes messages out of the house, each at least once: whoever reads them passes over keys it knows."""

    @property
    def name(self) -> str:
        """What people are told that it is."""

    def send(self, message: Message, *, at: datetime) -> None:
        """Send one message and come back when it is safely there.

        Raises:
            Undelivered: it is not certain that it got through.
        """


def body_of(message: Message) -> bytes:
    """The message as it goes out; the same message always has the same bytes."""
    content: dict[str, Any] = {
        "id": message.id,
        "key": message.key,
        "topic": message.topic,
        "created_at": message.created_at.isoformat(),
        "payload": json.loads(message.payload),
    }
    return canonical_json(content).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body with the moment at which it is sent, so that an old request cannot pass for a new one."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """A file for each message, whole or not at all; one sent twice is the same file."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def send(self, message: Message, *, at: datetime) -> None:  # noqa: ARG002  # a file does not say when
        """Write the file of a message and flush it to the disk."""
        try:
            write_whole(self.folder.absolute() / f"{message.id:012d}.json", body_of(message))
        except OSError as error:
            raise Undelivered(f"{error.strerror or error}", is_down=True) from error


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A web address to which every message is posted, signed with a secret that both sides know."""

    url: str
    secret: str
    timeout: float = 10.0

    def __post_init__(self) -> None:
        """Refuse an address that is none, and a secret that can be guessed."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise InputError("outbox_target", "投递地址有误", "not an address to deliver to", hint="https://host/path")
        if len(self.secret) < _SHORTEST_SECRET:
            zh, en = f"签名密钥至少{_SHORTEST_SECRET}个字符", f"the secret needs {_SHORTEST_SECRET} characters or more"
            raise InputError("outbox_secret", zh, en, hint="SUBSIDY_OUTBOX_SECRET")

    @property
    def name(self) -> str:
        """The address, without its query: some put tokens there."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    def send(self, message: Message, *, at: datetime) -> None:
        """Post a message; only a 2xx answer counts, and redirects are not followed."""
        body, timestamp = body_of(message), str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Subsidy-Timestamp": timestamp,
            "X-Subsidy-Signature": signature(self.secret, timestamp, body),
        }
        try:
            status = self._post(body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(f"{type(error).__name__}: {error}", is_down=True) from error
        if not 200 <= status < 300:
            is_refused = 400 <= status < 500 and status not in _BUSY
            raise Undelivered(f"HTTP {status}", is_down=not is_refused)

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def channel_to(target: str, secret: str) -> Channel:
    """The channel to an address or a folder.

    Raises:
        InputError: ``outbox_unset``, ``outbox_target``, ``outbox_secret``.
    """
    if not target.strip():
        zh, en = "未设置消息投递目标", "it is not set where messages go"
        raise InputError("outbox_unset", zh, en, hint="SUBSIDY_OUTBOX=DIR | https://host/path")
    return WebhookChannel(target, secret) if "://" in target else FolderChannel(Path(target))
