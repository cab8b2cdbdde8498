"""A backup brings back what firms handed in as well, and says what it could not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from claims_world import USCC, build_world

from subsidy_match.claims.documents import DocumentRoom
from subsidy_match.claims.payment.outgoing import write_once
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings
from subsidy_match.store.engine import open_engine
from subsidy_match.store.file_pack import hashed_path
from subsidy_match.store.migration import upgrade

ROOT = Path(__file__).parents[2]
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SUBSIDY_HOME": str(home)}
    command = [sys.executable, "-m", "subsidy_match.cli", "db", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_documents_come_back_with_the_store_and_one_that_was_lost_is_told(tmp_path: Path):
    old, file = tmp_path / "old", tmp_path / "b.gz"
    upgrade(Settings(home=old).url)
    engine = open_engine(Settings(home=old).url)
    world = build_world(engine, tmp_path)
    person = world.people["applicant"]
    room = DocumentRoom(engine, Settings(home=old).documents)
    kept, lost = (
        room.add(PDF + word, name="a.pdf", uscc=USCC, actor=person, at=world.now) for word in (b"kept", b"lost")
    )
    told = run(old, "backup", str(file))
    assert (told.returncode, "account.key" in told.stderr, "person.key" in told.stderr) == (0, True, True)
    keyless = run(tmp_path / "keyless", "restore", str(file))
    assert (keyless.returncode, "K001" in keyless.stdout, "confirm-file" in keyless.stderr) == (1, True, False)
    wired = Platform(Settings(home=tmp_path / "keyless", policies=ROOT / "policies"))
    assert (wired.desk.sealer.key, wired.settings.account_key.exists()) == (b"", False)  # none is made in its place
    wired.close()
    for home in ("whole", "partly"):
        (tmp_path / home).mkdir()
        shutil.copy(tmp_path / "seal.key", tmp_path / home / "account.key")
    sent = [f"PB2026060800000{n}QQQQQ.csv" for n in range(7)]
    for name in sent:
        write_once(Settings(home=tmp_path / "whole").treasury, name, b"sent since the backup")
    whole = run(tmp_path / "whole", "restore", str(file))
    assert (whole.returncode, "有7个" in whole.stderr, "payouts confirm-file" in whole.stderr) == (0, True, True)
    assert [name in whole.stderr for name in sent] == [True] * 5 + [False] * 2
    hashed_path(room.folder, lost.sha256).write_bytes(b"changed")
    assert run(old, "backup", str(tmp_path / "c.gz")).returncode == 1
    partly = run(tmp_path / "partly", "restore", str(tmp_path / "c.gz"))
    assert (partly.returncode, lost.sha256 in partly.stdout, kept.sha256 in partly.stdout) == (1, True, False)
    engine.dispose()
    for home, document in (("whole", kept), ("whole", lost), ("partly", kept)):
        there = Settings(home=tmp_path / home)
        restored = open_engine(there.url)
        found, content = DocumentRoom(restored, there.documents).read(document.id, viewer=person)
        restored.dispose()
        assert (found, content[:8]) == (document, PDF[:8])
