"""Who may use the office's records at all: officers; who may set its rules: administrators."""

from __future__ import annotations

from subsidy_match.claims.refusals import Forbidden
from subsidy_match.store.users import Actor, Role

__all__ = ["check_admin", "check_officer"]


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
