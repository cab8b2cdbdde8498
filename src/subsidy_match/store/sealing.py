"""Keeps bank account numbers unreadable in the store: sealed with a key that lies in a file beside it.

AES-256-GCM. ``context`` (the firm) is bound in, so that a sealed number moved to another firm's row does not open. Each
sealed text begins with the name of its scheme.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from subsidy_match.errors import Conflict, InputError

__all__ = ["Sealer", "load_sealer"]

_SCHEME = "gcm1"
_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals, opens and fingerprints short secrets under one master key; one without a key refuses all three."""

    key: bytes = field(repr=False)

    def seal(self, plain: str, *, context: str) -> str:
        """Encrypt ``plain`` so that it opens only under the same key and ``context``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        hidden = self._cipher().encrypt(nonce, plain.encode(), context.encode())
        return f"{_SCHEME}.{urlsafe_b64encode(nonce + hidden).decode()}"

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt what ``seal`` gave.

        Raises:
            InputError: ``S020``, another key or context, or the text was changed.
        """
        scheme, _, encoded = sealed.partition(".")
        try:
            raw = urlsafe_b64decode(encoded) if scheme == _SCHEME else b""
            return self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            zh, en = "密文无法解开:密钥不符或内容被改动", "cannot be opened: another key, or changed"
            raise InputError("S020", zh, en) from error

    def fingerprint(self, plain: str) -> str:
        """Give the same text for the same secret, without telling the secret: to compare accounts of two firms."""
        return hmac.new(self._subkey(b"fingerprint"), plain.encode(), hashlib.sha256).hexdigest()

    def _cipher(self) -> AESGCM:
        return AESGCM(self._subkey(b"cipher"))

    def _subkey(self, purpose: bytes) -> bytes:
        if not self.key:
            zh, en = (
                "账号密钥缺失,不能封存或解开账号",
                "the key of the accounts is missing: nothing is sealed or opened",
            )
            raise Conflict("account_key_missing", zh, en, hint="account.key")
        return hmac.new(self.key, b"subsidy-match " + purpose, hashlib.sha256).digest()


def load_sealer(path: Path, *, create: bool = True) -> Sealer:
    """Read the key file, making it with a new random key (mode 0600) where there is none.

    Args:
        path: the key file.
        create: whether a missing key is made; where something is sealed already only the old one is of any use.

    Raises:
        InputError: ``S021``, the file is not a key, or others may read it.
    """
    if not create and not path.exists():
        return Sealer(b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # the usual case: made before, perhaps just now by another process
        _write_new(path, secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != _KEY_BYTES or path.stat().st_mode & 0o077:
        raise InputError("S021", f"密钥文件无效或权限过宽:{path.name}", f"no key, or readable by others: {path.name}")
    return Sealer(key)


def _write_new(path: Path, key: bytes) -> None:
    # Written aside and linked into place, so that a second process never reads half a key.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
