"""Backup and restore of the transactional store and of the documents that firms handed in."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from subsidy_match.claims.documents import handed_in
from subsidy_match.claims.payment.treasury_folder import first_names, foreign_files
from subsidy_match.claims.sealed import sealed_findings
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.cli.context import settings
from subsidy_match.cli.output import bar, note, print_findings, print_text
from subsidy_match.errors import Conflict, Finding, NotFound
from subsidy_match.store.backup import BackupReport, backup, restore
from subsidy_match.store.engine import open_engine
from subsidy_match.store.file_pack import PackReport, beside, pack, unpack
from subsidy_match.store.migration import upgrade
from subsidy_match.store.sealing import Sealer, load_sealer
from subsidy_match.store.unit import in_unit

__all__ = ["back_up", "put_back"]

Backup = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件 / the backup")]


def back_up(file: Backup) -> None:
    """备份数据库和企业文件(两种数据库通用,不停机)/ Write the store to FILE and documents beside it, while in use."""
    documents = beside(file)
    if documents.exists():
        zh, en = f"文件已存在,未覆盖:{documents.name}", f"the file exists and is kept: {documents.name}"
        raise Conflict("backup_exists", zh, en)
    engine = open_engine(settings().url)
    try:
        _say(backup(engine, file))
        with bar("备份文件 / documents") as progress:  # after the store: none that it speaks of is missing
            packed = pack(settings().documents, _hashes(engine), documents, progress)
    finally:
        engine.dispose()
    note(
        "密钥 account.key 和 person.key 不在备份内,请另行保存 / keep account.key and person.key: they are not in the backup"
    )
    _say_files(documents, packed)


def put_back(file: Backup) -> None:
    """从备份恢复到空库和文件夹并全面核对 / Fill an empty store and the documents from a backup, and verify all of it."""
    if not file.is_file():
        raise NotFound("backup_unknown", f"备份文件不存在:{file}", f"no such backup: {file}")
    upgrade(settings().url)
    engine = open_engine(settings().url)
    try:
        _say(restore(engine, file, STORE_CHECKS))
        keys = in_unit(engine, partial(sealed_findings, sealer=_sealer()), immediate=False)
        print_findings(keys)
        if not settings().has_person_key:
            note("请同时放回 person.key / put person.key back as well, before lists are imported")
        _say_foreign(engine)
        _say_files(beside(file), _put_back_documents(engine, beside(file)))
    finally:
        engine.dispose()
    if keys:
        raise typer.Exit(1)


def _sealer() -> Sealer:
    return load_sealer(settings().account_key, create=False)


def _put_back_documents(engine: Engine, documents: Path) -> PackReport:
    wanted = _hashes(engine)
    if not documents.is_file():
        return PackReport(0, tuple(wanted))
    with bar("恢复文件 / documents") as progress:
        return unpack(documents, settings().documents, wanted, progress)


def _hashes(engine: Engine) -> list[str]:
    return in_unit(engine, handed_in, immediate=False)


def _say(report: BackupReport) -> None:
    print_text(f"{report.revision} {sum(report.rows.values())} {report.sha256}")


def _say_foreign(engine: Engine) -> None:
    """Say what went out since the backup was made, and must not be paid again."""
    files = foreign_files(engine, settings().treasury)
    if not files:
        return
    names = first_names(files)
    note(f"支付文件夹中有{len(files)}个本库没有记录的支付文件,可能已送银行:{names}")
    note(f"{len(files)} payment files in the treasury folder that this store does not know may be at the bank: {names}")
    note("请先暂停文件中的办件,向银行核实后由监督人员逐个确认,确认前不发送支付文件:")
    note("hold the claims that they name, ask the bank, and let a supervisor answer for each; nothing is sent before:")
    note("subsidy-match payouts foreign · payouts confirm-file NAME --note TEXT --as LOGIN")


def _say_files(path: Path, report: PackReport) -> None:
    print_text(f"{path.name} {report.files}")
    zh, en = "文件缺失或被改动:", "missing, or not what was handed in: "
    print_findings([Finding("D003", f"{zh}{digest}", f"{en}{digest}") for digest in report.damaged])
    if report.damaged:
        raise typer.Exit(1)
