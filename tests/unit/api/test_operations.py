"""What those who run the office look at: workbooks, figures, metrics, and reads that say that nothing moved."""

from __future__ import annotations

import io

from api_world import FUND, NAME, OTHER, ApiWorld
from python_calamine import CalamineWorkbook
from sqlalchemy import event


def rows(content: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_the_list_is_a_workbook_with_its_filters(api: ApiWorld):
    claim = api.walk("ACCEPTED")
    api.draft(policy_id="demo-projects", subject="P1")
    content = api.client.get("/v1/claims.xlsx", headers=_token("clerk")).content
    head, *lines, total = rows(content)
    assert len(lines) == 2
    summed = head.index("金额(元)")
    assert (total[0], total[summed]) == ("合计(2)", sum(line[summed] for line in lines))
    assert not {"账号", "account"} & set(map(str, head))
    filtered = api.client.get("/v1/claims.xlsx?state=ACCEPTED", headers=_token("clerk")).content
    notes = CalamineWorkbook.from_filelike(io.BytesIO(filtered)).get_sheet_by_name("说明").to_python()
    assert notes[0][1] == "state=ACCEPTED"
    only = rows(filtered)[1:-1]
    row = dict(zip(head, only[0], strict=True))
    assert (len(only), row["企业名称"], row["金额(元)"], row["状态"]) == (1, NAME, 10_000.0, "已受理")
    assert row["办件编号"] == api.get(f"/v1/claims/{claim}", "clerk").json()["claim_no"]


def test_a_firm_gets_a_workbook_of_its_own_claims(api: ApiWorld):
    api.walk("IN_REVIEW")
    head, line, _ = rows(api.client.get("/v1/claims.xlsx", headers=_token("applicant")).content)
    assert dict(zip(head, line, strict=True))["经办人"] == ""
    assert (
        len(rows(api.client.get("/v1/claims.xlsx", headers=_token("other_applicant")).content)) == 2
    )  # head and total
    assert api.get("/v1/claims.xlsx").status_code == 401


def test_figures_count_days_from_acceptance_to_payment(api: ApiWorld):
    claim = api.walk("PAYABLE")
    api.wait(1)
    batch = api.post("/v1/payouts", "maker", {"claim_ids": [claim]}).json()
    api.post(f"/v1/payouts/{batch['id']}/approve", "checker")
    batch = api.post(f"/v1/payouts/{batch['id']}/send", "maker").json()
    assert api.receipts(batch).status_code == 200
    settled = api.get(f"/v1/claims/{claim}/timeline", "clerk").json()[-2]
    (figures,) = api.get("/v1/statistics", "supervisor").json()
    days = settled["counted_days"]
    assert days > 0
    assert [figures[name] for name in ("accepted", "paid", "days_p50", "days_p90", "days_max")] == [1, 1, *[days] * 3]
    assert (figures["overdue"], figures["returned"], figures["return_rate"]) == (0, 0, 0)


def test_figures_count_what_is_late_and_what_was_sent_back(api: ApiWorld):
    claim = api.walk("IN_RECHECK")
    api.fire(claim, "return", "rechecker", reason_code="facts_unclear")
    api.wait(30)
    (figures,) = api.get("/v1/statistics", "supervisor").json()
    assert (figures["overdue"], figures["returned"], figures["return_rate"]) == (1, 1, 10_000)
    assert figures["days_p50"] is None
    assert api.get("/v1/statistics", "supervisor", accepted_from="2026-06-02").json() == []
    assert api.get("/v1/statistics", "applicant").status_code == 403


def test_metrics_tell_claims_and_funds(api: ApiWorld):
    api.walk("ACCEPTED")
    text = api.client.get("/metrics", headers=_token("supervisor")).text
    assert 'subsidy_claims{state="ACCEPTED"} 1.0' in text
    assert f'subsidy_fund_fen{{balance="reserved",fund="{FUND}"}} 1e+06' in text
    assert api.get("/metrics").status_code == 401


def test_what_was_not_changed_is_not_told_again(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    etag = api.get(f"/v1/claims/{claim}", "clerk").headers["etag"]
    path = f"/v1/claims/{claim}"
    again = api.client.get(path, headers=_token("clerk") | {"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert api.client.get(path, headers=_token("clerk") | {"If-None-Match": '"1"'}).status_code == 200
    # Whoever may not see the claim learns nothing from a tag either.
    assert api.client.get(path, headers=_token("other_applicant") | {"If-None-Match": etag}).status_code == 404


def test_a_claim_whose_risks_changed_is_told_again_though_no_step_was_taken(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    path, clerk = f"/v1/claims/{claim}", _token("clerk")
    etag = api.get(path, "clerk").headers["etag"]
    shared = {"holder": NAME, "bank_name": "示例银行", "number": "6222000000001234"}
    assert api.post(f"/v1/enterprises/{OTHER}/accounts", "other_applicant", shared).status_code == 201
    again = api.client.get(path, headers=clerk | {"If-None-Match": etag})
    assert (again.status_code, again.json()["open_risks"], again.headers["etag"] != etag) == (200, 1, True)
    done = api.post(f"{path}/events", "clerk", {"event": "accept"}, If_Match=again.headers["etag"])
    assert done.status_code == 200


def test_a_claim_whose_clock_runs_is_told_every_day(api: ApiWorld):
    claim = api.walk("ACCEPTED")
    etag = api.get(f"/v1/claims/{claim}", "clerk").headers["etag"]
    api.wait(1)
    again = api.client.get(f"/v1/claims/{claim}", headers=_token("clerk") | {"If-None-Match": etag})
    assert (again.status_code, again.json()["clock"]["elapsed"]) == (200, 1)


def _token(login: str) -> dict[str, str]:
    from api_world import token_of

    return {"Authorization": f"Bearer {token_of(login)}"}


def test_lists_and_workbooks_are_of_one_transaction_each(api: ApiWorld):
    for subject in ("P1", "P2"):
        api.draft(policy_id="demo-projects", subject=subject)

    def begun(path: str) -> int:
        count = []
        listen = lambda *_: count.append(1)  # noqa: E731
        event.listen(api.platform.engine, "begin", listen)
        assert api.client.get(path, headers=_token("applicant")).status_code == 200
        event.remove(api.platform.engine, "begin", listen)
        return len(count)

    few, none = begun("/v1/claims?limit=1"), begun("/v1/claims.xlsx?period=1999")
    assert (begun("/v1/claims"), begun("/v1/claims.xlsx")) == (few, none)
