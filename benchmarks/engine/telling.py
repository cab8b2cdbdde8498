"""What the measurements say: where engines disagree, and a table for people."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.cases import PACKAGES, ROW_ENGINES
from engine.measure import Order, version_of

Result = Mapping[str, Any]  # what ``measure`` gives

_COMPARED = ("pairs", "unknown", "unknown_of_each", "amount", "verdicts", "amounts")
_OURS = "ours"
_HEAD = (
    "workload", "engine", "threads", "result", "seconds", "pairs/s", "peak MiB", "beside ours", "eligible", "unknown", "money",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """What was measured on."""
    packages = ["subsidy-match", "numpy", "pyarrow", *PACKAGES.values()]
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": _processor(),
        "python": platform.python_version(),
        "versions": {package: found for package in packages if (found := version_of(package))},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 (not a file of ours)
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def disagreements(results: Iterable[Result]) -> list[str]:
    """Where an engine that can say something says something else than ours on the same workload."""
    same: dict[tuple[Any, ...], list[Result]] = defaultdict(list)
    for result in results:
        same[_workload(result)].append(result)
    return [text for group in same.values() for text in _differences(group)]


def _differences(group: Sequence[Result]) -> Iterator[str]:
    ours = [result for result in group if result["engine"] == _OURS]
    for result in group:
        for name in _COMPARED:
            wanted = {one[name] for one in ours if one.get(name) is not None}
            if wanted and result.get(name) is not None and {result[name]} != wanted:
                yield f"{_title(result)} {result['engine']}: {name} {result[name]}, ours {wanted}"


def _workload(result: Result) -> tuple[Any, ...]:
    return result["firms"], result["policies"], result["rich"]


def _title(result: Result) -> str:
    return str(
        Order(**{name: result[name] for name in ("engine", "firms", "policies", "threads", "rich")}, data="").work
    )


# --- a table ---


def table(results: Sequence[Result]) -> str:
    """All measurements as Markdown."""
    about = machine()
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB; Python {about['python']}; {versions}",
        "",
        "| " + " | ".join(_HEAD) + " |",
        "|" + "---|" * len(_HEAD),
        *("| " + " | ".join(_cells(result, results)) + " |" for result in results),
        "",
        *_growth(results),
        "Beside ours: how many times as long as our engine for the same, with as many threads; for engines that look at one firm"
        " after another, by pairs a second against our largest run with one thread. Seconds are medians, policies loaded"
        ' before; unknown pairs, amounts: "–" where the engine has none.',
    ]
    return "\n".join(lines)


def _growth(results: Sequence[Result]) -> list[str]:
    """How our own time grows when firms or policies double, everything else the same."""
    ours = [one for one in results if one["engine"] == _OURS and not (one["rich"] or one["written"] or one["exact"])]
    lines = [
        f"- twice the {what}, {_title(small)} to {_title(large)}: {large['seconds'] / small['seconds']:.2f}× the time"
        for small in ours
        for large in ours
        for what, other in (("firms", "policies"), ("policies", "firms"))
        if large[what] == 2 * small[what] and all(large[key] == small[key] for key in (other, "threads"))
    ]
    return [*lines, ""] if lines else []


def _cells(result: Result, results: Sequence[Result]) -> list[str]:
    unknown = result["unknown"]
    return [
        _title(result),
        result["engine"],
        str(result["threads"]),
        "Parquet" if result["written"] else "memory",
        f"{result['seconds']:.3f}",
        f"{result['pairs_per_s']:,}",
        f"{result['peak_mib']:,}",
        _beside(result, results),
        f"{result['pairs']:,}",
        "–" if unknown is None else f"{unknown:,}",
        result["money"],
    ]


def _beside(result: Result, results: Sequence[Result]) -> str:
    if result["engine"] in ROW_ENGINES:
        ours = _largest_of_one_thread(results)
        return "" if ours is None else f"{ours['pairs_per_s'] / result['pairs_per_s']:,.0f}× (rate)"
    if result["rich"] and result["engine"] == _OURS:
        flat = _ours_like({**result, "rich": False}, results)
        return "" if flat is None else f"{result['seconds'] / flat['seconds']:.2f}× (flat)"
    same = _ours_like(result, results)
    return "" if same is None or same is result else f"{result['seconds'] / same['seconds']:.2f}×"


def _ours_like(result: Result, results: Sequence[Result]) -> Result | None:
    keys = ("firms", "policies", "rich", "threads", "written", "exact")
    wanted = {"engine": _OURS, **{key: result[key] for key in keys}}
    return next((one for one in results if all(one[key] == value for key, value in wanted.items())), None)


def _largest_of_one_thread(results: Sequence[Result]) -> Result | None:
    ours = [one for one in results if one["engine"] == _OURS and one["threads"] == 1]
    return max(ours, key=lambda one: one["firms"] * one["policies"], default=None)
