"""Backup and restore of the transactional store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims import funds
from subsidy_match.claims.payment_checks import check_totals
from subsidy_match.cli.context import settings
from subsidy_match.cli.output import note, print_text
from subsidy_match.errors import NotFound
from subsidy_match.store.backup import BackupReport, backup, restore
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade

__all__ = ["back_up", "put_back"]

Backup = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件 / the backup")]


def back_up(file: Backup) -> None:
    """备份数据库到一个文件(两种数据库通用,不停机)/ Write the store to one file, while it is in use."""
    engine = open_engine(settings().url)
    try:
        _say(backup(engine, file))
    finally:
        engine.dispose()
    note("账号密钥 account.key 不在备份内,请另行保存 / keep account.key as well: it is not in the backup")


def put_back(file: Backup) -> None:
    """从备份恢复到空库并核对余额、批次和审计链 / Fill an empty store from a backup, and verify what came back."""
    if not file.is_file():
        raise NotFound("backup_unknown", f"备份文件不存在:{file}", f"no such backup: {file}")
    upgrade(settings().url)
    engine = open_engine(settings().url)
    try:
        _say(restore(engine, file, (funds.check_balances, check_totals)))
    finally:
        engine.dispose()


def _say(report: BackupReport) -> None:
    print_text(f"{report.revision} {sum(report.rows.values())} {report.sha256}")
