from __future__ import annotations

from pathlib import Path

import pytest

from subsidy_match.errors import InputError
from subsidy_match.store.sealing import Sealer, load_sealer

NUMBER = "6222020000001234567"


def test_what_is_sealed_opens_under_the_same_key(tmp_path: Path):
    sealed = load_sealer(tmp_path / "home" / "key").seal(NUMBER, context="firm")
    assert NUMBER not in sealed
    assert load_sealer(tmp_path / "home" / "key").open(sealed, context="firm") == NUMBER


def test_the_key_file_is_readable_by_its_owner_alone(tmp_path: Path):
    load_sealer(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(InputError, match="S021"):
        load_sealer(tmp_path / "key")


@pytest.mark.parametrize(
    ("key", "context", "change"),
    [(b"o" * 32, "firm", ""), (b"k" * 32, "other", ""), (b"k" * 32, "firm", "x"), (b"k" * 32, "firm", "drop")],
)
def test_another_key_firm_or_text_does_not_open(key: bytes, context: str, change: str):
    sealed = Sealer(b"k" * 32).seal(NUMBER, context="firm")
    sealed = sealed[:-8] if change == "drop" else sealed.replace("gcm1.", f"gcm1.{change}", 1)
    with pytest.raises(InputError, match="S020"):
        Sealer(key).open(sealed, context=context)


def test_the_same_number_is_sealed_differently_each_time_but_fingerprinted_alike():
    sealer = Sealer(b"k" * 32)
    assert sealer.seal(NUMBER, context="a") != sealer.seal(NUMBER, context="a")
    assert sealer.fingerprint(NUMBER) == sealer.fingerprint(NUMBER)
    assert sealer.fingerprint(NUMBER) != Sealer(b"o" * 32).fingerprint(NUMBER)
    assert "k" * 8 not in repr(sealer)
