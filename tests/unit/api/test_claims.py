from __future__ import annotations

from api_world import FIRM, FUND, OTHER, ApiWorld

MAIN = ["draft", "submit", "accept", "assign", "pass", "pass", "approve", "publish", "clear"]


def test_a_draft_says_where_it_is_and_which_version_it_has(api: ApiWorld):
    answer = api.draft()
    claim = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/claims/{claim['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (claim["state"], claim["amount"], claim["verdict"]) == ("DRAFT", 10_000_00, "eligible")


def test_a_claim_walks_to_payable_and_its_timeline_tells_every_step(api: ApiWorld):
    claim = api.walk("PAYABLE")
    steps = api.get(f"/v1/claims/{claim}/timeline", "clerk").json()
    assert [step["event"] for step in steps] == MAIN
    assert [step["version"] for step in steps] == list(range(1, len(MAIN) + 1))
    assert len({step["actor"] for step in steps}) == 7


def test_a_claim_has_its_clock_once_it_is_accepted(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["clock"] is None
    clock = api.fire(claim, "accept", "clerk").json()["clock"]
    assert (clock["limit"], clock["left"], clock["light"], clock["due_on"]) == (10, 10, "green", "2026-06-15")


def test_money_is_reserved_at_acceptance_and_seen_in_the_fund(api: ApiWorld):
    api.walk("ACCEPTED")
    fund = api.get(f"/v1/funds/{FUND}", "clerk").json()
    assert (fund["reserved"], fund["available"]) == (10_000_00, 90_000_00)
    ops = [entry["op"] for entry in api.get(f"/v1/funds/{FUND}/entries", "clerk").json()["items"]]
    assert ops == ["allocate", "reserve"]


def test_a_policy_that_is_closed_takes_no_claims(api: ApiWorld):
    answer = api.draft(policy_id="demo-closed")
    assert (answer.status_code, answer.json()["code"]) == (409, "policy_not_open")
    entries = [(entry.action, entry.outcome) for entry in api.audit(f"enterprise:{FIRM}")]
    assert entries[-1] == ("draft", "refused")


def test_a_policy_that_does_not_exist_is_not_found(api: ApiWorld):
    answer = api.draft(policy_id="no-such")
    assert (answer.status_code, answer.json()["code"]) == (404, "policy_not_found")


def test_a_second_claim_for_the_same_thing_conflicts(api: ApiWorld):
    api.draft()
    answer = api.draft()
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_claim")


def test_a_project_is_claimed_for_by_its_number(api: ApiWorld):
    claim = api.draft(policy_id="demo-projects", subject="P1").json()
    assert (claim["subject"], claim["amount"], claim["verdict"]) == ("P1", 560_000_00, "to_confirm")
    unknown = api.draft(policy_id="demo-projects", subject="P9")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "subject_unknown")


def test_a_stale_version_is_refused_and_says_who_changed_it(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    api.fire(claim, "accept", "clerk")
    answer = api.fire(claim, "accept", "clerk", version=2)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert "甲clerk" in answer.json()["zh"]
    assert "2026-06-01" in answer.json()["en"]


def test_a_firm_is_not_told_which_officer_changed_its_claim(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    api.fire(claim, "accept", "clerk")
    answer = api.fire(claim, "withdraw", "applicant", version=2)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert "clerk" not in answer.text


def test_the_version_just_read_is_accepted(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    etag = api.get(f"/v1/claims/{claim}", "clerk").headers["etag"]
    answer = api.post(f"/v1/claims/{claim}/events", "clerk", {"event": "accept"}, If_Match=etag)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')


def test_a_condition_that_is_no_version_is_invalid(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    answer = api.post(f"/v1/claims/{claim}/events", "clerk", {"event": "accept"}, If_Match="yesterday")
    assert (answer.status_code, answer.json()["code"]) == (422, "if_match_invalid")


def test_a_duty_that_excludes_another_is_refused_and_written_down(api: ApiWorld):
    claim = api.walk("IN_RECHECK")
    api.fire(claim, "return", "everything", reason_code="facts_unclear")
    api.fire(claim, "assign", "lead", assignee="everything")
    answer = api.fire(claim, "pass", "everything")
    assert (answer.status_code, answer.json()["code"]) == (403, "duty_conflict")
    assert [e.actor for e in api.audit(f"claim:{claim}") if e.outcome == "refused"][-1] == "everything"


def test_a_role_that_is_missing_is_refused_and_written_down(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    answer = api.fire(claim, "accept", "reviewer")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert [(e.actor, e.outcome) for e in api.audit(f"claim:{claim}")][-1] == ("reviewer", "refused")


def test_an_unknown_event_is_invalid_and_one_out_of_place_conflicts(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    assert api.fire(claim, "explode", "clerk").json()["code"] == "event_unknown"
    answer = api.fire(claim, "approve", "approver")
    assert (answer.status_code, answer.json()["code"]) == (409, "event_not_allowed")


def test_events_of_payments_do_not_go_through_this_door(api: ApiWorld):
    claim = api.walk("PAYABLE")
    answer = api.fire(claim, "batch", "maker", batch="B", instruction="I")
    assert (answer.status_code, answer.json()["code"]) == (409, "event_not_allowed")


def test_the_events_on_offer_are_those_of_the_callers_post(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    offered = {by: {e["event"] for e in api.get(f"/v1/claims/{claim}/events", by).json()} for by in ("clerk", "maker")}
    assert offered == {"clerk": {"accept", "amend", "refuse", "rename", "request_correction"}, "maker": set()}


def test_the_evidence_is_what_was_pinned_at_submission(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    pinned = api.get(f"/v1/claims/{claim}/evidence/2", "applicant")
    assert pinned.json()["policy"] == "demo-active@2026-01-01"
    assert api.get(f"/v1/claims/{claim}/evidence/1", "applicant").json()["code"] == "evidence_unknown"


def test_claims_are_listed_page_by_page(api: ApiWorld):
    made = [api.draft().json()["id"], api.draft(policy_id="demo-projects", subject="P1").json()["id"]]
    first = api.get("/v1/claims", "clerk", limit=1).json()
    second = api.get("/v1/claims", "clerk", limit=1, cursor=first["next"]).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made
    assert second["next"] is None


def test_claims_are_filtered(api: ApiWorld):
    api.walk("SUBMITTED")
    api.draft(policy_id="demo-projects", subject="P1")
    drafts = api.get("/v1/claims", "clerk", state="DRAFT", uscc=FIRM).json()["items"]
    assert [claim["policy_id"] for claim in drafts] == ["demo-projects"]
    assert api.get("/v1/claims", "clerk", uscc=OTHER).json()["items"] == []


def test_a_cursor_made_up_is_invalid(api: ApiWorld):
    for cursor in ("x", "é", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        answer = api.get("/v1/claims", "clerk", cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


def test_half_a_character_is_refused_before_anything_is_stored(api: ApiWorld):
    claim = api.draft().json()["id"]
    body = b'{"event": "withdraw", "payload": {"note": "\\ud800"}}'
    answer = api.ask(
        "POST", f"/v1/claims/{claim}/events", "applicant", headers={"Content-Type": "application/json"}, content=body
    )
    assert answer.status_code == 422
