"""Whether the key at hand is the one under which the store is sealed: a lost key is never replaced unnoticed.

Under another key accounts could not be paid, and one that the bank refused could be entered anew and pass for another.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from subsidy_match.claims.official.notice_records import ObjectionRow
from subsidy_match.claims.records import AccountRow
from subsidy_match.errors import Conflict, Finding, InputError
from subsidy_match.store.sealing import Sealer

__all__ = ["OBJECTOR", "check_key", "has_sealed", "sealed_findings"]

OBJECTOR = "objector"
"""The context in which the names of objectors are sealed."""
_ACCOUNT: Select[str, str] = select(AccountRow.sealed, AccountRow.uscc).order_by(AccountRow.id.desc()).limit(1)
_OBJECTOR = select(ObjectionRow.objector).where(ObjectionRow.objector != "").order_by(ObjectionRow.id.desc()).limit(1)


def has_sealed(session: Session) -> bool:
    """Whether anything is sealed in the store: then only the key that sealed it will do."""
    return _newest(session) is not None


def check_key(session: Session, sealer: Sealer) -> None:
    """Refuse to seal anything under another key than what was sealed last.

    Raises:
        Conflict: ``account_key_missing``, ``account_key_wrong``.
    """
    newest = _newest(session)
    if newest is None:
        return
    try:
        sealer.open(newest[0], context=newest[1])
    except Conflict:
        raise
    except InputError as error:
        zh, en = "账号密钥与库中账号不符", "the key is not the one under which the accounts were sealed"
        raise Conflict("account_key_wrong", zh, en, hint="account.key") from error


def sealed_findings(session: Session, sealer: Sealer) -> list[Finding]:
    """Say that the key is not there or another one (K001), or else which accounts do not hold what they say (K002)."""
    try:
        check_key(session, sealer)
    except Conflict as wrong:
        return [Finding("K001", f"{wrong.zh}:account.key", f"{wrong.en}: account.key")]
    return list(_changed(session, sealer))


def _changed(session: Session, sealer: Sealer) -> Iterator[Finding]:
    for row in session.scalars(select(AccountRow).order_by(AccountRow.id)):
        try:
            number = sealer.open(row.sealed, context=row.uscc)
        except InputError:
            number = ""
        if (number[-4:], sealer.fingerprint(number)) != (row.last_four, row.fingerprint):
            en = f"account {row.id} of {row.uscc}: what is sealed is not what was entered"
            yield Finding("K002", f"{row.uscc}的账户{row.id}:封存的账号被改动", en)


def _newest(session: Session) -> tuple[str, str] | None:
    account = session.execute(_ACCOUNT).first()
    if account is not None:
        return account.sealed, account.uscc
    objector = session.scalar(_OBJECTOR)
    return None if objector is None else (objector, OBJECTOR)
