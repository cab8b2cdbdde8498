from __future__ import annotations

from typing import Any

from api_world import FIRM, FUND, POLICY, ApiWorld

from subsidy_match.claims.people.standing import officer_findings
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import user_by_login

NEW = {"login": "new.clerk", "person": "工号21", "name": "甲新", "roles": ["clerk"], "department": "工信局"}
DAYS = {"from_on": "2026-06-01", "until_on": "2026-06-30"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def refusals(api: ApiWorld, subject: str) -> list[str]:
    found = in_unit(api.platform.engine, lambda s: list(audit.entries(s, subject)))
    return [entry.action for entry in found if entry.outcome == audit.REFUSED]


def test_an_administrator_adds_a_user_whose_token_is_shown_once(api: ApiWorld):
    made = api.post("/v1/users", "everything", NEW)
    assert made.status_code == 201
    known = api.client.get("/v1/funds", headers={"Authorization": f"Bearer {made.json()['token']}"})
    assert known.status_code == 200
    (shown,) = [user for user in api.get("/v1/users", "everything").json() if user["login"] == "new.clerk"]
    assert "token" not in shown
    assert made.json()["token"] not in str(in_unit(api.platform.engine, lambda s: list(audit.entries(s))))
    assert code(api.post("/v1/users", "everything", NEW)) == (409, "login_taken")


def test_nobody_grants_themselves_anything_and_the_attempt_is_on_record(api: ApiWorld):
    body = {"roles": ["admin", "approver"]}
    assert code(api.post("/v1/users/everything/rights", "everything", body)) == (403, "self_grant")
    assert code(api.post("/v1/users/clerk/rights", "clerk", body)) == (403, "role_missing")
    assert code(api.get("/v1/users", "clerk")) == (403, "role_missing")
    assert refusals(api, "user:everything") == ["change_rights"]
    assert refusals(api, "user:clerk") == ["change_rights", "list_users"]


def test_an_officer_has_a_staff_number_and_nobody_is_applicant_and_agent(api: ApiWorld):
    assert code(api.post("/v1/users", "everything", NEW | {"person": ""})) == (422, "person_missing")
    assert code(api.post("/v1/users", "everything", NEW | {"person": " "})) == (422, "person_invalid")
    both = {"login": "both", "name": "甲两", "roles": ["agent", "applicant"]}
    assert code(api.post("/v1/users", "everything", both)) == (422, "roles_apart")


def test_a_token_that_another_person_made_is_told_until_its_holder_replaces_it(api: ApiWorld):
    def doubts() -> list[str]:
        return [found.code for found in in_unit(api.platform.engine, lambda s: [*officer_findings(s)])]

    before = doubts().count("token_of_another")
    token = api.post("/v1/users", "everything", NEW).json()["token"]
    assert doubts().count("token_of_another") == before + 1
    own = {"Authorization": f"Bearer {token}"}
    assert api.client.post("/v1/users/new.clerk/token", headers=own).status_code == 200
    assert doubts().count("token_of_another") == before


def test_whoever_is_no_officer_leaves_a_trace_when_they_try(api: ApiWorld):
    assert code(api.post("/v1/payouts/1/approve", "applicant")) == (403, "officers_only")
    assert refusals(api, "user:applicant") == ["POST /v1/payouts/1/approve"]


def test_a_batch_or_a_transfer_that_cannot_be_is_on_record_too(api: ApiWorld):
    assert code(api.post("/v1/payouts", "maker", {"claim_ids": [1, 1]}))[1] == "batch_repeats_claim"
    assert refusals(api, "payouts") == ["batch"]
    body = {"target_id": "nowhere", "amount": 1, "document_no": "测1"}
    assert code(api.post(f"/v1/funds/{FUND}/transfers", "fund", body)) == (404, "fund_unknown")
    assert refusals(api, f"fund:{FUND}") == ["transfer"]


def test_what_is_refused_about_nobody_is_on_the_chain_of_whoever_tried(api: ApiWorld):
    def chains() -> set[str]:
        return set(in_unit(api.platform.engine, audit.heads, immediate=False))

    before = chains()
    for path, body in (
        ("/v1/users/ghost/token", None),
        ("/v1/accounts/999999/verify", None),
        ("/v1/claims", {"uscc": "91320800MA00000000", "policy_id": POLICY, "period": "2026"}),
    ):
        assert api.post(path, "applicant", body).status_code in (403, 404)
    assert chains() - before <= {"user:applicant"}
    assert len(refusals(api, "user:applicant")) == 3


def test_rights_are_replaced_and_bind_at_once(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    scope = {"role": "clerk", "department": "科技局"}
    body = {"roles": ["clerk"], "scopes": [scope], "funds": ["*"]}
    assert code(api.post("/v1/users/clerk/rights", "everything", body)) == (422, "person_missing")
    assert api.post("/v1/users/clerk/person", "everything", {"person": "工号1"}).status_code == 200
    assert api.post("/v1/users/clerk/rights", "everything", body).status_code == 200
    assert code(api.fire(claim, "accept", "clerk")) == (403, "out_of_scope")


def test_an_interest_bars_and_is_ended_by_another(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    body = {"login": "clerk", "uscc": FIRM, "note": "亲属任职"}
    made = api.post("/v1/interests", "clerk", body)
    assert made.status_code == 201
    assert code(api.fire(claim, "accept", "clerk")) == (403, "interest_declared")
    end = f"/v1/interests/{made.json()['id']}/end"
    assert code(api.post(end, "clerk")) == (403, "role_missing")
    assert api.post(end, "supervisor").json()["ended_by"] == "supervisor"
    assert api.fire(claim, "accept", "clerk").status_code == 200


def test_a_deputy_sees_and_takes_the_step_in_the_place_of_the_principal(api: ApiWorld):
    claim = api.walk("IN_APPROVAL")
    body = {"principal": "approver", "deputy": "notice", "role": "approver", "reason": "出差", **DAYS}
    made = api.post("/v1/delegations", "approver", body)
    assert made.status_code == 201
    assert "approve" in [event["event"] for event in api.get(f"/v1/claims/{claim}/events", "notice").json()]
    assert api.fire(claim, "approve", "notice").status_code == 200
    assert api.post(f"/v1/delegations/{made.json()['id']}/end", "approver").status_code == 200


def test_an_agent_files_by_authorisation(api: ApiWorld):
    agent = {"login": "agent", "name": "甲代", "roles": ["agent"]}
    token = api.post("/v1/users", "everything", agent).json()["token"]
    known = {"Authorization": f"Bearer {token}"}
    draft = {"uscc": FIRM, "policy_id": "demo-active", "period": "2026"}
    assert api.client.post("/v1/claims", json=draft, headers=known).status_code == 403
    body = {"login": "agent", "uscc": FIRM, "document_sha256": "a" * 64, **DAYS}
    given = api.post("/v1/authorisations", "clerk", body)
    assert given.status_code == 201
    assert api.client.post("/v1/claims", json=draft, headers=known).status_code == 201
    assert api.post(f"/v1/authorisations/{given.json()['id']}/revoke", "clerk").status_code == 200
    assert api.client.get("/v1/claims", headers=known).json()["items"] == []
    assert in_unit(api.platform.engine, lambda s: user_by_login(s, "agent")).firms == frozenset()


def test_tasks_are_listed_for_officers(api: ApiWorld):
    claim = api.walk("IN_REVIEW")
    payload = {"task_kind": "inspection", "department": "税务局", "due_on": "2026-06-20"}
    assert api.fire(claim, "open_task", "reviewer", **payload).status_code == 200
    (task,) = api.get(f"/v1/claims/{claim}/tasks", "reviewer").json()
    assert (task["kind"], task["is_open"], task["department"]) == ("inspection", True, "税务局")
    assert code(api.get(f"/v1/claims/{claim}/tasks", "applicant")) == (403, "officers_only")
    assert code(api.fire(claim, "pass", "reviewer")) == (409, "quorum_missing")


def test_a_rule_for_large_amounts_takes_two_approvers(api: ApiWorld):
    rule = {"from_on": "2026-06-01", "bands": [{"above": 0, "needed": 2}]}
    assert code(api.post("/v1/handling-rules", "clerk", rule)) == (403, "role_missing")
    assert api.post("/v1/handling-rules", "everything", rule).status_code == 201
    wrong = {"from_on": "2026-06-01", "tasks": [{"kind": "opinion", "departments": ["税务局"], "need": 2}]}
    assert code(api.post("/v1/handling-rules", "everything", wrong)) == (422, "handling_invalid")
    past = {"from_on": "2026-05-31", "bands": []}
    assert code(api.post("/v1/handling-rules", "everything", past)) == (422, "handling_invalid")
    assert [found["bands"][0]["needed"] for found in api.get("/v1/handling-rules", "clerk").json()] == [2]
    claim = api.walk("IN_APPROVAL")
    assert code(api.fire(claim, "approve", "approver")) == (409, "approvals_missing")
    assert api.fire(claim, "endorse", "approver").status_code == 200
    assert api.fire(claim, "approve", "approver_b").status_code == 200
