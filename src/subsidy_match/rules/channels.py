"""What a channel asks of a policy: money that nobody applies for must be due by data alone."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.errors import Location
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.policy import Channel, Policy
from subsidy_match.rules.tree import Manual
from subsidy_match.rules.walking import nodes_below

__all__ = ["check_channels"]


def check_channels(policies: list[Policy], findings: Findings) -> None:
    """Record a finding for everything in a ``no_apply`` policy that only a person or the firm itself could bring."""
    for policy in policies:
        if policy.channel is Channel.NO_APPLY:
            for zh, en, at in _obstacles(policy):
                findings.add("P010", f"免申即享不能有{zh}", f"no_apply takes no {en}", at, "channel: fast, or instant")


def _obstacles(policy: Policy) -> Iterator[tuple[str, str, Location]]:
    for node in nodes_below(policy.condition):
        if isinstance(node, Manual):
            yield f"人工核实:{node.text.zh}", f"manual check: {node.text.en}", node.mark.at
    for material in policy.materials:
        if material.brought_by != "department":
            yield (
                f"需提交的材料:{material.label.zh}",
                f"material to hand in: {material.label.en}",
                Location(policy.path, 1, 1),
            )
