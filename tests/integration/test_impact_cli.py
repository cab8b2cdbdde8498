"""``policies impact`` on an imported city: three forms with the same figures, against an independent count."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from small_city import ROOT, City, build_city

from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.cli import main
from subsidy_match.money import yuan_text
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.publishing import current_policies
from subsidy_match.rules.truth import Verdict
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit

AS_OF = "2026-06-30"
WAN = 1_000_000  # 分
HEAD = """id: {id}
title: {{zh: 示例研发补助, en: Sample R&D grant}}
provenance: representative
basis: {{art1: {{document: 示例〔2026〕1号, article: 第一条, gist: 示例}}}}
level: national
authority: 示例局
effective: {{from: {start}, to: {end}}}
channel: fast
claim: {{period: calendar_year, year_of_facts: period - 1}}
"""
RD = HEAD + (
    "eligible_if: {{all: [{{id: enough, basis: art1, value: rd_expense, {condition}}}]}}\n"
    "amount: {{basis: art1, multiply: [rd_expense, {rate}], cap: {cap}, rounding: {{to: 1元, mode: down}}}}\n"
    "funding: [{{fund: rd-pool, share: 60%}}, {{fund: county-pool, share: 40%}}]\n"
)
PROJECTS = HEAD + (
    "for_each: {{in: projects, key: filing_no, claim: each}}\n"
    "item_if: {{all: [{{id: invest, basis: art1, value: equipment_invoiced, at_least: {least}}}]}}\n"
    "eligible_if: {{all: [{{id: alive, basis: art1, value: reg_status, is: active}}]}}\n"
    "amount: {{each: {{basis: art1, multiply: [equipment_invoiced, {rate}]}}, rounding: {{to: 1元, mode: down}}}}\n"
)
RD_CASES = """policy: rd
cases:
  - {name: 恰好, as_of: 2026-06-30, given: {rd_expense: 300万元}, expect: {verdict: eligible, amount: 15万元}}
"""
PROJECT_CASES = """policy: projects
given: {reg_status: active, projects: [{filing_no: A, equipment_invoiced: 1000万元}]}
cases:
  - {name: 够, as_of: 2026-06-30, expect: {verdict: eligible, amount: 50万元}}
