"""The part of the handbook about money in flight: the tables of lines and batches, their diagrams, the bank's codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from subsidy_match.claims.payment.lines.tables import BATCH_TABLE, LINE_TABLE
from subsidy_match.claims.payment.payment_states import (
    BATCH_EVENT_NAMES,
    BATCH_STATE_NAMES,
    FAILURES,
    LINE_EVENT_NAMES,
    LINE_STATE_NAMES,
    OPEN_LINES,
    OWN_CODES,
    RETURNS,
    BatchState,
    LineState,
)

__all__ = ["render_payments"]


def render_payments() -> Iterator[str]:
    """Give the sections on lines, batches and codes as Markdown."""
    yield from _line_section()
    yield from _batch_section()
    yield from _code_section()


def _line_section() -> Iterator[str]:
    yield "## Payment lines · 支付明细\n"
    yield "Generated from `subsidy_match.claims.payment.lines.tables`. Events marked *bank* need a statement or an answer to a query;"
    yield "nothing else moves a line that may have been paid. A claim has at most one line that is not finished.\n"
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield from (f"    {state}: {LINE_STATE_NAMES[state][0]} {state}" for state in LineState)
    yield "    [*] --> CREATED"
    yield from (f"    {source} --> {row.target}: {row.event}" for row in LINE_TABLE for source in row.sources)
    yield "```\n"
    states = ((f"`{s}`", *LINE_STATE_NAMES[s], "" if s in OPEN_LINES else "finished") for s in LineState)
    yield from _table(("state", "中文", "English", ""), states)
    rows = (
        (
            "<br>".join(row.sources),
            f"`{row.event}`{' *bank*' if row.answers else ''}",
            *LINE_EVENT_NAMES[row.event],
            row.target,
            ", ".join(sorted(row.roles)),
            "<br>".join(row.guards),
        )
        for row in LINE_TABLE
    )
    yield from _table(("from", "event", "中文", "English", "to", "actors", "guards"), rows)


def _batch_section() -> Iterator[str]:
    yield "## Payout batches · 支付批次\n"
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield from (f"    {state}: {BATCH_STATE_NAMES[state][0]} {state}" for state in BatchState)
    for row in BATCH_TABLE:
        yield from (f"    {source} --> {row.target}: {row.event}" for source in row.sources or ("[*]",))
    yield "```\n"
    yield from _table(("state", "中文", "English"), ((f"`{s}`", *BATCH_STATE_NAMES[s]) for s in BatchState))
    rows = (
        (
            "<br>".join(row.sources) or "–",
            f"`{row.event}`",
            *BATCH_EVENT_NAMES[row.event],
            row.target,
            ", ".join(sorted(row.roles)),
            "<br>".join(row.guards),
        )
        for row in BATCH_TABLE
    )
    yield from _table(("from", "event", "中文", "English", "to", "actors", "guards"), rows)


def _code_section() -> Iterator[str]:
    yield "## Codes of payments · 支付结果代码\n"
    yield "Only a definite failure is known to have moved no money; every other answer leaves the line UNKNOWN. Where a code"
    yield "blames the account, the claim is paid to another one.\n"
    kinds = (("failure", FAILURES), ("return", RETURNS), ("own", OWN_CODES))
    rows = (
        (
            kind,
            f"`{code}`",
            said.zh,
            said.en,
            "definite" if said.definite else "not definite",
            "yes" if said.blames_account else "",
        )
        for kind, codes in kinds
        for code, said in codes.items()
    )
    yield from _table(("kind", "code", "中文", "English", "", "another account"), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
