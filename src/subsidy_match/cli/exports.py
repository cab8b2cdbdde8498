"""The command that writes a snapshot for machines that do not share its database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, settings
from subsidy_match.cli.output import bar, print_json, print_text
from subsidy_match.profiles.exporting import FIRMS_A_FILE, export_parquet
from subsidy_match.profiles.reading import open_snapshot

__all__ = ["export"]


def export(
    parquet: Annotated[Path, typer.Option("--parquet", help="新目录 / a folder that does not exist yet")],
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", help="快照,默认现行 / another snapshot than the one in force")
    ] = None,
    firms_a_file: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="每个文件的企业数 / firms a file; a file is matched at once")
    ] = FIRMS_A_FILE,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """快照导出为 Parquet 目录,供集群匹配 / Write a snapshot as a folder of Parquet files, for match --engine spark."""
    with open_snapshot(settings().home, snapshot) as opened, bar(f"导出快照 {opened.id}") as progress:
        done = export_parquet(opened, parquet, firms_a_file=firms_a_file, progress=progress)
    if as_json:
        print_json(
            {"snapshot": done.snapshot, "firms": done.firms, "files": len(done.files), "folder": str(done.folder)}
        )
    else:
        print_text(f"{done.snapshot}: {done.firms} 家企业 / firms, {len(done.files)} 个文件 / files, {done.folder}")
