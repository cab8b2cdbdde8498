"""Match runs over a real snapshot: complete or absent, counted right, equal to matching one by one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from small_city import AS_OF, City

from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.matching.engines import ReferenceEngine
from subsidy_match.matching.results import SCHEMA
from subsidy_match.matching.runs import latest_run, open_run, run_match
from subsidy_match.platform import Platform


@pytest.fixture(scope="module")
def wired(city: City) -> Iterator[Platform]:
    platform = Platform(city.settings)
    yield platform
    platform.close()


def test_a_run_holds_what_matching_one_firm_says(wired: Platform, city: City, tmp_path: Path):
    run = run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path / "run", ReferenceEngine())
    rows = run.table(uscc=city.demo_uscc).to_pylist()
    alone = wired.match(city.demo_uscc, AS_OF)
    key = lambda uscc, policy, subject: (uscc, policy, subject or "")  # noqa: E731
    assert {key(r["uscc"], r["policy_id"], r["subject"]): r["verdict"] for r in rows} == {
        key(m.uscc, m.policy.id, m.subject): m.verdict.value for m in alone
    }


def test_the_manifest_counts_every_row(wired: Platform, tmp_path: Path):
    run = run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path / "run", ReferenceEngine())
    counts = run.manifest.counts.values()
    assert sum(c.eligible + c.to_confirm + c.unknown + c.ineligible for c in counts) == run.manifest.rows
    assert run.manifest.rows == run.table().num_rows
    assert run.table().schema.names == SCHEMA.names
    assert open_run(run.folder).manifest == run.manifest


def test_the_same_inputs_give_the_same_results(wired: Platform, tmp_path: Path):
    runs = [
        run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path / name, ReferenceEngine()) for name in ("a", "b")
    ]
    assert runs[0].table().equals(runs[1].table())


def test_an_existing_folder_is_not_overwritten(wired: Platform, tmp_path: Path):
    with pytest.raises(Conflict, match="run_exists"):
        run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path, ReferenceEngine())


class Broken(ReferenceEngine):
    """An engine whose disk fills up after the first block."""

    def batches(self, *args: object, **more: object) -> Iterator[pa.RecordBatch]:
        yield from super().batches(*args, **more)  # type: ignore[arg-type]
        raise OSError("No space left on device")


def test_a_run_that_fails_leaves_nothing_behind(wired: Platform, tmp_path: Path):
    with pytest.raises(OSError, match="No space"):
        run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path / "run", Broken())
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_is_absent_and_the_next_one_succeeds(city: City, wired: Platform, tmp_path: Path):
    code = (
        "import sys, time\n"
        "from datetime import date\nfrom pathlib import Path\n"
        "from subsidy_match.platform import Platform\nfrom subsidy_match.settings import Settings\n"
        "from subsidy_match.matching.engines import ReferenceEngine\n"
        "from subsidy_match.matching.runs import run_match\n"
        "def slow(done, total):\n    print('block', flush=True); time.sleep(60)\n"
        "p = Platform(Settings())\n"
        f"run_match(p.policies(), p.snapshot(), date(2026, 6, 30), Path({str(tmp_path / 'run')!r}), ReferenceEngine(), slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=city.env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"block\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert latest_run(tmp_path) is None
    run_match(wired.policies(), wired.snapshot(), AS_OF, tmp_path / "run", ReferenceEngine())
    found = latest_run(tmp_path)
    assert found is not None
    assert found.id == "run"


def test_a_broken_manifest_is_said_to_be_broken(tmp_path: Path):
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="run_broken"):
        open_run(tmp_path)
    with pytest.raises(NotFound, match="run_not_found"):
        open_run(tmp_path / "none")


def test_policies_not_in_force_are_not_matched(wired: Platform, tmp_path: Path):
    run = run_match(wired.policies(), wired.snapshot(), date(2015, 12, 31), tmp_path / "run", ReferenceEngine())
    assert run.manifest.rows == 0
