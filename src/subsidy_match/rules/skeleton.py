"""A new policy to begin with: a file that loads, with a case that passes, for the officer to fill in."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from subsidy_match.errors import Conflict, InputError

__all__ = ["write_skeleton"]

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_UNDER = re.compile(r"[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)*")
_NOT_FOR_POLICIES = ("clauses", "parameters")
_TITLE = re.compile(r"[^\x00-\x1f:,{}\[\]\"'#&*!|>%@`\\]{1,80}")
_POLICY = """\
# yaml-language-server: $schema={up}_schema/policy.schema.json
id: {id}
title: {{zh: {title}, en: {title}}}
provenance: representative            # official 官方文本 | sourced 据转载文本 | representative 代表性写法
basis:
  art1: {{document: 示例〔{year}〕1号, article: 第一条, gist: "营业收入500万元以上的企业,按研发费用的8%补助,最高200万元"}}
level: city
region: "320800"
authority: 示例局
effective: {{from: {start}, to: {year}-12-31}}
channel: fast                         # no_apply 免申即享 | instant 即申即享 | fast 快申快享 | committed 承诺兑现
claim: {{period: calendar_year, year_of_facts: period - 1}}
inherits: [base-huaian]
eligible_if:
  all:
    - {{id: revenue, value: revenue, at_least: 500万元, basis: art1}}
amount: {{id: grant, basis: art1, multiply: [rd_expense, 8%], cap: 200万元, rounding: {{to: 1元, mode: half_up}}}}
chain: [accept, review, recheck, approve, publish, pay]
sla: {{total: 10, notice: 5}}
"""
_CASES = """\
# {title}的用例。企业均为虚构。
policy: {id}
given:
  district_code: "320812"
  reg_status: active
  ent_type: limited_company
  founded_on: 2018-05-01
  penalties: []
  barrings: []
  energy_checks: []
cases:
  - name: 收入500万元整,按8%补助
    as_of: {start}
    given: {{revenue: 500万元, rd_expense: 100万元}}
    expect: {{verdict: eligible, amount: 8万元, met: [revenue]}}
  - name: 收入差1元
    as_of: {start}
    given: {{revenue: 4999999元, rd_expense: 100万元}}
    expect: {{verdict: ineligible, not_met: [revenue]}}
  - name: 收入未知
    as_of: {start}
    given: {{rd_expense: 100万元}}
    expect: {{verdict: unknown, open: [revenue]}}
  - name: 封顶
    as_of: {start}
    given: {{revenue: 1亿元, rd_expense: 2500万元}}
    expect: {{verdict: eligible, amount: 200万元}}
"""


def write_skeleton(folder: Path, policy_id: str, title: str, start: date, *, under: str) -> tuple[Path, Path]:
    """Write ``<id>@<start>.yml`` and its cases below ``folder / under``; returns both paths.

    Raises:
        InputError: not an id (small letters, digits, hyphens), or a folder or title that cannot be.
        Conflict: there is such a file already; nothing is overwritten.
    """
    if not _ID.fullmatch(policy_id):
        raise InputError(
            "policy_id_invalid", "代码用小写字母、数字和连字符", "an id is small letters, digits and hyphens"
        )
    if not _UNDER.fullmatch(under) or under.split("/")[0] in _NOT_FOR_POLICIES:
        zh, en = f"不能放在这里:{under}", f"policies cannot be put there: {under}"
        raise InputError("policy_place_invalid", zh, en, hint="a folder below the policies, such as huaian")
    if not _TITLE.fullmatch(title):
        zh, en = (
            "名称为1到80个字,不含引号、冒号、逗号和括号",
            "a title has 1 to 80 characters, and no quotes, colons, commas or brackets",
        )
        raise InputError("policy_title_invalid", zh, en)
    place = folder / under
    policy, cases = place / f"{policy_id}@{start}.yml", place / f"{policy_id}.cases.yml"
    if any(folder.rglob(f"{policy_id}@*.yml")) or cases.exists():
        raise Conflict("policy_exists", f"已有政策 {policy_id}", f"there is a policy {policy_id!r} already")
    place.mkdir(parents=True, exist_ok=True)
    up = "../" * len(place.relative_to(folder).parts)
    words = {"id": policy_id, "title": title, "start": start, "year": start.year, "up": up}
    policy.write_text(_POLICY.format(**words), encoding="utf-8")
    cases.write_text(_CASES.format(**words), encoding="utf-8")
    return policy, cases
