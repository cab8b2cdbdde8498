"""From an approval to money that comes back, on the command line over a real store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from api_world import FUND, NAME, OTHER, api, api_home
from claims_world import receipt_file, return_file
from command_line import Office, office
from store_truths import check_store

__all__ = ["api", "api_home", "office"]

NUMBER = "公示〔2026〕7号"
ALL = 10_000_00


def batch_of(office: Office, claim: int) -> int:
    office.done("payouts", "make", claim, by="maker")
    return int(office("payouts", "list", "--json").data[0]["id"])


def paid(office: Office, claim: int, folder: Path) -> str:
    """Pay a claim that is payable; gives the instruction."""
    batch = batch_of(office, claim)
    office.done("payouts", "approve", batch, by="checker")
    office.done("payouts", "export", batch, by="maker")
    (line,) = office("payouts", "show", batch, "--json").data["lines"]
    file = folder / "receipts.csv"
    file.write_bytes(receipt_file([(line["instruction"], ALL, "成功", "B1", "")]))
    assert "settled 1" in office.done("payouts", "reconcile", file, by="reconciler")
    return str(line["instruction"])


def test_a_batch_is_sent_once_checked_and_its_receipt_completes_the_claim(office: Office, tmp_path: Path):
    claim = office.api.walk("PAYABLE")
    batch = batch_of(office, claim)
    assert "batch_state" in office.refused("payouts", "export", batch, by="maker")
    assert "role_missing" in office.refused("payouts", "approve", batch, by="maker")
    assert "已复核 / approved" in office.done("payouts", "approve", batch, by="checker")
    exported = Path(office.done("payouts", "export", batch, by="maker").strip())
    (line,) = office("payouts", "show", batch, "--json").data["lines"]
    assert f"{line['instruction']},{NAME}" in exported.read_text("utf-8-sig")
    receipts = tmp_path / "receipts.csv"
    receipts.write_bytes(receipt_file([(line["instruction"], ALL - 1, "成功", "B1", "")]))
    assert "receipts.csv:2" in office.refused("payouts", "reconcile", receipts, by="reconciler")
    assert office.state(claim) == "IN_PAYMENT"
    receipts.write_bytes(receipt_file([(line["instruction"], ALL, "成功", "B1", "")]))
    assert "settled 1" in office.done("payouts", "reconcile", receipts, by="reconciler")
    assert "unchanged 1" in office.done("payouts", "reconcile", receipts, by="reconciler")
    assert office.state(claim) == "COMPLETED"
    check_store(office.api.platform.engine, office.api.platform.settings.treasury)


def test_a_batch_sent_back_or_called_off_makes_its_claim_payable_again(office: Office):
    claim = office.api.walk("PAYABLE")
    first = batch_of(office, claim)
    assert "已退回 / sent back" in office.done("payouts", "refuse", first, "--note", "用途有误", by="checker")
    second = batch_of(office, claim)
    office.done("payouts", "approve", second, by="checker")
    assert "reason_unknown" in office.refused("payouts", "cancel", second, "--reason", "mood", by="checker")
    assert "已撤销 / cancelled" in office.done("payouts", "cancel", second, by="checker")
    assert office.state(claim) == "PAYABLE"
    assert "batch_state" in office.refused("payouts", "approve", first, by="checker")


def test_a_payment_that_comes_back_waits_for_another_account(office: Office, tmp_path: Path):
    claim = office.api.walk("PAYABLE")
    instruction = paid(office, claim, tmp_path)
    file = tmp_path / "returns.csv"
    file.write_bytes(return_file([(instruction, ALL, "B1", "R1", "ACCOUNT_CLOSED")]))
    assert "returned 1" in office.done("payouts", "returns", file, by="reconciler")
    assert "unchanged 1" in office.done("payouts", "returns", file, by="reconciler")
    assert office.state(claim) == "PAY_FAILED"
    funds = {fund["id"]: fund for fund in office("funds", "list", "--json").data}
    assert (funds[FUND]["paid"], funds[FUND]["committed"]) == (0, ALL)


def test_a_notice_is_published_objected_to_answered_and_closed(office: Office):
    claim = office.api.walk("APPROVED")
    claim_no = office("claims", "show", claim, "--json").data["claim_no"]
    words = ("notices", "draft", claim, "--number", NUMBER, "--title", "示例公示", "--department", "示例局办公室")
    assert "contact_missing" in office.refused(*words, by="notice")
    office.done(*words, "--phone", "0517-00000000", by="notice")
    assert "number_taken" in office.refused(*words, "--phone", "0517-00000000", by="notice")
    (notice,) = office("notices", "list", "--json").data
    assert "notice_unknown" in office.refused("notices", "show", NUMBER)
    assert "role_missing" in office.refused("notices", "publish", notice["id"], by="clerk")
    office.done("notices", "publish", notice["id"], by="notice")
    assert NAME in office.done("notices", "show", NUMBER)
    filing = ("notices", "object", NUMBER, claim_no, "--evidence", "发票为虚开", "--name", "李某某")
    assert "objector_missing" in office.refused(*filing, by="clerk")
    office.done(*filing, "--contact", "0517-12345678", by="clerk")
    assert office.state(claim) == "OBJECTION"
    (objection,) = office("notices", "objections", "--state", "open", "--json").data
    office.api.wait(10)
    assert "objections_open" in office.refused("notices", "close", notice["id"], by="notice")
    decide = ("notices", "decide", objection["id"], "dismiss", "--answer", "查无此事", "--reason")
    assert "reason_unknown" in office.refused(*decide, "mood", by="supervisor")
    office.done(*decide, "objection_unfounded", by="supervisor")
    assert "objection_decided" in office.refused(*decide, "objection_unfounded", by="supervisor")
    assert "notice_running" in office.refused("notices", "close", notice["id"], by="notice")
    office.api.wait(10)
    assert "公示结束 / closed" in office.done("notices", "close", notice["id"], by="notice")


def test_a_document_of_allocation_is_issued_by_another_and_makes_its_claims_payable(office: Office):
    claim = office.api.walk("PUBLISHED")
    office.api.wait(8)
    words = ("allocations", "draft", claim, "--number", "财建〔2026〕1号", "--title", "资金下达")
    assert "role_missing" in office.refused(*words, by="clerk")
    office.done(*words, by="notice")
    (document,) = office("allocations", "list", "--json").data
    assert "allocation_state" in office.refused("allocations", "clear", document["id"], by="notice")
    assert "role_missing" in office.refused("allocations", "issue", document["id"], by="notice")
    office.done("allocations", "issue", document["id"], by="approver")
    office.done("allocations", "clear", document["id"], by="notice")
    assert office.state(claim) == "PAYABLE"
    shown = office("allocations", "show", document["id"], "--json").data
    assert (shown["total"], shown["claims"]) == (ALL, {str(claim): ALL})
    office.done("allocations", "void", document["id"], "--reason", "allocation_error", by="supervisor")
    assert office.state(claim) == "PUBLISHED"


def test_money_comes_back_by_instalments(office: Office, tmp_path: Path):
    claim = office.api.walk("PAYABLE")
    paid(office, claim, tmp_path)
    today = office.api.clock[0].date()
    first, last = date(today.year, 7, 1).isoformat(), date(today.year, 8, 3).isoformat()
    words = ("claims", "recover", "propose", claim, "--amount", 600000, "--reason", "overpaid", "--note", "多付")
    assert "plan_wrong" in office.refused(*words, "--due", first, by="supervisor")
    office.done(*words, "--due", f"{first}=200000", "--due", f"{last}=400000", by="supervisor")
    assert "not_new_decider" in office.refused("claims", "recover", "approve", claim, by="supervisor")
    office.done("claims", "recover", "approve", claim, by="supervisor_b")
    receipt = ("claims", "recover", "receive", claim, "--reference", "R1", "--amount", 150000)
    office.done(*receipt, by="reconciler")
    assert "recovery_reference_used" in office.refused(*receipt, by="reconciler")
    office.api.wait(30)
    (recovery,) = office("claims", "recover", "list", claim, "--json").data
    assert (recovery["recovered"], recovery["rest"], recovery["overdue"]) == (150000, 450000, 50000)
    assert recovery["plan"] == [{"due_on": first, "amount": 200000}, {"due_on": last, "amount": 400000}]
    office.done("claims", "recover", "receive", claim, "--reference", "R2", "--amount", 450000, by="reconciler")
    (recovery,) = office("claims", "recover", "list", claim, "--json").data
    assert (recovery["state"], recovery["rest"]) == ("recovered", 0)


def test_what_is_not_there_or_not_theirs_is_said_in_both_languages(office: Office):
    for words, by, code in (
        (("payouts", "make", 9), "maker", "claim_unknown"),
        (("payouts", "approve", 9), "checker", "batch_unknown"),
        (("payouts", "export", 9), "clerk", "role_missing"),
        (("payouts", "show", 2**63), None, "9223372036854775807"),
        (("payouts", "make", 2**63), "maker", "9223372036854775807"),
        (("payouts", "reconcile", "nowhere.csv"), "reconciler", "nowhere.csv"),
        (("payouts", "list", "--as"), None, "--as"),
        (("funds", "run", "show", 2**63), None, "9223372036854775807"),
        (("notices", "publish", 9), "notice", "notice_unknown"),
        (("notices", "objections", "--state", "lost"), None, "state_unknown"),
        (("notices", "decide", 9, "dismiss", "--answer", "无", "--reason", "other"), "supervisor", "objection_unknown"),
        (("allocations", "issue", 9), "approver", "allocation_unknown"),
        (("claims", "recover", "list", 9), None, "claim_unknown"),
        (("claims", "recover", "approve", 9), "nobody", "user_unknown"),
        (("claims", "fire", 9, "accept", "--payload", "5"), "clerk", "bad_json"),
        (("claims", "fire", 9, "accept", "--payload", "9" * 5000), "clerk", "bad_json"),
        (("claims", "list", "--limit", -1), None, "--limit"),
        (("payouts", "parked", "--limit", 0), None, "--limit"),
    ):
        assert code in office.refused(*words, by=by), words


def test_what_waits_for_a_person_is_listed_and_answered_for(office: Office, tmp_path: Path):
    instruction = paid(office, office.api.walk("PAYABLE"), tmp_path)
    file = tmp_path / "news.csv"
    file.write_bytes(receipt_file([(instruction, ALL, "失败", "", "BANK_REJECTED")]))
    assert "receipt_contradicts" in office("payouts", "reconcile", file, by="reconciler").err
    (one,) = office("payouts", "parked", "--json").data
    assert (one["instruction"], one["kind"], instruction in office.done("payouts", "parked")) == (
        instruction,
        "failure",
        True,
    )
    assert "F020" in office("doctor").out
    words = ("payouts", "resolve", one["id"], "--note", "银行误报")
    assert "parked_not_success" in office.refused(*words, "--paid", by="supervisor")
    assert instruction in office.done(*words, by="supervisor")
    assert office("payouts", "parked", "--json").data == []
    name = "PB20260608000009QQQQQ.csv"
    (office.api.platform.settings.treasury / name).write_bytes(b"sent before the disaster")
    assert name in office.done("payouts", "foreign")
    assert "F021" in office("doctor").out
    office.done("payouts", "confirm-file", name, "--note", "银行未收到", by="supervisor")
    for wrong, code in ((name, "foreign_file_confirmed"), (f"X{name}", "foreign_file_unknown")):
        assert code in office.refused("payouts", "confirm-file", wrong, "--note", "x", by="supervisor")


def test_a_list_that_was_cut_says_so(office: Office):
    drafts = (office.api.draft(), office.api.draft("other_applicant", uscc=OTHER, reason="待核"))
    assert [draft.json().get("code") for draft in drafts] == [None, None]
    both, one = office("claims", "list", "--limit", 2), office("claims", "list", "--limit", 1, "--json")
    assert (both.err, len(one.data)) == ("", 1)
    assert "只列出前1条,其后还有:--limit / only the first 1; there are more" in one.err
