"""Values that contradict each other are decided by a person, remembered with who and when, and open again when they change."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from profile_files import POLICIES, code, firm, write_penalties, write_register, write_tax
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError, NotFound
from subsidy_match.profiles import ReviewItem, decide, open_snapshot
from subsidy_match.profiles.decisions import load_decisions
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.review_values import VALUE_SHEET

REVENUE, GRADE = "revenue_2025", "penalties.grade"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    penalty = [code(1), "", "1号", "环境保护", "一般", "2025-01-01", "", "否"]
    rows = [penalty, [*penalty[:4], "重大", *penalty[5:]]]
    files = [write_register(tmp_path, [firm(1), firm(2)]), write_penalties(tmp_path, rows)]
    done = call("import", *files, second(tmp_path, 2, 3))
    assert "values that differ" in done.stderr + done.stdout or "不一致" in done.stdout, done.exception
    return tmp_path / "home"


def second(folder: Path, *revenues: int) -> Path:
    """Two rows of one firm in one file: equal trust, equal day."""
    return write_tax(folder, [[code(1), "", 1, revenue] for revenue in revenues])


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def waiting(home: Path) -> dict[str, ReviewItem]:
    with open_snapshot(home) as snapshot:
        return {item.target: item for item in snapshot.reviews() if item.kind == "value"}


def known(home: Path) -> tuple[object, object]:
    """The turnover and the grade of the penalty."""
    with open_snapshot(home) as snapshot:
        document = snapshot.enterprise(code(1))
    value = document.values.get(REVENUE)
    return value.value if value else None, document.collections["penalties"].rows[0]["grade"]


def test_a_chosen_reading_counts_from_the_next_build_on(home):
    before, items = Shelf(home).current(), waiting(home)
    assert {target: item.values for target, item in items.items()} == {
        REVENUE: ("2000000", "3000000"),
        GRADE: ("major", "minor"),
    }
    call("review", "--choose", f"{items[REVENUE].id}=3万元", "--choose", f"{items[GRADE].id}=一般", "--by", "张三")
    assert (known(home), waiting(home)) == ((3_000_000, "minor"), {})
    assert Shelf(home).current() != before
    with open_snapshot(home) as snapshot:
        lost = {(a.target, a.value, a.outcome) for a in snapshot.alternatives(code(1))}
    assert lost == {(REVENUE, "2000000", "tie"), (GRADE, "major", "tie")}
    rulings = load_decisions(Shelf(home).decisions).rulings
    assert {(c.target, c.chosen, c.by, type(c.on)) for c in rulings} == {
        (REVENUE, "3000000", "张三", date),
        (GRADE, "minor", "张三", date),
    }


def test_that_nobody_can_say_leaves_it_unknown_and_asks_no_more(home):
    call("review", "--leave", waiting(home)[REVENUE].id, "--by", "张三")
    assert known(home)[0] is None
    assert REVENUE not in waiting(home)


def test_other_readings_open_it_again_and_the_old_ones_are_still_decided(home, tmp_path):
    call("review", "--choose", f"{waiting(home)[REVENUE].id}=3万元", "--by", "张三")
    call("import", second(tmp_path, 2, 3, 4), "--as-of", "2026-06-01")
    assert known(home)[0] is None
    assert waiting(home)[REVENUE].values == ("2000000", "3000000", "4000000")
    call("withdraw", "税务_20260531.xlsx", "--as-of", "2026-06-01", "--by", "张三", "--reason", "试")
    assert known(home)[0] == 3_000_000


def test_the_same_readings_from_another_file_of_that_day_stay_decided(home, tmp_path):
    call("review", "--choose", f"{waiting(home)[REVENUE].id}=3万元", "--by", "张三")
    call("import", second(tmp_path, 3, 2))
    assert known(home)[0] == 3_000_000
    assert REVENUE not in waiting(home)


def test_the_same_readings_of_another_day_are_another_contradiction(home, tmp_path):
    call("review", "--choose", f"{waiting(home)[REVENUE].id}=3万元", "--by", "张三")
    call("import", second(tmp_path, 2, 3), "--as-of", "2026-06-30")
    assert known(home)[0] is None
    assert waiting(home)[REVENUE].sources == ("tax 2026-06-30",)
    call("review", "--choose", f"{waiting(home)[REVENUE].id}=2万元", "--by", "张三")
    assert known(home)[0] == 2_000_000


def test_a_list_opens_again_with_another_day_too(home, tmp_path):
    call("review", "--choose", f"{waiting(home)[GRADE].id}=一般", "--by", "张三")
    penalty = [code(1), "", "1号", "环境保护", "一般", "2025-01-01", "", "否"]
    rows = [penalty, [*penalty[:4], "重大", *penalty[5:]]]
    call("import", write_penalties(tmp_path, rows, "20260630"))
    assert known(home)[1] is None
    assert GRADE in waiting(home)


def test_a_ruling_on_one_field_leaves_the_source_of_the_row(tmp_path, monkeypatch):
    penalty = [code(1), "", "1号", "环境保护", "一般", "2025-01-01", "", "否"]
    files = [tmp_path / "甲", tmp_path / "乙"]
    for folder, grade in zip(files, ("一般", "重大"), strict=True):
        folder.mkdir()
        write_penalties(folder, [[*penalty[:4], grade, *penalty[5:]]]).rename(
            folder / f"失信{folder.name}_20260531.csv"
        )
    paths = [next(folder.iterdir()) for folder in files]
    for name, value in {"HOME": tmp_path / "home", "POLICIES": POLICIES, "PERSON_KEY": "k"}.items():
        monkeypatch.setenv(f"SUBSIDY_{name}", str(value))
    call("import", write_register(tmp_path, [firm(1)]), *paths)
    home = tmp_path / "home"
    sources, item = [], waiting(home)[GRADE].id
    for choice in ("", "一般", "重大"):
        if choice:
            call("review", "--choose", f"{item}={choice}", "--by", "张三")
        with open_snapshot(home) as snapshot:
            collection = snapshot.enterprise(code(1)).collections["penalties"]
        sources.append((collection.rows[0]["grade"], collection.source))
    assert [grade for grade, _ in sources] == [None, "minor", "major"]
    assert len({source for _, source in sources}) == 1


def test_a_choice_can_be_taken_again(home):
    item = waiting(home)[REVENUE].id
    call("review", "--choose", f"{item}=3万元", "--by", "张三")
    call("review", "--choose", f"{item}=2万元", "--by", "李四")
    assert known(home)[0] == 2_000_000
    assert [c.by for c in load_decisions(Shelf(home).decisions).rulings] == ["张三", "李四"]


def test_a_value_that_nobody_gave_and_an_item_that_is_none_are_refused(home):
    item, today = waiting(home)[REVENUE].id, date(2026, 6, 1)
    with pytest.raises(InputError):
        decide(home, [], by="张三", on=today, rulings=[(item, "2500000")])
    with pytest.raises(NotFound):
        decide(home, [], by="张三", on=today, rulings=[("000000000000", "2000000")])
    assert load_decisions(Shelf(home).decisions).rulings == ()


def test_readings_are_shown_as_people_write_them_with_who_gave_them(home):
    shown = call("review").stdout
    node = {item["target"]: item["values"] for item in json.loads(call("review", "--json").stdout) if item["target"]}
    assert "2000000" not in shown
    assert [value["value"] for value in node[REVENUE]] == ["2万元", "3万元"]
    assert [value["value"] for value in node[GRADE]] == ["重大", "一般"]
    assert {(value["department"], value["as_of"], value["batch"]) for value in node[REVENUE]} == {
        ("tax", "2026-05-31", "税务_20260531.xlsx!主要指标")
    }
    assert "2万元 (市税务局 2026-05-31" in shown.replace("\n", "")


@pytest.mark.parametrize("written", ["3000000", "3", "30000", "4万元", "major"])
def test_a_choice_that_is_no_shown_reading_is_refused(home, written):
    done = call("review", "--choose", f"{waiting(home)[REVENUE].id}={written}", "--by", "张三")
    assert isinstance(done.exception, InputError)
    assert "3万元" in (done.exception.hint or "")
    assert load_decisions(Shelf(home).decisions).rulings == ()


# --- in the workbook ---


def book(home: Path, folder: Path) -> tuple[Path, list[list[object]]]:
    out = folder / "核对.xlsx"
    call("review", "--out", out)
    return out, CalamineWorkbook.from_path(str(out)).get_sheet_by_name(VALUE_SHEET).to_python(skip_empty_area=False)


def fill(out: Path, rows: list[list[object]], decisions: dict[str, object]) -> Path:
    """The workbook as an officer hands it back: decisions by fact."""
    head, *body = rows
    firms = CalamineWorkbook.from_path(str(out)).get_sheet_by_name("待核对").to_python(skip_empty_area=False)
    filled = out.with_name("已填.xlsx")
    with xlsxwriter.Workbook(filled) as made:
        made.add_worksheet("待核对").write_row(0, 0, firms[0])
        sheet = made.add_worksheet(VALUE_SHEET)
        sheet.write_row(0, 0, head)
        for number, row in enumerate(body, start=1):
            sheet.write_row(number, 0, [*row[:-1], decisions.get(str(row[3]), "")])
    return filled


def test_the_workbook_goes_out_with_the_readings_and_comes_back_with_one(home, tmp_path):
    out, rows = book(home, tmp_path)
    assert {row[3]: row[4] for row in rows[1:]} == {REVENUE: "2万元 | 3万元", GRADE: "重大 | 一般"}
    assert all("2026-05-31" in str(row[5]) for row in rows[1:])
    options = CalamineWorkbook.from_path(str(out)).get_sheet_by_name("数值选项").to_python()
    assert ["2万元", "3万元", "未知 / unknown"] in options
    filled = fill(out, rows, {REVENUE: "30,000元", GRADE: "未知 / unknown"})
    assert call("review", "--in", filled, "--by", "张三").exit_code == 0
    assert (known(home), waiting(home)) == ((3_000_000, None), {})
    taken = load_decisions(Shelf(home).decisions)
    assert call("review", "--in", filled, "--by", "李四").exit_code == 0  # once more does no harm
    assert load_decisions(Shelf(home).decisions) == taken


def refused(path: Path) -> set[tuple[str, str]]:
    error = call("review", "--in", path, "--by", "张三").exception
    assert isinstance(error, InputError)
    return {(finding.code.removeprefix("profiles.review."), str(finding.at)) for finding in error.findings}


def test_a_line_that_cannot_be_believed_stops_the_whole_file(home, tmp_path):
    out, (head, *body) = book(home, tmp_path)
    body.sort(key=lambda row: str(row[3]))  # the grade, then the turnover
    place = f"已填.xlsx:{VALUE_SHEET}!H"
    assert refused(fill(out, [head, *body], {REVENUE: 3_000_000, GRADE: "一般"})) == {("reading", f"{place}3")}
    moved = [[body[1][0], *body[0][1:]], [body[0][0], *body[1][1:]]]
    assert {c for c, _ in refused(fill(out, [head, *moved], {REVENUE: "2万元", GRADE: "一般"}))} == {"moved"}
    filled = fill(out, [head, *body], {REVENUE: "2万元"})
    call("review", "--choose", f"{body[1][0]}=3万元", "--by", "李四")
    assert refused(filled) == {("stale", f"{place}3")}
    assert known(home) == (3_000_000, None)


@pytest.mark.parametrize(
    "options",
    [
        ("--leave", "{value}", "--choose", "{value}=2万元"),
        ("--choose", "{value}=2万元", "--choose", "{value}=3万元"),
        ("--refuse", "{identity}", "--match", "{identity}={firm}"),
        ("--match", "{identity}={firm}", "--match", "{identity}={other}"),
    ],
)
def test_two_decisions_of_one_item_in_one_call_are_refused(home, tmp_path, options):
    penalty = ["", "淮安合成009科技有限公司", "9号", "环境保护", "一般", "2025-01-01", "", "否"]
    call("import", write_penalties(tmp_path, [penalty]), "--as-of", "2026-06-01")
    with open_snapshot(home) as snapshot:
        (identity,) = [item.id for item in snapshot.reviews() if item.kind == "identity"]
    words = {"value": waiting(home)[REVENUE].id, "identity": identity, "firm": code(1), "other": code(2)}
    refused = call("review", *(option.format(**words) for option in options), "--by", "张三").exception
    assert isinstance(refused, InputError)
    assert refused.code == "profiles.review.contradiction"
    taken = load_decisions(Shelf(home).decisions)
    assert (taken.taken, taken.rulings) == ((), ())


def test_one_decision_said_twice_is_no_contradiction(home):
    choice = f"{waiting(home)[REVENUE].id}=2万元"
    call("review", "--choose", choice, "--choose", choice, "--by", "张三")
    assert known(home)[0] == 2_000_000
