"""Match runs over a real snapshot: complete or absent, counted right, equal to matching one by one."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_city import AS_OF, City
from worker_deeds import dies_once, refuses

from subsidy_match.errors import Conflict, InputError, Location, NotFound, RetryableError
from subsidy_match.matching.engines import Engine, Job, ReferenceEngine
from subsidy_match.matching.history import Payment
from subsidy_match.matching.results import SCHEMA, BlockResult
from subsidy_match.matching.run_writer import RunWriter
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import Run, latest_run, open_run
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.platform import Platform
from subsidy_match.rules.truth import Verdict

ENGINES = [ReferenceEngine(), VectorEngine(block=64)]


@pytest.fixture(scope="module")
def wired(city: City) -> Iterator[Platform]:
    platform = Platform(city.settings)
    yield platform
    platform.close()


def job(wired: Platform, **more: object) -> Job:
    return Job(wired.policies(), wired.snapshot(), AS_OF, **more)  # type: ignore[arg-type]


def rows(run: Run) -> list[dict[str, object]]:
    found = [*run.table().to_pylist(), *run.unknown().to_pylist()]
    return sorted(found, key=lambda row: (row["uscc"], row["policy_id"], row["subject"] or ""))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_run_holds_what_matching_one_firm_says(wired: Platform, city: City, tmp_path: Path, engine: Engine):
    run = run_match(job(wired, unknowns=True), tmp_path / "run", engine)
    alone = wired.match(city.demo_uscc, AS_OF)
    expected = {(m.policy.id, m.subject or ""): m.verdict.value for m in alone if m.verdict is not Verdict.INELIGIBLE}
    found = [row for row in rows(run) if row["uscc"] == city.demo_uscc]
    assert {(r["policy_id"], r["subject"] or ""): r["verdict"] for r in found} == expected
    assert run.table(uscc=city.demo_uscc).num_rows == sum(verdict != "unknown" for verdict in expected.values())


def test_both_engines_give_the_same_run(wired: Platform, tmp_path: Path):
    one, other = (run_match(job(wired, unknowns=True), tmp_path / engine.name[:3], engine) for engine in ENGINES)
    assert rows(one) == rows(other)
    assert one.manifest.counts == other.manifest.counts
    assert one.manifest.rows > 0


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_the_manifest_counts_every_match(wired: Platform, tmp_path: Path, engine: Engine):
    run = run_match(job(wired), tmp_path / "run", engine)
    counts = run.manifest.counts.values()
    assert sum(c.eligible + c.to_confirm for c in counts) == run.manifest.rows == run.table().num_rows
    matches = [m for e in wired.snapshot().enterprises() for m in wired.match(e.uscc, AS_OF)]
    for verdict in Verdict:
        assert sum(getattr(c, verdict.value) for c in counts) == sum(m.verdict is verdict for m in matches)
    favourable = [m for m in matches if m.verdict in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM) and m.amount is not None]
    assert sum(c.amount_min for c in counts) == sum(int(m.amount.lo) for m in favourable if m.amount)
    assert run.table().schema.names == SCHEMA.names
    assert open_run(run.folder).manifest == run.manifest


def test_what_data_leave_open_is_written_only_when_asked_for(wired: Platform, tmp_path: Path):
    run = run_match(job(wired), tmp_path / "run", VectorEngine())
    assert run.unknown().num_rows == 0
    asked = run_match(job(wired, unknowns=True), tmp_path / "asked", VectorEngine())
    assert asked.unknown().num_rows == sum(c.unknown for c in asked.manifest.counts.values()) > 0
    assert asked.table().equals(run.table())


def test_the_same_inputs_give_the_same_results(wired: Platform, tmp_path: Path):
    runs = [run_match(job(wired), tmp_path / name, VectorEngine(block=100)) for name in ("a", "b")]
    assert runs[0].table().equals(runs[1].table())


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_our_own_payments_count_and_are_named(wired: Platform, city: City, tmp_path: Path, engine: Engine):
    plain = run_match(job(wired), tmp_path / "plain", engine)
    told = plain.table().to_pylist()[0]
    paid = {
        told["uscc"]: [Payment("C1", told["policy_id"], told["subject"], told["amount_min"] or 1, date(2026, 3, 1))]
    }
    run = run_match(job(wired, payments=paid, unknowns=True), tmp_path / "paid", engine)
    assert run.manifest.payments != plain.manifest.payments == ""
    alone = run_match(job(wired, payments=paid, unknowns=True), tmp_path / "alone", ReferenceEngine())
    assert rows(run) == rows(alone)


def test_an_existing_folder_is_not_overwritten(wired: Platform, tmp_path: Path):
    with pytest.raises(Conflict, match="run_exists"):
        run_match(job(wired), tmp_path, VectorEngine())


class Broken(VectorEngine):
    """An engine whose disk fills up behind the second block."""

    def run(self, job, work):  # type: ignore[no-untyped-def]
        def some(block: BlockResult) -> object:
            if block.number > 1:
                raise OSError("No space left on device")
            return work(block)

        return VectorEngine.run(self, job, some)


def test_a_run_on_a_full_disk_is_absent_and_goes_on_when_there_is_room(wired: Platform, tmp_path: Path):
    with pytest.raises(OSError, match="No space"):
        run_match(job(wired), tmp_path / "run", Broken(block=16))
    assert latest_run(tmp_path) is None
    reached: list[int] = []
    run = run_match(job(wired), tmp_path / "run", VectorEngine(block=16), lambda done, _total: reached.append(done))
    assert reached[0] == 32  # two blocks were kept
    fresh = run_match(job(wired), tmp_path / "fresh", VectorEngine(block=16))
    assert run.table().equals(fresh.table())
    assert run.manifest == fresh.manifest


def test_other_inputs_do_not_go_on_from_what_was_left(wired: Platform, tmp_path: Path):
    with pytest.raises(OSError, match="No space"):
        run_match(job(wired), tmp_path / "run", Broken(block=16))
    reached: list[int] = []
    run = run_match(
        job(wired, unknowns=True), tmp_path / "run", VectorEngine(block=16), lambda d, _t: reached.append(d)
    )
    assert reached[0] == 0
    assert run.unknown().num_rows == sum(c.unknown for c in run.manifest.counts.values())


def test_a_killed_run_is_absent_and_the_next_one_succeeds(city: City, wired: Platform, tmp_path: Path):
    code = (
        "import sys, time\n"
        "from datetime import date\nfrom pathlib import Path\n"
        "from subsidy_match.platform import Platform\nfrom subsidy_match.settings import Settings\n"
        "from subsidy_match.matching.engines import Job\n"
        "from subsidy_match.matching.vector.engine import VectorEngine\n"
        "from subsidy_match.matching.running import run_match\n"
        "def slow(done, total):\n    print('block', flush=True); time.sleep(60)\n"
        "p = Platform(Settings())\n"
        f"run_match(Job(p.policies(), p.snapshot(), date(2026, 6, 30)), Path({str(tmp_path / 'run')!r}), VectorEngine(), slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=city.env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"block\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert latest_run(tmp_path) is None
    run_match(job(wired), tmp_path / "run", VectorEngine())
    found = latest_run(tmp_path)
    assert found is not None
    assert found.id == "run"


def test_several_processes_make_the_same_run(wired: Platform, tmp_path: Path):
    here = run_match(job(wired, unknowns=True), tmp_path / "here", VectorEngine(block=16))
    with VectorEngine(processes=2, block=16, worth=0) as engine:
        reached: list[int] = []
        apart = run_match(
            job(wired, unknowns=True), tmp_path / "apart", engine, lambda done, _total: reached.append(done)
        )
    assert apart.table().equals(here.table())
    assert apart.unknown().equals(here.unknown())
    assert apart.manifest == here.manifest
    assert reached == sorted(reached)
    assert reached[-1] == here.manifest.enterprises


def test_a_process_that_is_killed_is_told_and_the_next_run_has_others(wired: Platform):
    with VectorEngine(processes=2, block=16, worth=0) as engine:
        with pytest.raises(RetryableError, match="worker_stopped"):
            list(engine.run(job(wired), dies_once))
        assert sum(engine.run(replace(job(wired), done={2}), dies_once)) == wired.snapshot().count() - 16


def test_what_a_process_refuses_is_told_as_it_is(wired: Platform):
    with VectorEngine(processes=2, block=16, worth=0) as engine, pytest.raises(InputError, match="block 0") as caught:
        list(engine.run(job(wired), refuses))
    assert caught.value.code == "x.y"
    assert caught.value.at == Location("a", 3)


def test_a_broken_manifest_is_said_to_be_broken(tmp_path: Path):
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="run_broken"):
        open_run(tmp_path)
    with pytest.raises(NotFound, match="run_not_found"):
        open_run(tmp_path / "none")


def test_policies_not_in_force_are_not_matched(wired: Platform, tmp_path: Path):
    run = run_match(Job(wired.policies(), wired.snapshot(), date(2015, 12, 31)), tmp_path / "run", VectorEngine())
    assert run.manifest.rows == 0


def test_a_block_of_a_run_that_was_given_up_is_not_written(wired: Platform, tmp_path: Path):
    """On a cluster a worker may still be at it when the run has been started anew with other inputs."""
    engine, partial = VectorEngine(block=16), tmp_path / ".run.partial"
    block = next(iter(engine.run(job(wired), lambda block: block)))
    old, new = (RunWriter(partial, job(wired, unknowns=asked), engine, row_group=100) for asked in (False, True))
    old.resume()
    elsewhere = pickle.loads(pickle.dumps(old))
    assert elsewhere.write(block) == block.firms == 16
    new.resume()
    with pytest.raises(Conflict, match="run_folder_gone"):
        elsewhere.write(block)
    assert sorted(path.name for path in partial.rglob("*")) == ["about.json", "matches", "unknown"]


def test_a_block_that_is_written_twice_is_there_once(wired: Platform, tmp_path: Path):
    engine = VectorEngine(block=16)

    class Twice(VectorEngine):
        def run(self, job, work):  # type: ignore[no-untyped-def]
            return VectorEngine.run(self, job, lambda block: (work(block), work(block))[1])

    one, other = (run_match(job(wired), tmp_path / str(n), e) for n, e in enumerate((engine, Twice(block=16))))
    assert one.table().equals(other.table())
    assert one.manifest == other.manifest
