"""The command that runs the cases of policies, and says what the cases leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from subsidy_match.cli.context import JSON, settings
from subsidy_match.cli.output import bar, print_json, print_table, print_text
from subsidy_match.cli.policies import Folder
from subsidy_match.rules.cases import CaseResult
from subsidy_match.rules.coverage import Gap, covered
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.publishing import run_cases
from subsidy_match.rules.survivors import Mutation, mutate

__all__ = ["run_tests"]

_AT_LEAST = 95


@dataclass(frozen=True, slots=True)
class _Outcome:
    results: Sequence[CaseResult]
    coverage: tuple[int, tuple[Gap, ...]] | None
    mutation: Mutation | None
    at_least: int

    @property
    def failed(self) -> list[CaseResult]:
        return [result for result in self.results if result.problems]

    @property
    def is_good(self) -> bool:
        complete = self.coverage is None or not self.coverage[1]
        return bool(self.results) and not self.failed and complete and self._is_sharp

    @property
    def _is_sharp(self) -> bool:
        if self.mutation is None:
            return True
        killed, of = self.mutation.share
        return of > 0 and killed * 100 >= of * self.at_least


def run_tests(
    path: Folder = None,
    keyword: Annotated[str, typer.Option("-k", help="只测名称含此文字的用例 / only cases whose name holds this")] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="列出用例没有走到的条件 / conditions no case went through")
    ] = False,
    mutation: Annotated[
        bool, typer.Option("--mutate", help="改动政策,看用例能否发现 / change the policies: do cases notice?")
    ] = False,
    at_least: Annotated[
        int, typer.Option("--at-least", min=0, max=100, help="至少发现的百分比 / least share noticed")
    ] = _AT_LEAST,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """运行 *.cases.yml 用例 / Run the cases of the policies."""
    folder: Path = path or settings().policies
    policies = load_policies(folder)
    results = run_cases(policies, folder, keyword=keyword)
    asked = {result.case.policy.key: result.case.policy for result in results} if keyword else None
    cases = [result.case for result in results]
    seen = covered(policies, cases, of=list(asked.values()) if asked is not None else None) if coverage else None
    with bar("变异 / mutating") as progress:
        changed = mutate(folder, only=asked, progress=progress) if mutation else None
    outcome = _Outcome(results, seen, changed, at_least)
    if as_json:
        print_json(_plain(outcome))
    else:
        _print(outcome)
    if not outcome.is_good:
        raise typer.Exit(1)


def _print(outcome: _Outcome) -> None:
    for result in outcome.failed:
        print_text(f"{result.case.at}  {result.case.policy.id}: {result.case.name}")
        for zh, en in result.problems:
            print_text(f"    {zh} / {en}")
    counts = Counter(result.case.policy.id for result in outcome.results)
    print_table(("政策 / policy", "用例 / cases"), sorted(counts.items()), right=(1,))
    print_text(f"{len(outcome.results)} 个用例,{len(outcome.failed)} 个未通过 / cases, {len(outcome.failed)} failed")
    if outcome.coverage is not None:
        total, gaps = outcome.coverage
        for gap in gaps:
            print_text(f"{gap.at}  {gap.clause}: 从未 / never {', '.join(gap.never)}")
        print_text(f"条件和档位覆盖 / conditions and bands covered: {total - len(gaps)} / {total}")
    if outcome.mutation is not None:
        for name in outcome.mutation.survived:
            print_text(f"没有用例发现 / no case notices: {name}")
        killed, of = outcome.mutation.share
        equal = len(outcome.mutation.equal)
        print_text(f"改动被发现 / changes noticed: {killed} / {of}; 已证明等价 / proved alike: {equal}")


def _plain(outcome: _Outcome) -> Any:
    cases = [
        {
            "policy": r.case.policy.key,
            "name": r.case.name,
            "at": str(r.case.at),
            "passed": not r.problems,
            "problems": [{"zh": zh, "en": en} for zh, en in r.problems],
        }
        for r in outcome.results
    ]
    if outcome.coverage is None and outcome.mutation is None:
        return cases
    found: dict[str, Any] = {"cases": cases}
    if outcome.coverage is not None:
        total, gaps = outcome.coverage
        never = [{"at": str(gap.at), "clause": gap.clause, "never": list(gap.never)} for gap in gaps]
        found["coverage"] = {"conditions": total, "gaps": never}
    if outcome.mutation is not None:
        m = outcome.mutation
        found["mutation"] = {"killed": m.killed, "survived": list(m.survived), "equal": list(m.equal)}
    return found
