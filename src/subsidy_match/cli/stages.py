"""The progress of building a snapshot, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from subsidy_match.cli.output import bar

__all__ = ["stages"]

_STAGES = {
    "land": "接收 / landing",
    "read": "读取 / reading",
    "resolve": "归户 / resolving",
    "publish": "发布 / publishing",
}


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """One bar a stage, each opened when its stage begins."""
    with ExitStack() as stack:
        current: list[str] = []
        advance: list[Callable[[int, int], None]] = []

        def progress(stage: str, done: int, total: int) -> None:
            if current != [stage]:
                stack.close()
                current[:] = [stage]
                advance[:] = [stack.enter_context(bar(_STAGES[stage]))]
            advance[0](done, total)

        yield progress
