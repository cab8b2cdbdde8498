"""The account to which a claim is paid, and the name that it must be in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.people.persons import is_same_person
from subsidy_match.claims.records import AccountRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict
from subsidy_match.store.users import persons_of

__all__ = ["GUARDS", "PERSONAL", "check_payee"]


def _account_given(occasion: Occasion) -> None:
    if occasion.account() is None and not occasion.actor.is_machine:
        raise Conflict("account_missing", "未登记收款账户", "no bank account is on record")


def check_payee(occasion: Occasion) -> None:
    """Refuse an account that is not in the claimant's name."""
    account, claim = _account(occasion), occasion.claim
    if _plain(account.holder) != _plain(claim.enterprise_name):
        raise Conflict("payee_mismatch", "收款账户户名与申报企业不一致", "the account is not in the claimant's name")


def _account_verified(occasion: Occasion) -> None:
    if _account(occasion).verified_by is None:
        raise Conflict("account_unverified", "收款账户尚未经第二人核验", "nobody has verified the account")


def _account_independent(occasion: Occasion) -> None:
    account = _account(occasion)
    handled = persons_of(occasion.session, [who for who in (account.entered_by, account.verified_by) if who])
    if any(person.person in handled.values() for person in occasion.people):
        zh = "登记或核验收款账户的人员不得制单"
        raise Forbidden("duty_conflict", zh, "whoever entered or verified the account cannot make the batch")


def _renames(occasion: Occasion) -> None:
    name = occasion.claim.enterprise_name
    # As with accounts: a name written wider or with spaces is no other name.
    if _plain(occasion.payload["enterprise_name"]) == _plain(name):
        raise Conflict("name_unchanged", f"企业名称未变:{name}", f"this is the name that the claim has: {name}")
    _no_verifier(occasion)


def _no_verifier(occasion: Occasion) -> None:
    query = select(AccountRow.verified_by).where(AccountRow.uscc == occasion.claim.uscc)
    verifiers = [login for login in occasion.session.scalars(query) if login is not None]
    if any(is_same_person(occasion.session, someone, login) for someone in occasion.people for login in verifiers):
        zh, en = "核验该企业账户的人员不得办理其更名", "whoever verified an account of the firm cannot rename it"
        raise Forbidden("duty_conflict", zh, en)


def _account(occasion: Occasion) -> AccountRow:
    account = occasion.account()
    if account is None:
        raise Conflict("account_missing", "未登记收款账户", "no bank account is on record")
    return account


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.ACCOUNT_GIVEN: _account_given,
    Guard.ACCOUNT_OF_FIRM: check_payee,
    Guard.ACCOUNT_VERIFIED: _account_verified,
    Guard.ACCOUNT_INDEPENDENT: _account_independent,
    Guard.RENAMES: _renames,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.RENAMES: _no_verifier}
