"""Commands for policy officers: check, test, explain and publish policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.cli.context import AS_OF, JSON, LANG, business_today, day, settings
from subsidy_match.cli.output import bar, note, print_findings, print_json, print_table, print_text
from subsidy_match.errors import AuthorError, Finding
from subsidy_match.rules.analysis.finding import Doubt
from subsidy_match.rules.analysis.review import review_folder
from subsidy_match.rules.catalogue import load_catalogue
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.portrait import policy_portrait, portrait_text
from subsidy_match.rules.publishing import publish as publish_set
from subsidy_match.rules.schema import policy_schema
from subsidy_match.rules.skeleton import write_skeleton

__all__ = ["app"]

app = typer.Typer(help="政策:检查、测试、解释、发布 / Policies: check, test, explain, publish.", no_args_is_help=True)
Folder = Annotated[Path | None, typer.Argument(help="政策目录 / folder of policies (default: SUBSIDY_POLICIES)")]


@app.command()
def validate(
    path: Folder = None,
    form: Annotated[str, typer.Option("--format", help="输出格式 / form: human | json | github")] = "human",
    quick: Annotated[bool, typer.Option("--quick", help="不做分析检查 / without the analysis (P011–P023)")] = False,
) -> None:
    """检查政策:一次列出全部问题 / Check policies and list everything wrong at once."""
    if form not in ("human", "json", "github"):
        raise typer.BadParameter("human | json | github", param_hint="--format")
    folder = path or settings().policies
    found, accepted, loaded = _checked(folder, quick=quick)
    print_findings(found, form)
    if found:
        note(f"{len(found)} 个问题 / findings in {folder}; docs/checks.md")
        raise typer.Exit(1)
    if form == "human" and loaded is not None:
        known = f"({len(accepted)} 项已说明理由 / accepted with a reason)" if accepted else ""
        print_text(
            f"{len(loaded.policies)} 个政策版本,没有问题{known} / policy versions, no findings  {loaded.hash[:12]}"
        )


def _checked(folder: Path, *, quick: bool) -> tuple[Sequence[Finding], Sequence[Doubt], PolicySet | None]:
    """Everything wrong with a folder: what keeps it from loading, or else what the analysis doubts."""
    try:
        policies = load_policies(folder)
    except AuthorError as error:
        return error.findings or (error.as_finding(),), (), None
    if quick:
        return (), (), policies
    with bar("检查 / checking") as progress:
        found = review_folder(folder, progress=progress)
    return found.findings, found.accepted, policies


@app.command()
def explain(
    policy_id: Annotated[str, typer.Argument(help="政策代码 / policy id")],
    as_of: Annotated[str | None, AS_OF] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """用文字说明一项政策 / Say in words what a policy asks and pays."""
    policies = load_policies(settings().policies)
    policy = policies.get(policy_id, day(as_of))
    if as_json:
        print_json(policy_portrait(policy, policies, day(as_of)))
    else:
        print_text(portrait_text(policy, policies, day(as_of), lang))


@app.command()
def publish(
    path: Folder = None,
    correct: Annotated[
        str, typer.Option("--correct", help="更正已生效版本的理由 / why a version in force is corrected")
    ] = "",
) -> None:
    """检查、测试并冻结一套政策,自此由系统采用 / Check, test and freeze a set; it is served from now on."""
    policies = publish_set(
        path or settings().policies, settings().published, today=business_today(), correcting=correct
    )
    print_text(policies.hash)
    note(f"已发布 {len(policies.policies)} 个政策版本 / policy versions published")


@app.command()
def schema() -> None:
    """政策文件的 JSON Schema,供编辑器补全 / JSON Schema of policy files, for completion in editors."""
    print_json(policy_schema(load_catalogue(settings().policies / "facts.yml")))


@app.command()
def new(
    policy_id: Annotated[str, typer.Argument(help="政策代码,例如 huaian-sample / policy id")],
    title: Annotated[str, typer.Option(help="名称 / title")] = "新政策",
    start: Annotated[str | None, typer.Option("--from", help="生效日 / first day in force (default: today)")] = None,
    under: Annotated[str, typer.Option(help="放在哪个子目录 / folder below the policies")] = "huaian",
) -> None:
    """新建一项政策和用例的样稿 / Begin a new policy with a case that passes."""
    for path in write_skeleton(settings().policies, policy_id, title, day(start), under=under):
        print_text(str(path))
    note("下一步 / next: subsidy-match policies validate && subsidy-match policies test")


@app.command("list")
def list_policies(as_of: Annotated[str | None, AS_OF] = None, as_json: Annotated[bool, JSON] = False) -> None:
    """列出有效政策 / List the policies in force."""
    found = list(load_policies(settings().policies).in_force(day(as_of)))
    if as_json:
        print_json(
            [{"id": p.id, "version": p.start.isoformat(), "title": {"zh": p.title.zh, "en": p.title.en}} for p in found]
        )
        return
    rows = [(p.id, p.start, p.title.zh, p.channel.value, p.provenance, p.authority) for p in found]
    print_table(("id", "版本 / from", "名称 / title", "渠道 / channel", "性质 / mark", "主管 / authority"), rows)
