"""What a firm hangs together with, for ``profiles show``: parent, branches, predecessor, successor, moves, old ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subsidy_match.cli.output import print_text
from subsidy_match.cli.values import plain, source_dict, source_text
from subsidy_match.profiles.reading import Link

__all__ = ["link_dict", "print_links"]

_KINDS = {
    "parent": "隶属企业 / branch of",
    "branch": "分支机构 / branch",
    "predecessor": "转型前(记录不并入) / formerly the individual business, not merged",
    "successor": "转型后 / became",
    "moved_in": "迁入 / moved in",
    "moved_out": "迁出 / moved out",
}


def print_links(old_ids: Sequence[str], links: Sequence[Link]) -> None:
    """One line each, with the source."""
    for old_id in old_ids:
        print_text(f"  旧代码 / old id: {old_id}")
    for link in links:
        day = link.day.isoformat() if link.day else None
        told = "  ".join(part for part in (link.uscc, link.name, link.place, day) if part)
        print_text(f"  {_KINDS[link.kind]}: {told}  ({source_text(link.source)})")


def link_dict(link: Link) -> dict[str, Any]:
    """A link as plain data."""
    node = {"kind": link.kind, "uscc": link.uscc, "name": link.name, "place": link.place, "day": link.day}
    return {**plain(node), **source_dict(link.source)}
