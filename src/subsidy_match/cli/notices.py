"""Commands about public notices and the objections to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.official.document_states import ObjectionState
from subsidy_match.claims.official.notice_files import notice_csv, notice_text, notice_xlsx
from subsidy_match.claims.official.notice_list import NoticeList, read_list
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.official.objections import ObjectionDesk, Objector
from subsidy_match.claims.official.public_notices import Contact, PublicNotice
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.money import yuan_text

__all__ = ["Claims", "app"]

app = typer.Typer(help="公示与异议 / Public notices, and objections to them.", no_args_is_help=True)
Claims = Annotated[list[int], typer.Argument(min=1, max=2**63 - 1, help="办件号 / ids of claims")]
Notice = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="公示 / id of the notice")]
Objection = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="异议 / id of the objection")]
Number = Annotated[str, typer.Argument(help="公示编号 / number of the notice")]
Why = Annotated[str, typer.Option("--reason", help="理由代码 / code of the reason")]
_FILES: dict[str, Callable[[NoticeList], bytes]] = {
    ".txt": lambda listed: notice_text(listed).encode(),
    ".csv": notice_csv,
    ".xlsx": notice_xlsx,
}


@app.command("list")
def list_notices(as_json: Annotated[bool, JSON] = False) -> None:
    """列出公示 / List notices."""
    with platform() as wired:
        found = NoticeOffice(wired.desk).notices(limit=1000)
    if as_json:
        print_json([{"id": n.id, "number": n.number, "state": n.state, "claims": len(n.entries)} for n in found])
        return
    rows = [(n.id, n.number, f"{n.state_zh} / {n.state_en}", len(n.entries), n.until_on or "") for n in found]
    print_table(("id", "编号 / number", "状态 / state", "件数 / claims", "至 / until"), rows, right=(0, 3))


@app.command()
def draft(
    claims: Claims,
    number: Annotated[str, typer.Option(help="公示编号 / number")],
    title: Annotated[str, typer.Option(help="标题 / title")],
    department: Annotated[str, typer.Option(help="异议受理部门 / office for objections")],
    login: As,
    phone: Annotated[str, typer.Option(help="电话 / telephone")] = "",
    email: Annotated[str, typer.Option(help="邮箱 / e-mail")] = "",
) -> None:
    """拟制公示 / Draft a notice of approved claims."""
    with platform() as wired:
        actor, contact = caller(wired.engine, login), Contact(department, phone, email)
        made = NoticeOffice(wired.desk).draft(
            claims, number=number, title=title, contact=contact, actor=actor, at=now()
        )
        _print(made)


@app.command()
def publish(notice_id: Notice, login: As) -> None:
    """发布公示 / Publish a notice."""
    with platform() as wired:
        _print(NoticeOffice(wired.desk).publish(notice_id, actor=caller(wired.engine, login), at=now()))


@app.command()
def close(notice_id: Notice, login: As) -> None:
    """公示期满后结束 / Close a notice whose days are over."""
    with platform() as wired:
        _print(NoticeOffice(wired.desk).close(notice_id, actor=caller(wired.engine, login), at=now()))


@app.command()
def withdraw(
    notice_id: Notice,
    login: As,
    reason: Why,
    note: Annotated[str | None, typer.Option(help="说明 / note")] = None,
) -> None:
    """撤下公示 / Withdraw a notice."""
    with platform() as wired:
        office, actor = NoticeOffice(wired.desk), caller(wired.engine, login)
        _print(office.withdraw(notice_id, reason_code=reason, note=note, actor=actor, at=now()))


@app.command()
def show(
    number: Number,
    out: Annotated[Path | None, typer.Option(help="写入 .txt .csv .xlsx / write to a file")] = None,
) -> None:
    """公示名单(已脱敏)/ The list as everybody may read it, masked."""
    with platform() as wired:
        listed = read_list(wired.engine, number)
    if out is None:
        print_text(notice_text(listed).rstrip("\n"))
        return
    write = _FILES.get(out.suffix.lower())
    if write is None:
        known = " ".join(_FILES)
        raise InputError("format_unknown", f"不支持的格式:{out.suffix}", f"no such format: {out.suffix}", hint=known)
    out.write_bytes(write(listed))
    print_text(str(out))


@app.command("object")
def file_objection(
    number: Number,
    claim_no: Annotated[str, typer.Argument(help="办件编号 / number of the claim")],
    evidence: Annotated[str, typer.Option(help="异议内容 / what is wrong and how it is known")],
    login: As,
    name: Annotated[str, typer.Option(help="异议人 / who objects, on paper")] = "",
    contact: Annotated[str, typer.Option(help="联系方式 / how to reach them")] = "",
) -> None:
    """登记异议 / Record an objection."""
    objector = Objector(name, contact) if name or contact else None
    with platform() as wired:
        actor = caller(wired.engine, login)
        filed = ObjectionDesk(wired.desk).file(
            number, claim_no, evidence=evidence, objector=objector, actor=actor, at=now()
        )
        print_text(f"{filed.id}  {filed.state_zh} / {filed.state_en}")


@app.command()
def objections(
    state: Annotated[str | None, typer.Option(help="状态 / state: OPEN | DISMISSED | UPHELD")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """列出异议(不含异议人)/ List objections, without whoever made them."""
    try:
        wanted = None if state is None else ObjectionState(state.upper())
    except ValueError:
        known = ", ".join(ObjectionState)
        raise InputError("state_unknown", f"没有这个状态:{state}", f"no such state: {state}", hint=known) from None
    with platform() as wired:
        found = ObjectionDesk(wired.desk).objections(state=wanted, limit=1000)
    if as_json:
        print_json([{"id": o.id, "claim": o.claim_id, "notice": o.notice_id, "state": o.state} for o in found])
        return
    rows = [
        (o.id, o.claim_id, o.origin, f"{o.state_zh} / {o.state_en}", o.evidence.replace("\n", " ")[:40]) for o in found
    ]
    print_table(("id", "办件 / claim", "来源 / origin", "状态 / state", "内容 / words"), rows, right=(0, 1))


@app.command()
def decide(
    objection_id: Objection,
    decision: Annotated[str, typer.Argument(help="不成立、重新审核、撤销 / dismiss | uphold | revoke")],
    answer: Annotated[str, typer.Option(help="答复 / answer")],
    login: As,
    reason: Why,
) -> None:
    """处理异议 / Decide an objection."""
    with platform() as wired:
        desk, actor = ObjectionDesk(wired.desk), caller(wired.engine, login)
        acts = {"dismiss": desk.dismiss, "uphold": desk.uphold, "revoke": desk.revoke}
        if decision not in acts:
            known = ", ".join(acts)
            raise InputError(
                "decision_unknown", f"没有这种处理:{decision}", f"no such decision: {decision}", hint=known
            )
        done = acts[decision](objection_id, reason_code=reason, answer=answer, actor=actor, at=now())
        print_text(f"{done.id}  {done.state_zh} / {done.state_en}")


def _print(notice: PublicNotice) -> None:
    total = yuan_text(sum(entry.amount for entry in notice.entries))
    state = f"{notice.state_zh} / {notice.state_en}"
    print_text(f"{notice.id}  {notice.number}  {len(notice.entries)} 件 / claims  {total}  {state}")
