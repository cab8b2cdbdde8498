"""Interests, authorisations, delegations and handling rules on the command line, held to the same rules as over HTTP."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from api_world import FIRM, OTHER, POLICY, api, api_home
from command_line import Office, office

from subsidy_match.claims.people.records import DelegationRow
from subsidy_match.store.unit import in_unit

__all__ = ["api", "api_home", "office"]


def refusals(office: Office, subject: str) -> list[str]:
    return [entry.action for entry in office.api.audit(subject) if entry.outcome == "refused"]


def test_an_interest_is_seen_by_whom_it_concerns_and_ended_by_another(office: Office):
    claim = office.api.walk("SUBMITTED")
    declare = ("users", "interests", "declare", "clerk", FIRM.lower(), "--note", "亲属任职")
    assert "role_missing" in office.refused(*declare, by="reviewer")
    assert "officers_only" in office.refused(*declare, by="applicant")
    assert "uscc_invalid" in office.refused("users", "interests", "declare", "clerk", "1", "--note", "无", by="clerk")
    office.done(*declare, by="clerk")
    assert "interest_known" in office.refused(*declare, by="supervisor")
    assert "interest_declared" in office.refused("claims", "fire", claim, "accept", by="clerk")
    assert office("users", "interests", "list", "--json", by="reviewer").data == []
    (own,) = office("users", "interests", "list", "--json", by="clerk").data
    assert (own["login"], own["uscc"], own["ended_by"]) == ("clerk", FIRM, None)
    assert "role_missing" in office.refused("users", "interests", "end", own["id"], by="clerk")
    office.done("users", "interests", "end", own["id"], by="supervisor")
    assert "supervisor 2026-06-01" in office.done("users", "interests", "list", by="everything")
    office.done("claims", "fire", claim, "accept", by="clerk")
    assert refusals(office, "user:clerk") == [
        "declare_interest",
        "declare_interest",
        "declare_interest",
        "end_interest",
    ]


def test_an_agent_is_authorised_by_a_document_and_the_firm_takes_it_back(office: Office, tmp_path: Path):
    office.done("users", "add", "agent", "--name", "甲代", "--role", "agent", by="everything")
    signed = tmp_path / "授权书.pdf"
    signed.write_bytes(b"%PDF-1.7 signed")
    words = ("users", "authorisations", "record", "agent", FIRM, "--until", "2026-06-30")
    assert "document_missing" in office.refused(*words, by="clerk")
    assert "authorisation_invalid" in office.refused(*words, "--sha256", "abc", by="clerk")
    assert "role_missing" in office.refused(*words, "--document", signed, by="reviewer")
    office.done(*words, "--document", signed, by="clerk")
    (known,) = office("users", "authorisations", "list", "--json", by="reviewer").data
    assert known["document_sha256"] == hashlib.sha256(signed.read_bytes()).hexdigest()
    assert (known["policy_id"], known["from_on"], known["until_on"]) == ("*", "2026-06-01", "2026-06-30")
    revoke = ("users", "authorisations", "revoke", known["id"])
    assert "role_missing" in office.refused(*revoke, by="other_applicant")
    office.done(*revoke, by="applicant")
    assert "authorisation_ended" in office.refused(*revoke, by="clerk")
    office.done(
        "users", "authorisations", "record", "agent", OTHER, "--until", "2026-06-02", "--document", signed, by="clerk"
    )
    second = office("users", "authorisations", "list", "--json", by="clerk").data[-1]["id"]
    office.api.wait(2)
    office.done("users", "authorisations", "revoke", second, by="agent")  # their own they may always give back
    assert "officers_only" in office.refused("users", "authorisations", "list", by="agent")


def test_a_role_is_lent_and_taken_back(office: Office):
    claim = office.api.walk("IN_APPROVAL")
    days = ("--until", "2026-06-05", "--reason", "出差")
    grant = ("users", "delegations", "grant", "approver", "notice")
    assert "role_unknown" in office.refused(*grant, "king", *days, by="approver")
    assert "delegation_unfit" in office.refused(*grant, "reviewer", *days, by="approver")
    assert "role_missing" in office.refused(*grant, "approver", *days, by="notice")
    assert "bad_date" in office.refused(*grant, "approver", "--until", "friday", "--reason", "出差", by="approver")
    office.done(*grant, "approver", *days, by="approver")
    office.done("claims", "fire", claim, "approve", by="notice")
    (lent,) = office("users", "delegations", "list", "--json", by="clerk").data
    assert (lent["principal"], lent["deputy"], lent["from_on"]) == ("approver", "notice", "2026-06-01")
    assert "role_missing" in office.refused("users", "delegations", "revoke", lent["id"], by="clerk")
    office.done("users", "delegations", "revoke", lent["id"], by="approver")
    assert "delegation_ended" in office.refused("users", "delegations", "revoke", lent["id"], by="approver")
    assert refusals(office, "user:approver") == ["delegate", "delegate", "end_delegation"]
    lend_of_old(office, "maker", "clerk")
    assert "users delegations revoke 2" in office("doctor").out


def lend_of_old(office: Office, principal: str, deputy: str) -> None:
    """Lend a role as a version did that let every role be lent."""
    days = {"from_on": date(2026, 6, 1), "until_on": date(2026, 6, 5), "made_at": office.api.clock[0]}
    row = DelegationRow(
        principal=principal, deputy=deputy, role="batch_maker", reason="出差", made_by=principal, **days
    )
    in_unit(office.api.platform.engine, lambda session: session.add(row))


def test_a_rule_is_set_by_an_administrator_and_holds_from_its_day(office: Office):
    words = ("claims", "rules", "set", POLICY, "--department", "工信局", "--from", "2026-06-02")
    parts = ("--task", "opinion:1:税务局,人社局", "--band", "0:2", "--band", "500,000.50:3:1")
    assert "role_missing" in office.refused(*words, *parts, by="clerk")
    assert refusals(office, "handling") == ["set_handling"]
    for wrong in (
        ("--task", "opinion:3:税务局"),
        ("--task", "gossip:1:税务局"),
        ("--task", "税务局"),
        ("--band", "0:two"),
    ):
        assert "handling_invalid" in office.refused(*words, *wrong, by="everything")
    assert "amount_unreadable" in office.refused(*words, "--band", "much:2", by="everything")
    assert "handling_invalid" in office.refused("claims", "rules", "set", "*", "--from", "2026-05-31", by="everything")
    assert "officers_only" in office.refused(*words, *parts, by="applicant")
    said = office.done(*words, *parts, by="everything")
    assert "并联审核 / opinion of a department 1/2: 税务局,人社局" in said
    today, later = (
        office("claims", "rules", "show", POLICY, "--on", day, "--json").data for day in ("2026-06-01", "2026-06-02")
    )
    assert (today["id"], today["bands"]) == (None, [])
    assert later["bands"][1] == {"above": 500_000_50, "needed": 3, "level": 1}
    assert [rule["department"] for rule in office("claims", "rules", "list", "--json").data] == ["工信局"]
    assert "一人审批 / no rule: one approval" in office.done("claims", "rules", "show", "another")
