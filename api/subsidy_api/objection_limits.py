"""How often the public may object: an hour's worth by notice and by source, so that nobody stops a notice by flooding it.

The source is the address that the connection came from; behind a proxy it is what uvicorn takes from the headers of the
proxies that it trusts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, Request

from subsidy_api.limits import RateLimit, TooMany

__all__ = ["ObjectionLimits", "ObjectionLimitsDep", "Source"]

_HOUR = timedelta(hours=1)
_BY_SOURCE, _BY_NOTICE = 10, 60


@dataclass(slots=True)
class ObjectionLimits:
    """What was tried of late; one for each application."""

    by_source: RateLimit = field(default_factory=lambda: RateLimit(_BY_SOURCE, _HOUR))
    by_notice: RateLimit = field(default_factory=lambda: RateLimit(_BY_NOTICE, _HOUR))

    def take(self, source: str, notice: str, at: datetime) -> None:
        """Count one objection.

        Raises:
            TooMany: ``objections_too_often``, with the time to wait.
        """
        if (wait := self.by_source.take(source, at)) is not None:
            raise _too_often("同一来源提交的异议过多", "too many objections came from this source", wait)
        if (wait := self.by_notice.take(notice, at)) is not None:
            self.by_source.give_back(source, at)
            raise _too_often("本公示短时间内收到的异议过多", "too many objections to this notice came at once", wait)


def _too_often(zh: str, en: str, wait: timedelta) -> TooMany:
    minutes = -(-wait // timedelta(minutes=1))
    said = (
        f"{zh},请{minutes}分钟后再试,或联系公示所列部门",
        f"{en}: try again in {minutes} minutes, or call the office named",
    )
    return TooMany("objections_too_often", *said, wait=wait)


async def _limits(request: Request) -> ObjectionLimits:
    return cast(ObjectionLimits, request.app.state.objection_limits)


async def _source(request: Request) -> str:
    return request.client.host if request.client is not None else ""


ObjectionLimitsDep = Annotated[ObjectionLimits, Depends(_limits)]
Source = Annotated[str, Depends(_source)]
"""The address that a request came from."""
