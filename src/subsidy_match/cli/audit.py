"""Commands about the audit trail."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, platform
from subsidy_match.cli.output import print_findings, print_json, print_text
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="审计链 / The audit trail.", no_args_is_help=True)


@app.command()
def verify(as_json: Annotated[bool, JSON] = False) -> None:
    """核对每条审计链 / Verify every chain."""
    with platform() as wired:
        found = in_unit(wired.engine, audit.verify, immediate=False)
        chains = len(in_unit(wired.engine, audit.heads, immediate=False))
    if as_json:
        print_json({"chains": chains, "findings": [finding.to_dict() for finding in found]})
    else:
        print_findings(found)
        print_text(f"{chains} 条链,{len(found)} 处不符 / chains, findings")
    if found:
        raise typer.Exit(1)
