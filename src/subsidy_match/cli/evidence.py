"""Commands that show what a claim was decided on, and work the decision out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from subsidy_match.cli.context import JSON, platform
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.rules.explanation import amount_text, summary
from subsidy_match.rules.replay import Replay
from subsidy_match.rules.replay import replay as replay_pinned

__all__ = ["evidence", "replay"]

Id = Annotated[int | None, typer.Argument(min=1, max=2**63 - 1, help="办件号 / id of the claim")]
_Pin = tuple[str, bytes]  # what it was pinned for, and the bytes


def evidence(
    claim_id: Id,
    version: Annotated[
        int | None, typer.Option(min=1, help="办件版本 / version of the claim (default: the last)")
    ] = None,
) -> None:
    """留存的依据,原样 / What the claim was decided on, as it was pinned."""
    with platform() as wired:
        pins = list(_pins(wired, claim_id or 0, version))
    print_text(pins[-1][1].decode())


def replay(
    claim_id: Id = None,
    file: Annotated[Path | None, typer.Option(help="导出的依据文件 / exported evidence, instead of a claim")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """按留存的条文、参数和数据重算当时的结论 / Work a decision out again from what was pinned."""
    if (claim_id is None) == (file is None):
        raise InputError("replay_what", "请给出办件号或 --file 之一", "give either a claim or --file")
    if file is not None:
        pins: list[_Pin] = [(file.name, _bytes_of(file))]
    else:
        with platform() as wired:
            pins = list(_pins(wired, claim_id or 0, None))
    replays, broken = [], []
    for name, content in pins:
        try:
            pinned = _parsed(name, content)
            replays.append((name, pinned, replay_pinned(pinned)))
        except InputError as error:
            if len(pins) == 1:
                raise
            broken.append((name, error))
    if as_json:
        print_json([_plain(name, pinned, again) for name, pinned, again in replays])
    else:
        _print(replays)
    for name, problem in broken:
        note(f"{name}: {problem.zh} / {problem.en}")
    if broken or any(again.differences for _, _, again in replays):
        raise typer.Exit(1)


def _pins(wired: Platform, claim_id: int, version: int | None) -> Iterator[_Pin]:
    """What was pinned, oldest first."""
    found = False
    for step in wired.desk.timeline(claim_id):
        if version in (None, step.version):
            with suppress(NotFound):  # not every step decides
                content = wired.desk.evidence(claim_id, step.version)
                found = True
                yield f"v{step.version} {step.zh}", content
    if not found:
        raise NotFound("evidence_unknown", "该办件没有留存依据", "nothing was pinned for this claim")


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        zh, en = f"读不了文件:{error.strerror}", f"the file cannot be read: {error.strerror}"
        raise InputError("evidence_broken", zh, en, Location(str(file))) from error


def _parsed(name: str, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError("evidence_broken", f"{name} 不是 JSON", f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError("evidence_broken", f"{name} 不是留存的依据", f"{name} is not a pinned decision")
    return found


def _print(replays: list[tuple[str, dict[str, Any], Replay]]) -> None:
    rows = [
        (
            name,
            again.match.policy.key,
            again.match.as_of,
            pinned["verdict"],
            _then(pinned["amount"]),
            again.match.verdict.value,
            amount_text(again.match.amount) or "—",
            again.engine_version,
            "不一致 / differs" if again.differences else "一致 / same",
        )
        for name, pinned, again in replays
    ]
    columns = (
        "留存于 / pinned",
        "政策 / policy",
        "评价日 / as of",
        "原结论 / was",
        "原金额",
        "重算 / is",
        "金额",
        "原引擎 / engine",
        "",
    )
    print_table(columns, rows, right=(4, 6))
    for _, _, again in replays:
        for zh, en in again.differences:
            print_text(f"{zh} / {en}")


def _then(amount: dict[str, int | None] | None) -> str:
    if amount is None:
        return "—"
    low, high = amount["min"], amount["max"]
    return yuan_text(low) if low == high else f"{yuan_text(low)}–{yuan_text(high)}"


def _plain(name: str, pinned: dict[str, Any], again: Replay) -> dict[str, Any]:
    return {
        "pinned": name,
        "engine_version": again.engine_version,
        "was": {"verdict": pinned["verdict"], "amount": pinned["amount"]},
        "is": summary(again.match),
        "differences": [{"zh": zh, "en": en} for zh, en in again.differences],
    }
