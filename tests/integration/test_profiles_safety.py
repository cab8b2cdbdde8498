"""What must hold when things go wrong or happen at once: kill -9, a second import, readers in threads and processes."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from profile_files import POLICIES, code, firm, take_in, write_register, write_tax

from subsidy_match.errors import RetryableError
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.publishing import Shelf

KIT = Path(__file__).parents[1] / "kit"
STAGES = ["land", "read", "resolve", "publish"]


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    take_in(home, write_register(tmp_path, [firm(n) for n in range(1, 40)]))
    return home


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    code_ = "import sys; sys.path.insert(0, sys.argv[1])\n" + textwrap.dedent(script)
    command = [sys.executable, "-c", code_, str(KIT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


KILLED = """
    import os, signal
    from pathlib import Path
    from profile_files import take_in
    home, file, wanted, when = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5]

    def die(stage, done, total):
        if stage == wanted and (done == total) == (when == "end"):
            os.kill(os.getpid(), signal.SIGKILL)

    take_in(home, file, progress=die)
"""


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_import_leaves_the_old_snapshot_and_the_next_one_is_clean(home, tmp_path, stage):
    old = Shelf(home).current()
    tax = write_tax(tmp_path, [[code(1), "", 1, 2]])
    killed = run(KILLED, home, tax, stage, "begin")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Shelf(home).current() == old
    with open_snapshot(home) as snapshot:
        assert snapshot.count() == 39
        assert "revenue_2025" not in snapshot.enterprise(code(1)).values
    assert take_in(home, tax).firms == 39
    assert not list((home / "profiles" / "snapshots").glob(".building*"))


def test_what_a_killed_import_spilled_to_disk_goes_with_the_next_one(home, tmp_path):
    spilled = home / "profiles" / "snapshots" / ".building.duckdb.tmp"
    spilled.mkdir()
    (spilled / "storage.tmp").write_bytes(b"rows")
    take_in(home, write_tax(tmp_path, [[code(1), "", 1, 2]]))
    assert not spilled.exists()


def test_killed_after_the_pointer_moved_the_new_snapshot_is_whole(home, tmp_path):
    killed = run(KILLED, home, write_tax(tmp_path, [[code(1), "", 1, 2]]), "publish", "end")
    assert killed.returncode == -signal.SIGKILL
    with open_snapshot(home) as snapshot:
        assert snapshot.enterprise(code(1)).values["revenue_2025"].value == 2_000_000


KILLED_AT = """
    import os, signal
    from pathlib import Path
    from profile_files import take_in
    home, file, moment = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    steps = 0

    def step(event, arguments):
        global steps
        if event in ("open", "os.rename", "os.remove", "os.link", "os.mkdir") and str(home) in str(arguments[0]):
            steps += 1
            if steps == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    take_in(home, file)
    print(steps)
"""


def test_killed_before_any_step_on_disk_the_old_or_the_new_snapshot_is_whole(home, tmp_path):
    tax, old = write_tax(tmp_path, [[code(1), "", 1, 2]]), Shelf(home).current()
    clean = shutil.copytree(home, tmp_path / "clean")
    steps = int(run(KILLED_AT, clean, tax, 0).stdout)
    assert steps > 10, "files, manifest, pointer and folder are all written"
    for moment in random.Random(20260601).sample(range(1, steps + 1), 6):
        struck = shutil.copytree(home, tmp_path / f"struck{moment}")
        killed = run(KILLED_AT, struck, tax, moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        is_new = Shelf(struck).current() != old
        with open_snapshot(struck) as snapshot:
            assert snapshot.count() == 39
            assert ("revenue_2025" in snapshot.enterprise(code(1)).values) is is_new
        assert take_in(struck, tax).snapshot_id == Shelf(clean).current()
        left = {p.name for p in struck.rglob("*") if p.name != "lock"} - {p.name for p in clean.rglob("*")}
        assert left == set() or is_new, f"left behind at step {moment}"


def test_a_second_import_at_the_same_time_is_refused(home, tmp_path):
    with Shelf(home).lock(), pytest.raises(RetryableError) as caught:
        take_in(home, write_tax(tmp_path, []))
    assert caught.value.zh
    take_in(home, write_tax(tmp_path, []))


def test_another_process_is_refused_with_exit_code_2(home, tmp_path):
    tax = write_tax(tmp_path, [])
    with Shelf(home).lock():
        refused = run_cli(home, "profiles", "import", tax)
    assert refused.returncode == 2
    assert "another import is running" in refused.stderr


def run_cli(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {"SUBSIDY_HOME": str(home), "SUBSIDY_POLICIES": str(POLICIES), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", "from subsidy_match.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def test_threads_read_while_imports_publish(home, tmp_path):
    def read(_: int) -> set[int]:
        with open_snapshot(home) as snapshot:
            return {len(list(snapshot.enterprises())), snapshot.count()}

    with ThreadPoolExecutor(8) as pool:
        reading = [pool.submit(read, n) for n in range(40)]
        for month in range(1, 4):
            take_in(home, write_tax(tmp_path, [[code(1), "", 1, month]], day=f"20260{month}28"))
        assert {frozenset(done.result()) for done in reading} == {frozenset({39})}


def test_many_threads_share_one_snapshot(home):
    with open_snapshot(home) as snapshot, ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda n: snapshot.enterprise(code(n)).name, [n % 39 + 1 for n in range(400)]))
    assert len(set(names)) == 39


READER = """
    from pathlib import Path
    from subsidy_match.profiles import open_snapshot
    for _ in range(20):
        with open_snapshot(Path(sys.argv[2])) as snapshot:
            assert len(list(snapshot.enterprises())) == 39
"""


def test_another_process_reads_while_an_import_publishes(home, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(run, READER, home)
        for month in range(1, 6):
            take_in(home, write_tax(tmp_path, [[code(1), "", 1, month]], day=f"20260{month}28"))
        done = reading.result()
    assert done.returncode == 0, done.stderr


def test_a_reader_keeps_its_snapshot(home, tmp_path):
    with open_snapshot(home) as old:
        take_in(home, write_tax(tmp_path, [[code(1), "", 1, 2]]))
        assert "revenue_2025" not in old.enterprise(code(1)).values
        with open_snapshot(home) as new:
            assert "revenue_2025" in new.enterprise(code(1)).values


def test_a_stream_that_is_given_up_lets_go(home):
    with open_snapshot(home) as snapshot:
        stream = snapshot.enterprises()
        next(stream)
        stream.close()
        assert snapshot.count() == 39


def test_a_full_disk_is_an_error_to_retry(home, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Shelf, "publish", full)
    with pytest.raises(RetryableError, match="No space"):
        take_in(home, write_tax(tmp_path, []))
