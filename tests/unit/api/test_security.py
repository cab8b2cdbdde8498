from __future__ import annotations

import json

import pytest
from api_world import FIRM, OTHER, ApiWorld, token_of

from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import deactivate_user

PAGES = ["", "/matches", "/notices", "/accounts"]


def test_without_a_token_nothing_of_a_firm_is_told(api: ApiWorld):
    answer = api.get("/v1/claims")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_wrong_token_is_told_apart_from_none(api: ApiWorld):
    answer = api.get("/v1/claims", "nobody")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_unknown")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_wrong_token_is_refused_even_where_none_is_needed(api: ApiWorld):
    assert api.post("/v1/eligibility", "nobody", {"profile": {}}).status_code == 401


def test_a_person_who_left_is_nobody(api: ApiWorld):
    in_unit(api.platform.engine, lambda session: deactivate_user(session, "clerk"))
    assert api.get("/v1/claims", "clerk").status_code == 401


@pytest.mark.parametrize("page", PAGES)
def test_another_firms_pages_are_forbidden(api: ApiWorld, page: str):
    answer = api.get(f"/v1/enterprises/{OTHER}{page}", "applicant")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_firm")


def test_a_firm_that_does_not_exist_looks_like_another_firm(api: ApiWorld):
    strange = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
    answers = [api.get(f"/v1/enterprises/{code}", "applicant").json() for code in (strange, OTHER)]
    assert [{**answer, "request_id": None} for answer in answers] == [{**answers[0], "request_id": None}] * 2


def test_eligibility_of_another_firm_is_forbidden(api: ApiWorld):
    assert api.post("/v1/eligibility", "applicant", {"uscc": OTHER}).json()["code"] == "not_your_firm"
    assert api.post("/v1/eligibility", None, {"uscc": OTHER}).json()["code"] == "token_missing"


@pytest.mark.parametrize("page", ["", "/timeline", "/events", "/evidence/2"])
def test_another_firms_claim_does_not_exist(api: ApiWorld, page: str):
    claim = api.walk("SUBMITTED")
    answer = api.get(f"/v1/claims/{claim}{page}", "other_applicant")
    assert (answer.status_code, answer.json()["code"]) == (404, "claim_unknown")


def test_nothing_can_be_done_to_another_firms_claim_and_the_attempt_is_on_record(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    answer = api.fire(claim, "withdraw", "other_applicant")
    assert (answer.status_code, answer.json()["code"]) == (404, "claim_unknown")
    last = api.audit(f"claim:{claim}")[-1]
    assert (last.actor, last.action, last.outcome) == ("other_applicant", "withdraw", "refused")


def test_nobody_drafts_for_another_firm_and_the_attempt_is_on_record(api: ApiWorld):
    answer = api.draft(uscc=OTHER)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_firm")
    (entry,) = api.audit("user:applicant")  # a firm of which nothing was ever done gets no chain by that
    assert (entry.outcome, json.loads(entry.detail)["subject"]) == ("refused", f"enterprise:{OTHER}")


def test_a_firm_lists_its_own_claims_only(api: ApiWorld):
    api.draft()
    assert api.get("/v1/claims", "other_applicant").json()["items"] == []
    assert [claim["uscc"] for claim in api.get("/v1/claims", "applicant").json()["items"]] == [FIRM]


@pytest.mark.parametrize("path", ["/v1/funds", "/v1/funds/demo-fund-2026", "/v1/payouts", "/v1/enterprises?q=合成"])
def test_funds_payouts_and_the_search_are_for_officers(api: ApiWorld, path: str):
    assert api.ask("GET", path, "applicant").json()["code"] == "officers_only"
    assert api.ask("GET", path, "clerk").status_code == 200


def test_a_firm_reads_reasons_but_no_logins_and_no_notes_between_officers(api: ApiWorld):
    claim = api.walk("IN_RECHECK")
    api.fire(claim, "return", "rechecker", reason_code="facts_unclear", note="内部意见")
    step = api.get(f"/v1/claims/{claim}/timeline", "applicant").json()[-1]
    assert (step["actor"], step["detail"]) == (None, {"reason_code": "facts_unclear"})
    assert api.get(f"/v1/claims/{claim}", "applicant").json()["assignee"] is None
    assert api.get(f"/v1/claims/{claim}/timeline", "lead").json()[-1]["detail"]["note"] == "内部意见"


def test_a_firm_reads_what_is_to_be_corrected(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    asked = {"items": ["补承诺书"], "due_on": "2026-06-20", "note": "请盖章"}
    api.fire(claim, "request_correction", "clerk", **asked)
    assert api.get(f"/v1/claims/{claim}/timeline", "applicant").json()[-1]["detail"] == asked


def test_an_account_number_is_never_shown(api: ApiWorld):
    api.give_account()
    shown = api.get(f"/v1/enterprises/{FIRM}/accounts", "clerk")
    assert "6222000000001234" not in shown.text
    assert [account["last_four"] for account in shown.json()] == ["1234"]


def test_whoever_entered_an_account_cannot_verify_it(api: ApiWorld):
    body = {"holder": "甲", "bank_name": "示例银行", "number": "6222000000001234"}
    account = api.post(f"/v1/enterprises/{FIRM}/accounts", "clerk", body).json()["id"]
    answer = api.post(f"/v1/accounts/{account}/verify", "clerk")
    assert (answer.status_code, answer.json()["code"]) == (403, "duty_conflict")


def test_a_token_in_the_query_is_no_token(api: ApiWorld):
    assert api.get("/v1/claims", None, access_token=token_of("clerk")).status_code == 401


def test_a_firm_is_not_told_who_at_the_office_handles_its_claim_or_account(api: ApiWorld):
    api.walk("IN_REVIEW")
    for path in ("/v1/claims", "/v1/claims.xlsx"):
        assert api.get(path, "reviewer", assignee="reviewer").status_code == 200
        assert api.get(path, "applicant", assignee="reviewer").json()["code"] == "officers_only"
    entered = lambda who: [a["entered_by"] for a in api.get(f"/v1/enterprises/{FIRM}/accounts", who).json()]  # noqa: E731
    verified = lambda who: [a["verified_by"] for a in api.get(f"/v1/enterprises/{FIRM}/accounts", who).json()]  # noqa: E731
    assert entered("applicant") == entered("clerk") == ["applicant"]
    assert (verified("applicant"), verified("lead")) == ([None], ["supervisor"])