"""


def rd(id_: str = "rd", start: str = "2026-01-01", **parts: str) -> str:
    whole = {"condition": "at_least: 300万元", "rate": "5%", "cap": "50万元", **parts}
    return RD.format(id=id_, start=start, end="2026-12-31", **whole)


def projects(start: str = "2026-01-01", **parts: str) -> str:
    whole = {"least": "1000万元", "rate": "5%", **parts}
    return PROJECTS.format(id="projects", start=start, end="2026-12-31", **whole)


# more firms at the lower end, none any more at the upper one; a higher rate under a lower cap
CHANGED = {"start": "2026-07-01", "condition": "between: [200万元, 2000万元]", "rate": "8%", "cap": "45万元"}


def write_library(folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "policies" / "facts.yml", folder)
    shutil.copytree(ROOT / "policies" / "parameters", folder / "parameters")
    for name, text in {
        "rd@2026-01-01.yml": rd(),
        "rd.cases.yml": RD_CASES,
        "projects@2026-01-01.yml": projects(),
        "projects.cases.yml": PROJECT_CASES,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def few_files_and_names_like_formulas(samples: Path) -> None:
    """Keep the files that are needed here, and give every firm a name that a spreadsheet or a terminal might run."""
    for path in samples.iterdir():
        if not path.name.startswith(("市监_企业登记信息", "税务_", "工信_投资项目")):
            path.unlink()
    (path,) = samples.glob("市监_企业登记信息_*.csv")
    head, *rows = csv.reader(path.read_text(encoding="gb18030").splitlines())
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([head, *([row[0], named(row[0]), *row[2:]] for row in rows)])


def named(code: str) -> str:
    return f"=1+1 / [red]{code[-6:]}[/b]"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    return build_city(folder, policies=write_library(folder / "policies"), alter=few_files_and_names_like_formulas)


# --- the command, in this process ---


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(city: City, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on the city; any error that is not turned into a sentence fails the test."""

    def call(*words: object, **env: object) -> Done:
        for name, value in {**city.env, **env}.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(sys, "argv", ["subsidy-match", "policies", "impact", *(str(word) for word in words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return Done(int(stopped.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return written(tmp_path / "drafts", "rd@2026-07-01.yml", rd(**CHANGED))


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def report(run: Run, *words: object) -> dict[str, Any]:
    done = run(*words, "--as-of", AS_OF, "--format", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


# --- the same thing counted in another way ---

GOOD = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)


def outcomes(
    city: City, folder: Path, policy_id: str, day: str
) -> dict[tuple[str, str | None], tuple[Verdict, int, int]]:
    """Verdict and bounds of every firm and subject under the version of a folder that is in force on a day."""
    policies, when = load_policies(folder), date.fromisoformat(day)
    found = {}
    snapshot = open_snapshot(city.settings.home)
    for enterprise in snapshot.enterprises():
        for match in Evaluator(policies, enterprise, when).match(policies.get(policy_id, when)):
            assert match.amount is None or match.amount.hi != float("inf")
            low, high = (int(match.amount.lo), int(match.amount.hi)) if match.amount else (0, 0)
            found[enterprise.uscc, match.subject] = match.verdict, max(0, low), max(0, high)
    snapshot.close()
    return found


def library_with(city: City, folder: Path, name: str, text: str, gone: str) -> Path:
    """The library of the city with one file more and one less."""
    copied = Path(shutil.copytree(city.settings.policies, folder))
    (copied / gone).unlink()
    (copied / name).write_text(text, encoding="utf-8")
    return copied


def expected_kinds(old: dict[Any, tuple[Verdict, int, int]], new: dict[Any, tuple[Verdict, int, int]]) -> Counter[str]:
    """Kinds of change where both sides have the same subjects and no data are missing on one side only."""
    kinds: Counter[str] = Counter()
    for key, (was, least, before) in old.items():
        now, least_now, after = new[key]
        if was in GOOD and now in GOOD:
            kinds["up" if after > before else "down" if after < before else "same"] += 1
        elif was is now is Verdict.UNKNOWN:
            kinds["same" if (least, before) == (least_now, after) else "range"] += 1
        else:
            kinds["gain" if now in GOOD else "loss" if was in GOOD else "same"] += 1
    return kinds


def money(found: dict[Any, tuple[Verdict, int, int]], at: int, *verdicts: Verdict) -> int:
    return sum(one[at] for one in found.values() if one[0] in verdicts)


def present(kinds: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in kinds.items() if count}


def test_a_changed_threshold_and_rate_gives_what_both_versions_give(city: City, run: Run, draft: Path, tmp_path: Path):
    old = outcomes(city, city.settings.policies, "rd", AS_OF)
    changed = library_with(
        city, tmp_path / "changed", draft.name, draft.read_text(encoding="utf-8"), "rd@2026-01-01.yml"
    )
    new = outcomes(city, changed, "rd", "2026-07-01")
    found = report(run, draft, "--against", "rd")
    kinds = expected_kinds(old, new)
    assert {"gain", "loss", "up", "down"} <= set(kinds)
    assert present(found["firms"]["kinds"]) == present(found["subjects"]["kinds"]) == kinds
    for side, given in (("old", old), ("new", new)):
        assert found["totals"][side]["guaranteed"] == money(given, 1, Verdict.ELIGIBLE)
        assert found["totals"][side]["possible"] == money(given, 2, *GOOD)
        assert found["totals"][side]["open"] == money(given, 2, Verdict.UNKNOWN)
    transitions = Counter((old[key][0].value, new[key][0].value) for key in old)
    assert {(row["old"], row["new"]): row["count"] for row in found["firms"]["transitions"]} == transitions
    assert {row["uscc"]: row["guaranteed"] for row in found["demands"]} == {
        uscc: low for (uscc, _), (verdict, low, _) in new.items() if verdict in GOOD
    }
    assert Counter(row["kind"] for row in found["affected"]) == {k: n for k, n in kinds.items() if k != "same"}
    for row in found["affected"]:
        for side, given in (("old", old), ("new", new)):
            verdict, low, high = given[row["uscc"], None]
            assert row[side] == {"verdict": verdict.value, "min": low, "max": high}


def test_the_report_says_what_it_was_made_from(city: City, run: Run, draft: Path):
    found = report(run, draft, "--against", "rd")
    manifest = found["manifest"]
    assert (manifest["replaced"], manifest["firms"]) == (["rd@2026-01-01.yml"], 61)
    assert manifest["old"]["set_hash"] == current_policies(city.settings.published).hash
    assert (manifest["old"]["origin"], manifest["new"]["origin"]) == ("published", str(draft))
    assert (manifest["old"]["as_of"], manifest["new"]["as_of"]) == (AS_OF, "2026-07-01")
    assert [remark["en"][:20] for remark in found["remarks"]] == [
        "judged on 2026-07-01",
        "left out beside the ",
        "the days differ (202",
    ]
    assert len(found["examples"]) == 3
    assert {example["kind"] for example in found["examples"]} >= {"gain", "loss"}
    for example in found["examples"]:
        for side in ("old", "new"):
            assert example[f"{side}_explanation"]["verdict"] == example[side]["verdict"]


def test_elements_are_compared_one_by_one(city: City, run: Run, tmp_path: Path):
    text = projects("2026-07-01", least="2000万元", rate="8%")
    path = written(tmp_path / "drafts", "projects@2026-07-01.yml", text)
    changed = library_with(city, tmp_path / "changed", path.name, text, "projects@2026-01-01.yml")
    old, new = (
        outcomes(city, city.settings.policies, "projects", AS_OF),
        outcomes(city, changed, "projects", "2026-07-01"),
    )
    found = report(run, path, "--against", "projects")
    assert present(found["subjects"]["kinds"]) == expected_kinds(old, new)
    told = {(row["uscc"], row["subject"]) for row in found["affected"]}
    assert told == {key for key in old if old[key] != new[key]}
    assert any(subject for _, subject in told)


@pytest.mark.parametrize("dimension", ["district", "section", "size"])
def test_every_dimension_adds_up(run: Run, draft: Path, dimension: str):
    found = report(run, draft, "--against", "rd")
    groups = found["groups"][dimension]
    assert sum(group["firms"] for group in groups) == found["manifest"]["firms"]
    for side in ("old", "new"):
        for name in ("guaranteed", "possible", "open"):
            assert sum(group[side][name] for group in groups) == found["totals"][side][name]
    assert all(group["label"]["zh"] != group["code"] for group in groups)  # every code has its words


# --- three forms ---


def sheet(path: Path, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


def test_text_json_and_workbook_have_the_same_figures(city: City, run: Run, draft: Path, tmp_path: Path):
    words = (draft, "--against", "rd", "--as-of", AS_OF, "--budget", "100万元")
    found = json.loads(run(*words, "--format", "json").out)
    text = run(*words, "--lang", "zh").out
    assert run(*words, "--format", "xlsx", "--out", tmp_path / "x.xlsx").code == 0

    summary = {row[0]: row[1:] for row in sheet(tmp_path / "x.xlsx", "汇总") if row[0]}
    lines = {line.split("  ")[0]: line for line in reversed(text.splitlines()) if line}
    totals = found["totals"]
    for label, name in (
        ("确定(符合,最低数) / guaranteed (eligible, least)", "guaranteed"),
        ("可能(含待核实,最高数) / possible (with those to confirm, most)", "possible"),
        ("另待补数据(最高数) / open besides (data missing, most)", "open"),
    ):
        fen = [totals["old"][name], totals["new"][name], totals["difference"][name]]
        assert [round(cell * 100) for cell in summary[label][:3]] == fen
        assert lines[label.partition(" / ")[0]].split()[-3:] == [yuan_text(one) for one in fen]
    for label, kind in (("新增 / gains", "gain"), ("退出 / loses", "loss"), ("金额增加 / amount up", "up")):
        counts = [found["firms"]["kinds"][kind], found["subjects"]["kinds"][kind]]
        assert summary[label][:2] == counts
        assert lines[label.partition(" / ")[0]].split()[-2:] == [str(count) for count in counts]
    shares = found["budget"]["guaranteed"]
    assert round(summary["分摊合计 / shared out"][0] * 100) == shares["paid"]
    assert lines["分摊合计"].split()[1] == yuan_text(shares["paid"])

    rows = sheet(tmp_path / "x.xlsx", "变化清单")[1:]
    assert [(row[0], row[1], row[5], round(row[13] * 100)) for row in rows] == [
        (one["uscc"], one["name"], one["subject"] or "", _most(one["new"]) - _most(one["old"]))
        for one in found["affected"]
    ]
    asked = sheet(tmp_path / "x.xlsx", "资金分摊")[1:]
    assert [(row[0], *(round(cell * 100) for cell in row[5:9])) for row in asked] == [
        (one["uscc"], one["guaranteed"], one["share_of_guaranteed"], one["possible"], one["share_of_possible"])
        for one in found["demands"]
    ]
    groups = sheet(tmp_path / "x.xlsx", "分布")[1:]
    told = [group for dimension in ("district", "section", "size") for group in found["groups"][dimension]]
    assert [(row[1], row[3], round(row[12] * 100), round(row[15] * 100)) for row in groups] == [
        (group["code"] or "", group["firms"], group["new"]["guaranteed"], group["new"]["possible"]) for group in told
    ]
    explained = sheet(tmp_path / "x.xlsx", "示例")[1:]
    assert sum(row[0] in ("新 / new", "原 / old") for row in explained) > 6


def _most(standing: dict[str, Any]) -> int:
    return int(standing["max"]) if standing["verdict"] in ("eligible", "to_confirm") else 0


def test_names_are_the_same_everywhere_and_never_a_formula(run: Run, draft: Path, tmp_path: Path):
    words = (draft, "--against", "rd", "--as-of", AS_OF)
    assert run(*words, "--format", "xlsx", "--out", tmp_path / "x.xlsx").code == 0
    names = {one["uscc"]: one["name"] for one in json.loads(run(*words, "--format", "json").out)["affected"]}
    assert set(names.values()) == {named(code) for code in names}
    for row in sheet(tmp_path / "x.xlsx", "变化清单")[1:]:
        assert row[1] == names[row[0]]
    for lang in ("zh", "en"):
        printed = run(*words, "--lang", lang)
        assert printed.code == 0
        assert printed.out.count("  =1+1 /") >= 20  # in the table, where a line may be folded after that
        assert sum(f"{name} {code}\n" in printed.out for code, name in names.items()) == 3  # the examples


def test_each_language_is_printed_alone(run: Run, draft: Path):
    words = (draft, "--against", "rd", "--as-of", AS_OF)
    zh, en = (run(*words, "--lang", lang).out for lang in ("zh", "en"))
    assert ("企业:原↓ 新→" in zh, "firms: old↓ new→" in zh) == (True, False)
    assert ("企业:原↓ 新→" in en, "firms: old↓ new→" in en) == (False, True)
    assert ("\n原  " in zh, "\nold  " in zh, bool(re.search(r"\n退出 +=1", zh))) == (True, False, True)
    assert ("\n原  " in en, "\nold  " in en, bool(re.search(r"\nloses +=1", en))) == (False, True, True)
    assert "Sample R&D grant — eligible" in en
    assert ("万元" in zh.partition("— 符合")[0], "万元" in en.partition("— eligible")[0]) == (True, False)
    assert ("Qingjiangpu" in zh, "清江浦区" in en) == (False, False)
    assert "示例研发补助 — 符合" in zh


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_written_is_what_would_be_printed(run: Run, draft: Path, tmp_path: Path, form: str):
    words = (draft, "--against", "rd", "--as-of", AS_OF, "--format", form)
    out = written(tmp_path / "reports", "report", "an older report")
    done = run(*words, "--out", out)
    assert (done.code, done.out) == (0, "")
    assert out.read_text(encoding="utf-8") == run(*words).out
    assert [path.name for path in out.parent.iterdir()] == ["report"]


# --- a policy that is wholly new ---


def test_a_new_policy_has_only_gains_and_what_is_missing(city: City, run: Run, tmp_path: Path):
    path = written(tmp_path / "drafts", "fresh@2026-01-01.yml", rd("fresh"))
    found = report(run, path, "--against", "none")
    same = outcomes(city, city.settings.policies, "rd", AS_OF)
    verdicts = Counter(verdict for verdict, _, _ in same.values())
    assert present(found["firms"]["kinds"]) == {
        "gain": verdicts[Verdict.ELIGIBLE], "doubt": verdicts[Verdict.UNKNOWN], "same": verdicts[Verdict.INELIGIBLE]
    }  # fmt: skip
    assert found["manifest"]["old"] is None
    assert {row["old"] for row in found["firms"]["transitions"]} == {None}
    assert found["totals"]["old"]["possible"] == 0
    printed = run(path, "--against", "none", "--as-of", AS_OF).out
    assert "— → fresh@2026-01-01" in printed
    assert "只列前 20 条" in printed
    assert len(found["affected"]) > 20


def test_a_folder_is_compared_like_a_file(city: City, run: Run, draft: Path, tmp_path: Path):
    text = draft.read_text(encoding="utf-8")
    folder = library_with(city, tmp_path / "library", draft.name, text, "rd@2026-01-01.yml")
    of_file, of_folder = report(run, draft, "--against", "rd"), report(run, folder, "--against", "rd")
    for part in ("firms", "subjects", "totals", "groups", "demands", "affected"):
        assert of_file[part] == of_folder[part]
    assert of_folder["manifest"]["replaced"] == []


def test_the_one_new_policy_of_a_folder_is_found(city: City, run: Run, tmp_path: Path):
    folder = Path(shutil.copytree(city.settings.policies, tmp_path / "library"))
    none = run(folder, "--against", "none", "--as-of", AS_OF)
    assert (none.code, "which_policy" in none.err) == (2, True)
    written(folder, "fresh@2026-01-01.yml", rd("fresh"))
    assert report(run, folder, "--against", "none")["manifest"]["new"]["policy"] == "fresh@2026-01-01"
    written(folder, "more@2026-01-01.yml", rd("more"))
    several = run(folder, "--against", "none", "--as-of", AS_OF)
    assert (several.code, "fresh, more" in several.err) == (2, True)


def test_before_anything_is_published_the_library_is_the_old_side(city: City, run: Run, draft: Path, tmp_path: Path):
    home = Path(shutil.copytree(city.settings.home, tmp_path / "home", ignore=shutil.ignore_patterns("published")))
    done = run(draft, "--against", "rd", "--as-of", AS_OF, "--format", "json", SUBSIDY_HOME=home)
    assert json.loads(done.out)["manifest"]["old"]["origin"] == str(city.settings.policies)


def test_the_old_version_can_be_judged_on_a_day_of_its_own(run: Run, draft: Path):
    found = report(run, draft, "--against", "rd", "--old-as-of", "2026-02-01")
    assert found["manifest"]["old"]["as_of"] == "2026-02-01"
    outside = run(draft, "--against", "rd", "--as-of", AS_OF, "--old-as-of", "2025-02-01")
    assert (outside.code, "not in force on 2025-02-01" in outside.err) == (2, True)


# --- money that is there ---


@pytest.mark.parametrize("step", [100_00, 1_0000_00])
def test_a_budget_is_shared_out_pro_rata(run: Run, draft: Path, step: int):
    found = report(run, draft, "--against", "rd", "--budget", "100万元", "--step", f"{step // 100}元")
    budget, needed = found["budget"], sum(row["guaranteed"] for row in found["demands"])
    assert (budget["amount"], budget["step"], budget["fund"]) == (100 * WAN, step, None)
    assert budget["needed"]["guaranteed"] == needed > 100 * WAN
    for row in found["demands"]:
        assert row["share_of_guaranteed"] == row["guaranteed"] * 100 * WAN // needed // step * step
    paid = sum(row["share_of_guaranteed"] for row in found["demands"])
    assert (budget["guaranteed"]["paid"], budget["guaranteed"]["remainder"]) == (paid, 100 * WAN - paid)
    assert budget["guaranteed"]["short"] is True


def test_a_budget_that_is_enough_pays_all(run: Run, draft: Path):
    found = report(run, draft, "--against", "rd", "--budget", "1亿元")
    assert all(row["share_of_guaranteed"] == row["guaranteed"] for row in found["demands"])
    assert (found["budget"]["guaranteed"]["short"], found["budget"]["guaranteed"]["rate"]) == (False, "1")


def test_pooled_funds_set_the_budget_where_none_is_given(city: City, run: Run, draft: Path):
    assert report(run, draft, "--against", "rd")["budget"]["amount"] is None
    add_funds(
        city, {"rd-pool": 60 * WAN + 7 * WAN, "county-pool": 20 * WAN + 7 * WAN}
    )  # 7万元 of each are spent already
    found = report(run, draft, "--against", "rd", "--step", "1000元")["budget"]
    assert (found["amount"], found["fund"], found["step"]) == (
        67 * WAN + WAN // 2,
        "county-pool",
        1000_00,
    )  # 27万元 are 40% of it
    assert report(run, draft, "--against", "rd", "--budget", "1万元")["budget"]["fund"] is None
    assert "资金规模 (county-pool)" in run(draft, "--against", "rd", "--as-of", AS_OF).out


def add_funds(city: City, allocated: dict[str, int]) -> None:
    def work(session: Any) -> None:
        for fund, amount in allocated.items():
            session.add(
                FundRow(
                    id=fund, name_zh=fund, name_en=fund, department="", year=2026, mode="pooled", indicator_no="",
                    function_code="", spending_plan="", frozen=False, allocated=amount, reserved=WAN, committed=2 * WAN,
                    paid=4 * WAN, step=1,
                )
            )  # fmt: skip

    engine = open_engine(city.settings.url)
    in_unit(engine, work)
    engine.dispose()


# --- what cannot be done ---


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--budget", "很多"), "is not a number"),
        (("--budget", "500"), "not an amount of money: 500"),
        (("--budget", "5人"), "not an amount of money: 5人"),
        (("--budget=-5万元",), "not an amount of money: -5万元"),
        (("--budget", "0.001元"), "not an amount of money: 0.001元"),
        (("--budget", "5万元", "--step", "0元"), "a step is greater than zero"),
        (("--step", "x"), "is not a number"),
        (("--format", "xlsx"), "a workbook needs --out FILE"),
        (("--format", "pdf"), "text | json | xlsx"),
        (("--as-of", "2026-13-01"), "not a date"),
        (("--old-as-of", "gestern"), "not a date"),
        (("--against", "nobody"), "no such policy: 'nobody'"),
        (("--out", "{tmp}"), "cannot be written: Is a directory"),
        (("--out", "."), "cannot be written: Is a directory"),
        (("--out", "{tmp}/missing/x"), "cannot be written: No such file or directory"),
        (("--out", "{tmp}/missing/x.xlsx", "--format", "xlsx"), "cannot be written: No such file or directory"),
    ],
)
def test_what_is_asked_for_wrongly_is_said_in_a_sentence(
    run: Run, draft: Path, tmp_path: Path, words: tuple[str, ...], says: str
):
    before = sorted(tmp_path.rglob("*"))
    done = run(draft, "--against", "rd", *(word.format(tmp=tmp_path) for word in words))
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "firms," not in done.err  # nobody waits for an answer that cannot be given
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_is_not_there_and_one_that_is_no_policy(city: City, run: Run, tmp_path: Path):
    for path, says in (
        (tmp_path / "missing.yml", "no such file"),
        (city.settings.policies / "rd.cases.yml", "this is not a policy file"),
        (city.settings.policies / "parameters" / "regions.yml", "this is not a policy file"),
        (tmp_path, "no facts.yml"),
    ):
        done = run(path, "--against", "rd", "--as-of", AS_OF)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


def test_a_broken_draft_is_a_finding_at_its_own_place(run: Run, tmp_path: Path):
    path = written(tmp_path, "rd@2026-07-01.yml", rd(**CHANGED).replace("rd_expense", "rd_expence"))
    done = run(path, "--against", "rd", "--as-of", AS_OF, "--out", tmp_path / "x")
    assert done.code == 1
    assert f"{path}:11:" in done.err
    assert "rd_expence" in done.err
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_without_imported_data_there_is_nothing_to_compare(run: Run, draft: Path, tmp_path: Path):
    done = run(draft, "--against", "rd", "--as-of", AS_OF, SUBSIDY_HOME=tmp_path / "home")
    assert (done.code, done.out) == (2, "")
    assert "import department files first" in done.err


@pytest.mark.parametrize("form", ["json", "xlsx"])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyError("unforeseen")])
def test_what_fails_half_way_leaves_the_older_report_and_nothing_else(
    run: Run, draft: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, failure: Exception
):
    out = written(tmp_path / "reports", "report", "an older report")

    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(Path, "replace", fail)
    words = (draft, "--against", "rd", "--as-of", AS_OF, "--format", form, "--out", out)
    if isinstance(failure, OSError):
        done = run(*words)
        assert (done.code, "cannot be written: No space left on device" in done.err) == (2, True)
    else:
        with pytest.raises(KeyError):
            run(*words)
    assert out.read_text(encoding="utf-8") == "an older report"
    assert [path.name for path in out.parent.iterdir()] == ["report"]


def test_a_workbook_that_fails_half_way_leaves_nothing(
    run: Run, draft: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def half(path: Path, *_: object) -> None:
        path.write_bytes(b"PK half")
        raise RuntimeError("half way")

    monkeypatch.setattr(sys.modules["subsidy_match.cli.impact"], "write_workbook", half)
    out = tmp_path / "reports"
    out.mkdir()
    with pytest.raises(RuntimeError, match="half way"):
        run(draft, "--against", "rd", "--as-of", AS_OF, "--format", "xlsx", "--out", out / "x.xlsx")
    assert list(out.iterdir()) == []


def test_as_a_command_it_prints_data_alone_on_stdout(city: City, draft: Path):
    words = ["policies", "impact", str(draft), "--against", "rd", "--as-of", AS_OF, "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "subsidy_match.cli", *words],
        env={"PYTHONPATH": str(ROOT / "src"), **city.env}, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["manifest"]["old"]["policy"] == "rd@2026-01-01"
    assert "firms" in done.stderr
