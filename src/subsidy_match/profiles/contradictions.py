"""Decisions handed over together that contradict each other: none of them counts, for nobody can tell which was meant."""

from __future__ import annotations

from collections.abc import Iterable

from subsidy_match.errors import Finding, InputError
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = ["refuse_contradictions"]


def refuse_contradictions(
    decisions: Iterable[tuple[str, str | None]], rulings: Iterable[tuple[str, str | None]]
) -> None:
    """Refuse two different decisions of one review item; the same one said twice does no harm.

    Args:
        decisions: pairs of review id and the code of the firm, or ``None`` for "none of ours".
        rulings: pairs of the id of a contradiction and the reading that holds, or ``None`` where nobody can say.

    Raises:
        InputError: an item is decided in two ways; every such item is named.
    """
    said: dict[str, set[tuple[str, str | None]]] = {}
    for item, firm in decisions:
        said.setdefault(item, set()).add(("firm", normalise_uscc(firm) if firm else None))
    for item, value in rulings:
        said.setdefault(item, set()).add(("value", value))
    findings = [_contradiction(item) for item, ways in said.items() if len(ways) > 1]
    if findings:
        first = findings[0]
        raise InputError(first.code, first.zh, first.en, hint=first.hint, findings=findings)


def _contradiction(item: str) -> Finding:
    zh, en = (
        f"对事项 {item} 的几个决定互相矛盾,均未采用",
        f"the decisions about {item} contradict each other: none was taken",
    )
    return Finding("profiles.review.contradiction", zh, en, hint="--match | --refuse | --choose | --leave")
