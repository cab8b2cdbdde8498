"""Commands about headers: say once what an unknown one means; the next import reads it."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, business_today, decider, settings
from subsidy_match.cli.output import note, print_json, print_table
from subsidy_match.errors import NotFound
from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.mapping import Column, Mappings, load_mappings
from subsidy_match.profiles.meanings import Meaning, Remembered, load_remembered, save_remembered
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.remembered import with_remembered

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="表头:指定未识别表头的含义 / Headers: say what an unknown one means.")

_LIST = typer.Argument(metavar="LIST", help="清单编号,见 known / the list, see `known`")
_HEADER = typer.Argument(metavar="HEADER", help="文件中的表头;两级用 / 连接,{year} 代表年度 / the header in the file")
_KNOWN = typer.Argument(metavar="KNOWN", help="已知表头、指标,或 unused(不需要)/ a known header, a fact, or unused")


@app.command("map")
def map_command(
    list_id: Annotated[str, _LIST],
    header: Annotated[str, _HEADER],
    known: Annotated[str, _KNOWN],
    by: Annotated[str | None, typer.Option(help="决定人 / who decides; needed")] = None,
) -> None:
    """指定表头含义;下次导入时已收的所有文件都按此重读 / Say what a header means; the next import reads all landed files again with it."""
    _keep(list_id, header, Meaning(known, decider(by), business_today()))


@app.command()
def forget(list_id: Annotated[str, _LIST], header: Annotated[str, _HEADER]) -> None:
    """撤销指定 / Forget what a header was said to mean."""
    if header not in load_remembered(Shelf(settings().home).headers).lists.get(list_id, {}):
        zh, en = f"没有为 {list_id} 指定过“{header}”", f"{header!r} of {list_id} was never given a meaning"
        raise NotFound("profiles.headers", zh, en)
    _keep(list_id, header, None)


@app.command("list")
def list_command(as_json: Annotated[bool, JSON] = False) -> None:
    """已指定的表头 / The headers that were given a meaning."""
    remembered = load_remembered(Shelf(settings().home).headers)
    if as_json:
        print_json(
            {name: {h: said.to_dict() for h, said in headers.items()} for name, headers in remembered.lists.items()}
        )
        return
    rows = [
        (name, header, said.means, said.by or "", said.day.isoformat() if said.day else "")
        for name, headers in remembered.lists.items()
        for header, said in headers.items()
    ]
    print_table(("清单 / list", "表头 / header", "含义 / meaning", "决定人 / by", "日期 / day"), rows)


@app.command()
def known(
    list_id: Annotated[str | None, typer.Argument(metavar="[LIST]", help="清单编号,默认全部 / one list only")] = None,
) -> None:
    """各清单已知的表头 / The headers that are known, list by list."""
    mappings = _checked(load_remembered(Shelf(settings().home).headers))
    rows = [
        (spec.id, mappings.departments[spec.id], column.fact or column.field or column.role or "", _names(column))
        for spec in mappings.lists.values()
        if list_id in (None, spec.id)
        for column in spec.columns
    ]
    if not rows:
        raise NotFound("profiles.headers", f"没有清单“{list_id}”", f"there is no list {list_id!r}")
    print_table(("清单 / list", "部门 / department", "指标 / fact", "表头 / headers"), rows)


def _keep(list_id: str, header: str, meaning: Meaning | None) -> None:
    shelf = Shelf(settings().home)
    with shelf.lock():
        said = load_remembered(shelf.headers).saying(list_id, header, meaning)
        if meaning is not None:  # whatever is wrong with it may be forgotten
            _checked(said)
        save_remembered(shelf.headers, said)
    note(
        "下次导入时生效,已收的所有文件一并重读 / takes effect with the next import, which reads all landed files again"
    )


def _checked(remembered: Remembered) -> Mappings:
    catalogue = fact_columns(settings().policies)
    return with_remembered(load_mappings(catalogue), remembered, catalogue, Shelf(settings().home).headers)


def _names(column: Column) -> str:
    return " | ".join(column.header)
