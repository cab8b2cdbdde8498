"""The calendar and the clocks of stages through the API."""

from __future__ import annotations

from api_world import ApiWorld

from subsidy_match.claims.deadline.sweeper import sweep

NOTICE = {"year": 2027, "source": "示例通知", "holidays": ["2027-01-01", "2027-01-04"], "workdays": ["2027-01-09"]}


def test_a_year_that_nobody_published_is_not_found_and_says_how_it_counts(api: ApiWorld):
    answer = api.get("/v1/calendar/2027")
    assert (answer.status_code, answer.json()["code"]) == (404, "calendar_unknown")
    shipped = api.get("/v1/calendar/2026").json()
    assert "2026-10-10" in shipped["workdays"]
    assert shipped["imported_by"] is None


def test_an_imported_calendar_is_shown_with_who_brought_it_in_and_counts_at_once(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    api.clock[0] = api.clock[0].replace(month=12, day=28)
    before = api.fire(claim, "accept", "clerk").json()["clock"]
    done = api.post("/v1/calendar", "lead", NOTICE, Idempotency_Key="k1")
    assert done.status_code == 200
    assert (done.json()["holidays"], done.json()["imported_by"]) == (NOTICE["holidays"], "lead")
    after = api.get(f"/v1/claims/{claim}", "clerk").json()["clock"]
    assert (before["due_on"], before["due_is_provisional"]) == ("2027-01-11", True)
    # Two days off, one weekend day worked.
    assert (after["due_on"], after["due_is_provisional"]) == ("2027-01-12", False)
    assert api.post("/v1/calendar", "lead", NOTICE, Idempotency_Key="k1").headers["idempotent-replayed"] == "true"
    assert api.get("/v1/calendar/2027", "clerk").json() == done.json()
    assert api.get("/v1/calendar/2027").json() == done.json() | {"imported_by": None}
    step = api.get(f"/v1/claims/{claim}/timeline", "applicant").json()[-1]
    assert (step["event"], step["detail"]) == (
        "redate",
        {"dates": {"due_on": ["2027-01-11", "2027-01-12"], "provisional": ["True", "False"]}},
    )


def test_a_calendar_is_refused_to_others_and_where_no_notice_can_mean_it(api: ApiWorld):
    for by, status, code in (
        ("clerk", 403, "role_missing"),
        ("applicant", 403, "officers_only"),
        (None, 401, "token_missing"),
    ):
        answer = api.post("/v1/calendar", by, NOTICE)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    for wrong in ({"workdays": ["2027-01-05"]}, {"holidays": ["2026-01-01"]}, {"holidays": ["2027-01-01"] * 2}):
        answer = api.post("/v1/calendar", "lead", NOTICE | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "calendar_invalid")
    assert api.get("/v1/calendar/2027").status_code == 404
    assert {entry.outcome for entry in api.audit("calendar:2027")} == {"refused"}


def test_a_claim_shows_the_clock_of_its_stage_and_the_stages_before(api: ApiWorld):
    claim = api.walk("IN_REVIEW")
    api.wait(8)
    stage = api.get(f"/v1/claims/{claim}", "applicant").json()["stage"]
    assert (stage["stage"], stage["counted"], stage["limit"], stage["left"], stage["light"]) == (
        "IN_REVIEW",
        6,
        5,
        -1,
        "red",
    )
    sweep(api.platform.desk, at=api.clock[0])
    shown = api.get(f"/v1/claims/{claim}/stages", "clerk").json()
    assert [s["stage"] for s in shown["stages"]] == ["DRAFT", "SUBMITTED", "ACCEPTED", "IN_REVIEW"]
    assert [(b["stage"], b["level"]) for b in shown["breaches"]] == [("IN_REVIEW", "yellow"), ("IN_REVIEW", "red")]
    assert api.get(f"/v1/claims/{claim}/stages", "other_applicant").status_code == 404
