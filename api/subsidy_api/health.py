"""Whether the process is up, and whether it can serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from subsidy_api.context import PlatformDep
from subsidy_api.schemas import Body
from subsidy_match import __version__
from subsidy_match.errors import Conflict, SubsidyError
from subsidy_match.platform import Platform
from subsidy_match.store.migration import current_revision, head_revision

__all__ = ["router"]

router = APIRouter(tags=["health"])


class Health(Body):
    """The process answers."""

    status: str
    version: str


class Check(Body):
    """One thing that serving needs; ``code`` says what is wrong."""

    ready: bool
    code: Annotated[str | None, Field(examples=["nothing_published"])] = None
    detail: str | None = None


class Readiness(Body):
    """Whether requests can be served."""

    ready: bool
    checks: dict[str, Check]


@router.get("/healthz", response_model=Health)
def show_health() -> Health:
    """进程是否在运行 / Whether the process is up."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "not ready"}})
def show_readiness(platform: PlatformDep, response: Response) -> Readiness:
    """是否可以服务:已发布政策、已有快照、数据库已升级 / Policies published, a snapshot in force, the store migrated."""
    checks = {
        "policies": _check(lambda: platform.policies().hash),
        "snapshot": _check(lambda: platform.snapshot().id),
        "store": _check(lambda: _migrated(platform)),
    }
    ready = all(check.ready for check in checks.values())
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, checks=checks)


def _check(look: Callable[[], str]) -> Check:
    try:
        return Check(ready=True, detail=look())
    except SubsidyError as error:
        return Check(ready=False, code=error.code)
    except SQLAlchemyError:
        return Check(ready=False, code="store_unreachable")


def _migrated(platform: Platform) -> str:
    found, wanted = current_revision(platform.settings.url), head_revision()
    if found != wanted:
        raise Conflict("store_not_migrated", "数据库未升级", f"the store is at {found}, not at {wanted}")
    return wanted
