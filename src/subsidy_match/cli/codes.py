"""Commands about code tables: the full table of industries that an office imports once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, settings
from subsidy_match.cli.output import note, print_findings, print_json, print_table
from subsidy_match.profiles.industry_import import import_industries

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="代码表:国民经济行业分类 / Code tables: industries.")

_OK, _FINDINGS = 0, 1


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="GB/T 4754-2017 全表,CSV 或 XLSX / the full table")],
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """导入国民经济行业分类全表(代码、名称、上级、级别)/ Import the full table of industries (code, name, parent, level)."""
    counts = import_industries(file, settings().home)
    numbers = {name: number for name, number in asdict(counts).items() if name != "doubts"}
    if as_json:
        print_json({**numbers, "doubts": [doubt.to_dict() for doubt in counts.doubts]})
    else:
        heads = (
            "门类 / sections",
            "大类 / divisions",
            "中类 / groups",
            "小类 / classes",
            "补回首位 0 / zeros put back",
        )
        print_table(heads, [tuple(numbers.values())], right=range(len(heads)))
        print_findings(counts.doubts)
    note("下次导入或核对时生效 / takes effect with the next import or review")
    raise typer.Exit(_FINDINGS if counts.doubts else _OK)
