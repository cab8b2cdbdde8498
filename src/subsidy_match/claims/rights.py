"""Rights of whoever acts: officers, administrators, whoever has one of some roles, or may use some funds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from subsidy_match.claims.refusals import Forbidden
from subsidy_match.store.users import Actor, Role

__all__ = ["check_admin", "check_funds", "check_officer", "check_role"]


def check_officer(actor: Actor) -> Actor:
    """Refuse whoever only acts for firms.

    Raises:
        Forbidden: ``officers_only``.
    """
    if actor.is_outsider:
        raise Forbidden("officers_only", "仅限经办人员", "for officers only")
    return actor


def check_admin(actor: Actor) -> None:
    """Refuse whoever is no administrator.

    Raises:
        Forbidden: ``role_missing``.
    """
    if Role.ADMIN not in actor.roles:
        raise Forbidden("role_missing", "仅限管理员", "for administrators only")


def check_role(actor: Actor, roles: Collection[Role], what: tuple[str, str]) -> None:
    """Refuse whoever has none of ``roles``; ``what`` they are for is said in Chinese and English.

    Raises:
        Forbidden: ``role_missing``.
    """
    if not actor.has_any(roles):
        needed = ", ".join(sorted(roles))
        raise Forbidden("role_missing", f"无权办理:{what[0]}", f"to {what[1]} needs one of these roles: {needed}")


def check_funds(actor: Actor, fund_ids: Iterable[str]) -> None:
    """Refuse whoever may not use one of the funds.

    Raises:
        Forbidden: ``fund_not_yours``.
    """
    for fund_id in sorted(fund_ids):
        if not actor.may_use_fund(fund_id):
            raise Forbidden("fund_not_yours", f"无权使用资金:{fund_id}", f"not your fund: {fund_id}")
