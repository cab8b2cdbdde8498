"""Commands about the audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.clock import business_day
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import print_findings, print_json, print_table, print_text
from subsidy_match.errors import Finding
from subsidy_match.store import audit
from subsidy_match.store.anchors import anchors, set_anchor, verify_anchors
from subsidy_match.store.audit_file import export_audit, verify_file
from subsidy_match.store.read_log import reads
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="审计链 / The audit trail.", no_args_is_help=True)
Kept = Annotated[str | None, typer.Option("--digest", help="另行保存的锚定摘要 / digest of an anchor kept elsewhere")]


@app.command()
def verify(
    file: Annotated[Path | None, typer.Option(help="只凭导出文件核对 / an export, instead of the store")] = None,
    digest: Kept = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """核对每条审计链及其锚定 / Verify every chain, and the anchors over them."""
    chains, found = _from_store(digest) if file is None else _from_file(file, digest)
    if as_json:
        print_json({"chains": chains, "findings": [finding.to_dict() for finding in found]})
    else:
        print_findings(found)
        print_text(f"{chains} 条链,{len(found)} 处不符 / chains, findings")
    if found:
        raise typer.Exit(1)


@app.command()
def export(file: Annotated[Path, typer.Argument(help="导出到 / where to")]) -> None:
    """导出全部审计记录、链尾和锚定 / Write all entries, heads and anchors into one file."""
    with platform() as wired:
        counts = in_unit(wired.engine, lambda session: export_audit(session, file, at=now()), immediate=False)
    print_text(f"{counts['entry']} 条记录,{counts['head']} 条链,{counts['anchor']} 次锚定 / entries, chains, anchors")


@app.command()
def anchor(as_json: Annotated[bool, JSON] = False) -> None:
    """每日锚定:对全部链尾取摘要,请打印或另存 / Anchor all chains; print the digest or keep it elsewhere."""
    at = now()
    with platform() as wired:
        made = in_unit(wired.engine, lambda session: set_anchor(session, day=business_day(at), at=at))
    if as_json:
        print_json({"seq": made.seq, "day": made.day, "chains": made.chains, "digest": made.digest})
    else:
        print_text(f"{made.day}  第{made.seq}次 / no. {made.seq}  {made.chains} 条链 / chains\n{made.digest}")


@app.command("reads")
def list_reads(
    subject: Annotated[str | None, typer.Option(help="例 enterprise:<代码> / of whom")] = None,
    actor: Annotated[str | None, typer.Option("--by", help="用户名 / login")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多 / at most")] = 100,
) -> None:
    """谁在何时查看过谁的个人信息 / Who read whose personal data, newest first."""
    with platform() as wired:
        found = in_unit(
            wired.engine, lambda session: reads(session, subject=subject, actor=actor, limit=limit), immediate=False
        )
    rows = [(read.at.isoformat(timespec="seconds"), read.actor, read.what, read.subject) for read in found]
    print_table(("时间 / at", "用户 / by", "内容 / what", "对象 / of whom"), rows)


def _from_store(digest: str | None) -> tuple[int, list[Finding]]:
    with platform() as wired:
        return in_unit(
            wired.engine,
            lambda session: (
                len(audit.heads(session)),
                audit.verify(session) + verify_anchors(audit.entries(session), anchors(session), digest),
            ),
            immediate=False,
        )


def _from_file(file: Path, digest: str | None) -> tuple[int, list[Finding]]:
    read, found = verify_file(file, digest)
    return len(read.heads), found
