"""What is doubtful about officers: nobody said who they are, or another person has known their token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.errors import Finding
from subsidy_match.store.audit import AuditEntry
from subsidy_match.store.staff_numbers import rough_form
from subsidy_match.store.user_rows import UserPerson
from subsidy_match.store.users import list_users

__all__ = ["officer_findings"]

_ISSUING = ("create_user", "renew_token")


def officer_findings(session: Session) -> Iterator[Finding]:
    """Find officers without a staff number, or with one in two forms, and those whose token another person made."""
    yield from _numbers(session)
    officers = [person for person in list_users(session) if not person.is_outsider]
    issuers = _issuers(session)
    for officer in officers:
        if not officer.person_id:
            zh, en = f"{officer.id}未登记工号,无法按人核对岗位", f"{officer.id} has no staff number"
            yield Finding("person_missing", zh, en, severity="warning")
        issuer = issuers.get(f"user:{officer.id}", officer.id)
        if issuer != officer.id:
            zh = f"{officer.id}仍使用{issuer}发放的令牌,应由本人更换"
            en = f"{officer.id} still uses the token that {issuer} issued: renew it"
            yield Finding("token_of_another", zh, en, severity="warning")


def _numbers(session: Session) -> Iterator[Finding]:
    """Numbers of an older store that are one person's but count as two; of everybody, as duties last."""
    forms: defaultdict[str, list[str]] = defaultdict(list)
    for number in session.scalars(select(UserPerson.person).distinct().order_by(UserPerson.person)):
        forms[rough_form(number)].append(number)
    for number, found in forms.items():
        if found != [number] or not number:
            zh = f"工号写法不规范,可能把一人当作多人:{found}"
            hint = "POST /v1/users/{login}/person 以规范写法重新登记 / say it again in the plain form"
            en = f"a staff number in another form than {number!r}: one person may count as several: {found}"
            yield Finding("person_forms", zh, en, hint=hint, severity="warning")


def _issuers(session: Session) -> dict[str, str]:
    """Chain of a user → who made the token in use."""
    newest = (
        select(func.max(AuditEntry.id))
        .where(AuditEntry.action.in_(_ISSUING), AuditEntry.outcome == "done", AuditEntry.subject.like("user:%"))
        .group_by(AuditEntry.subject)
    )
    found = session.execute(select(AuditEntry.subject, AuditEntry.actor).where(AuditEntry.id.in_(newest)))
    return {subject: actor for subject, actor in found}
