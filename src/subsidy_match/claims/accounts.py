"""Bank accounts of firms: sealed when entered, verified by a second person, opened only for the treasury file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.handling.rules import place_of
from subsidy_match.claims.people.authorisations import ANY_POLICY, check_authorised
from subsidy_match.claims.people.parties import files_for, has_renamed, is_within, out_of_scope
from subsidy_match.claims.people.persons import check_interest, is_same_person
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.sealed import check_key
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.sealing import Sealer
from subsidy_match.store.users import Actor, Role

__all__ = ["Account", "accounts_of", "register_account", "verify_account"]

_VERIFIERS = frozenset({Role.CLERK, Role.LEAD, Role.SUPERVISOR, Role.RECONCILER})
_NUMBER = re.compile(r"[0-9]{8,32}")


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account as people may see it: without its number."""

    id: int
    uscc: str
    holder: str
    bank_name: str
    last_four: str
    entered_by: str
    verified_by: str | None

    @property
    def is_verified(self) -> bool:
        """Whether a second person has checked it."""
        return self.verified_by is not None


def register_account(
    session: Session,
    sealer: Sealer,
    *,
    uscc: str,
    holder: str,
    bank_name: str,
    number: str,
    actor: Actor,
    at: datetime,
) -> Account:
    """Enter a firm's account; an account once entered is never changed, a new one takes its place.

    Raises:
        Forbidden: ``not_your_firm``, ``authorisation_missing`` (an agent's must be for all policies: every claim may be
            paid there), ``interest_declared``, ``out_of_scope``.
        InputError: ``account_invalid``.
        Conflict: ``account_key_missing``, ``account_key_wrong``.
    """
    _check_enters(session, actor, uscc, business_day(at))
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number))
    if not (_NUMBER.fullmatch(digits) and _is_line(holder) and _is_line(bank_name)):
        raise InputError("account_invalid", "户名、开户行或账号有误(账号8至32位数字)", "not a valid bank account")
    check_key(session, sealer)
    row = AccountRow(
        uscc=uscc,
        holder=holder.strip(),
        bank_name=bank_name.strip(),
        sealed=sealer.seal(digits, context=uscc),
        fingerprint=sealer.fingerprint(digits),
        last_four=digits[-4:],
        entered_by=actor.id,
        entered_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, row, "register_account", actor, at)
    return _account(row)


def verify_account(session: Session, account_id: int, *, actor: Actor, at: datetime) -> Account:
    """Confirm an account against the bank's record, as a second person.

    Raises:
        NotFound: ``account_unknown``.
        Forbidden: ``role_missing``, ``interest_declared``, ``out_of_scope``, ``duty_conflict`` (whoever entered it,
            files for the firm or renamed it cannot verify it).
        Conflict: ``account_verified_before``.
    """
    row = session.get(AccountRow, account_id, with_for_update=True)
    if row is None:
        raise NotFound("account_unknown", f"账户不存在:{account_id}", f"no account {account_id}")
    if not actor.has_any(_VERIFIERS):
        raise Forbidden("role_missing", "无权核验账户", "verifying an account is not among your roles")
    _check_officer(session, actor, row.uscc, _VERIFIERS, business_day(at))
    if files_for(session, actor, row.uscc):
        zh = "代表该企业办理的人员不得核验其账户"
        raise Forbidden("duty_conflict", zh, "whoever files for the firm cannot verify its account")
    if has_renamed(session, actor, row.uscc):
        zh, en = "为该企业办理更名的人员不得核验其账户", "whoever renamed the firm on a claim cannot verify its account"
        raise Forbidden("duty_conflict", zh, en)
    if is_same_person(session, actor, row.entered_by):
        raise Forbidden("duty_conflict", "登记人不得核验同一账户", "whoever entered an account cannot verify it")
    if row.verified_by is not None:
        raise Conflict("account_verified_before", "账户已核验", "the account is verified already")
    row.verified_by, row.verified_at = actor.id, at
    _record(session, row, "verify_account", actor, at)
    return _account(row)


def accounts_of(session: Session, uscc: str) -> Sequence[Account]:
    """Read the accounts of a firm, newest first."""
    query = select(AccountRow).where(AccountRow.uscc == uscc).order_by(AccountRow.id.desc())
    return [_account(row) for row in session.scalars(query)]


def _check_enters(session: Session, actor: Actor, uscc: str, on: date) -> None:
    if actor.may_file_for(uscc):
        check_authorised(session, actor, uscc, ANY_POLICY, on)
    elif Role.CLERK in actor.roles:
        _check_officer(session, actor, uscc, {Role.CLERK}, on)
    else:
        raise Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")


def _check_officer(session: Session, actor: Actor, uscc: str, roles: Collection[Role], on: date) -> None:
    """Refuse an officer with an interest in the firm, or whose role reaches none of its claims."""
    check_interest(session, actor, uscc)
    if actor.roles.intersection(roles) - {scope.role for scope in actor.scopes}:
        return
    claims = session.scalars(select(ClaimRow).where(ClaimRow.uscc == uscc).order_by(ClaimRow.id)).all()
    if claims and not any(is_within(session, actor, claim, roles, on) for claim in claims):
        raise out_of_scope(place_of(session, claims[0], on))


def _record(session: Session, row: AccountRow, action: str, actor: Actor, at: datetime) -> None:
    detail = {"account": row.id, "last_four": row.last_four, "name": actor.name}
    audit.append(session, f"enterprise:{row.uscc}", at=at, actor=actor.id, action=action, detail=detail)


def _is_line(value: str) -> bool:
    return bool(value.strip()) and value.isprintable()


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.uscc, row.holder, row.bank_name, row.last_four, row.entered_by, row.verified_by)
