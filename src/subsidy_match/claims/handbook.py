"""Writes ``docs/claims-states.md`` from the tables, so that what people read is what the code does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from subsidy_match.claims.duties import DUTY_NAMES, FORBIDDEN, Duty
from subsidy_match.claims.handling.channels import CHANNELS
from subsidy_match.claims.payment.payment_handbook import render_payments
from subsidy_match.claims.reasons import REASONS
from subsidy_match.claims.states import EVENT_NAMES, STATE_NAMES, State
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import ClockEffect, Door, FundEffect, Transition

__all__ = ["render_states"]

_INTRO = """\
# States of a claim · 办件状态

Generated from `subsidy_match.claims.table`; do not edit: `make pages` writes it anew.

One transition is one transaction with one audit row and one outbox row. Nothing but these rows can happen to a claim.
"""


def render_states() -> str:
    """Give the page as Markdown: diagram, states, transitions, duties, reasons, payment lines."""
    parts = (_diagram(), _states(), _transitions(), _channels(), _duties(), _reasons(), render_payments())
    return "\n".join([_INTRO, *(line for part in parts for line in part)])


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state in State:
        yield f"    {state}: {STATE_NAMES[state][0]} {state}"
    seen = set()
    for row in TRANSITIONS:
        for source in row.sources or (None,):
            if row.target is None or (source, row.event, row.target) in seen:
                continue
            seen.add((source, row.event, row.target))
            yield f"    {source or '[*]'} --> {row.target}: {row.event}"
    yield "```\n"


def _states() -> Iterator[str]:
    yield "## States · 状态\n"
    yield from _table(("state", "中文", "English"), ((f"`{s}`", *STATE_NAMES[s]) for s in State))


def _transitions() -> Iterator[str]:
    yield "## Transitions · 流转\n"
    yield "Rows marked *payouts* are fired by payout batches and receipts only, *runs* by allocation runs of pooled funds, "
    yield "*notices* by public notices and objections, *allocations* by documents of allocation, *funds* by the fund office.\n"
    header = ("row", "from", "event", "中文", "to", "actors", "duty", "guards", "money", "clock", "fields")
    yield from _table(header, (_cells(row) for row in TRANSITIONS))


def _cells(row: Transition) -> tuple[str, ...]:
    when = f" *({row.when})*" if row.when else ""
    door = "" if row.door is Door.DESK else f" *{row.door}*"
    return (
        row.row,
        "<br>".join(row.sources) or "–",
        f"`{row.event}`{when}{door}",
        EVENT_NAMES[row.event][0],
        row.target or "*stays*",
        ", ".join(sorted(row.roles)),
        row.duty or "",
        "<br>".join(row.guards),
        "" if row.fund is FundEffect.NONE else row.fund,
        "" if row.clock is ClockEffect.NONE else row.clock,
        ", ".join([*(f"**{name}**" for name in row.needs), *row.takes]),
    )


def _channels() -> Iterator[str]:
    yield "## Channels · 兑现方式\n"
    yield "What is left to the machine; where the policy's chain has no `accept`, the system accepts at submission.\n"
    rows = (
        (f"`{name}`", short.zh, ", ".join(short.by_push), ", ".join(short.by_system))
        for name, short in CHANNELS.items()
    )
    yield from _table(("channel", "中文", "by push", "by the system"), rows)


def _duties() -> Iterator[str]:
    yield "## Duties · 职责分离\n"
    yield "✗ = never the same person in the whole history of one claim.\n"
    duties = list(Duty)
    header = ("", *(DUTY_NAMES[duty][1] for duty in duties))
    rows = (
        (
            f"{DUTY_NAMES[one][0]} {DUTY_NAMES[one][1]}",
            *("✗" if frozenset({one, other}) in FORBIDDEN else "" for other in duties),
        )
        for one in duties
    )
    yield from _table(header, rows)


def _reasons() -> Iterator[str]:
    yield "## Reasons · 理由代码\n"
    rows = (
        (
            f"`{r.code}`",
            r.zh,
            r.en,
            "*every event*" if len(r.events) == len(EVENT_NAMES) else ", ".join(sorted(r.events)),
        )
        for r in REASONS.values()
    )
    yield from _table(("code", "中文", "English", "events"), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
