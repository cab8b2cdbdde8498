from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import (
    PUSH,
    SYSTEM,
    Actor,
    Role,
    UserRow,
    add_user,
    deactivate_user,
    list_users,
    renew_token,
    user_by_login,
    user_by_token,
)


def add(engine: Engine, login: str = "wang", **more: object) -> tuple[Actor, str]:
    details = {"name": "王某某", "roles": [Role.CLERK], "department": "窗口", "funds": ["f1"]} | more
    return in_unit(engine, lambda s: add_user(s, login=login, **details))  # type: ignore[arg-type]


def test_whoever_has_no_role_is_a_person_and_not_the_machine():
    assert (SYSTEM.is_machine, PUSH.is_machine) == (True, True)
    assert not Actor("wang", "王某某", frozenset()).is_machine


def test_a_person_is_known_by_token_with_roles_and_funds(engine: Engine):
    added, token = add(engine, firms=["91320812MAB4DM124P"])
    found = in_unit(engine, lambda s: user_by_token(s, token))
    assert found == added
    assert found.may_use_fund("f1")
    assert not found.may_use_fund("f2")
    assert found.may_file_for("91320812MAB4DM124P")


def test_the_token_itself_is_not_stored(engine: Engine):
    _, token = add(engine)
    row = in_unit(engine, lambda s: s.scalars(select(UserRow)).one())
    assert token not in (row.token_hash, row.login, row.name)


def test_a_renewed_token_voids_the_old(engine: Engine):
    _, old = add(engine)
    new = in_unit(engine, lambda s: renew_token(s, "wang"))
    assert in_unit(engine, lambda s: user_by_token(s, new)).id == "wang"
    with pytest.raises(NotFound, match="token_unknown"):
        in_unit(engine, lambda s: user_by_token(s, old))


def test_a_person_barred_is_no_longer_known(engine: Engine):
    _, token = add(engine)
    in_unit(engine, lambda s: deactivate_user(s, "wang"))
    for look_up in (lambda s: user_by_token(s, token), lambda s: user_by_login(s, "wang")):
        with pytest.raises(NotFound):
            in_unit(engine, look_up)
    assert in_unit(engine, list_users) == []


def test_people_are_listed_by_role(engine: Engine):
    add(engine)
    add(engine, "li", roles=[Role.APPROVER])
    assert [p.id for p in in_unit(engine, lambda s: list_users(s, role=Role.APPROVER))] == ["li"]


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"login": "wang"}, Conflict, "login_taken"),
        ({"login": "x", "token": "short"}, InputError, "token_too_short"),
        ({"login": "x", "roles": [Role.SYSTEM]}, InputError, "role_reserved"),
        ({"login": "x", "roles": [Role.PUBLIC]}, InputError, "role_reserved"),
        ({"login": "system"}, InputError, "role_reserved"),
        ({"login": "public"}, InputError, "role_reserved"),
    ],
)
def test_a_wrong_person_is_refused(engine: Engine, changes: dict[str, object], error: type[Exception], code: str):
    add(engine)
    with pytest.raises(error, match=code):
        add(engine, **changes)  # type: ignore[arg-type]
