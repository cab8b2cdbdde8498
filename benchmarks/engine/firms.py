"""A made-up population as a published snapshot: 43 columns, some of them unknown for some firms; the same every time.

Money is BIGINT 分, for us and for everyone we are compared with. Nothing here is real.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from subsidy_match.profiles.snapshot import SCHEMA_VERSION

AS_OF = date(2026, 6, 30)
REGIONS = [f"{11 + p:02d}{1 + c:02d}{1 + d:02d}" for p in range(10) for c in range(8) for d in range(6)]
INDUSTRIES = [f"{10 + d:02d}{g}{s}" for d in range(60) for g in range(3) for s in range(2)]
SIZES = ["micro", "small", "medium", "large"]
OWNERS = ["private", "state", "foreign", "joint", "cooperative"]
CREDITS = ["a", "b", "m", "c", "d"]
# yes-or-no: the share in per cent that has it
FLAGS = {
    "high_tech": 12, "specialised": 8, "giant": 2, "iso9001": 35, "iso14001": 20, "iso45001": 15, "listed": 3, "green": 5,
    "tech_center": 6, "barred": 4, "tax_offence": 6, "env_offence": 5, "accident": 2, "insured_all": 90,
}  # fmt: skip
# money: log of the median in 元, and its spread
MONEY = {
    "revenue": (14, 3.2), "revenue_before": (14, 3.2), "rd": (11, 3.2), "rd_before": (11, 3.2), "profit": (12, 3.0),
    "tax": (11, 2.6), "assets": (15, 3.0), "liabilities": (14, 3.0), "exports": (11, 3.5), "investment": (12, 3.0),
    "loans": (12.5, 3.0), "grants": (9, 3.0), "capital": (13, 2.5), "new_products": (12.5, 3.4), "energy": (10, 2.5),
}  # fmt: skip
COUNTS = {
    "staff": (3, 1.7),
    "rd_staff": (1.2, 1.6),
    "graduates": (1.5, 1.5),
    "patents": (0.8, 1.6),
    "inventions": (0.2, 1.4),
}
# days back from AS_OF, at the most
DAYS = {"founded_on": 9000, "certified_to": -1100, "iso_on": 2500}
CODES = {"district_code": REGIONS, "industry_code": INDUSTRIES, "size": SIZES, "owner": OWNERS, "credit": CREDITS}

_SKEW = {"district_code": 1.8, "industry_code": 1.4, "size": 2.2, "owner": 3.0, "credit": 1.6}
_TABLES = """
CREATE TABLE batch (number INTEGER, department VARCHAR, file VARCHAR, sheet VARCHAR, list VARCHAR, as_of DATE, sha256 VARCHAR);
INSERT INTO batch VALUES (1, 'bureau', 'synthetic', '', 'synthetic', DATE '2026-05-31', '');
CREATE TABLE disputed (uscc VARCHAR, collection VARCHAR);
CREATE TABLE list_loaded (collection VARCHAR, department VARCHAR, as_of DATE);
INSERT INTO list_loaded VALUES ('honors', 'bureau', DATE '2026-05-31'), ('projects', 'bureau', DATE '2026-05-31'),
    ('hires', 'bureau', DATE '2026-05-31');
CREATE TABLE meta (key VARCHAR, value VARCHAR);
"""


def write_snapshot(path: Path, firms: int, *, lists: bool = False) -> None:
    """Write a snapshot of so many firms in the order of regions; with lists where wanted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("SET enable_progress_bar = false")
        con.execute(_TABLES)
        con.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
        columns = ", ".join([*_columns(), *(_lists() if lists else ())])
        con.execute(f"CREATE TABLE firm AS SELECT {columns} FROM range({firms}) t(i) ORDER BY district_code, uscc")


def _columns() -> list[str]:
    draw = _Draw()
    found = ["printf('91%07dM%05dX%01dK', i % 10000000, (i * 7919) % 100000, i % 10) AS uscc", "uscc AS name"]
    for name, words in CODES.items():
        listed = "[" + ", ".join(f"'{word}'" for word in words) + "]"
        pick = f"{listed}[1 + floor(pow({draw()}, {_SKEW[name]}) * {len(words)})::INTEGER]"
        found.append(f"{draw.sometimes(pick, 0 if name == 'district_code' else 0.03)} AS {name}")
    for name, share in FLAGS.items():
        found.append(f"{draw.sometimes(f'{draw()} < {share / 100}', 0.05)} AS {name}")
    for name, (middle, spread) in MONEY.items():
        fen = f"round(exp({middle} + {spread} * ({draw()} + {draw()} + {draw()} - 1.5)) * 100)::BIGINT"
        found.append(f"{draw.sometimes(fen, 0.07)} AS {name}")
    for name, (middle, spread) in COUNTS.items():
        heads = f"(1 + exp({middle} + {spread} * 1.5 * ({draw()} + {draw()} + {draw()} - 1.5)))::BIGINT"
        found.append(f"{draw.sometimes(heads, 0.05)} AS {name}")
    for name, reach in DAYS.items():
        day = f"DATE '{AS_OF}' - (pow({draw()}, 1.3) * {reach})::INTEGER"
        found.append(f"{draw.sometimes(day, 0.03 if name == 'founded_on' else 0.1)} AS {name}")
    return found


def _lists() -> list[str]:
    draw = _Draw(1000)
    kinds = "['high_tech', 'green', 'quality', 'champion']"
    honor = f"{{kind: {kinds}[(1 + hash(i * 31 + j) % 4)::BIGINT], issued_on: DATE '{AS_OF}' - (hash(i * 37 + j) % 2000)::INTEGER}}"
    project = (
        "{no: 'P' || i || '-' || j, kind: ['upgrade', 'build'][(1 + hash(i * 41 + j) % 2)::BIGINT], invested: (hash(i * 43 + j) %"
        " 5000000000)::BIGINT, done: hash(i * 47 + j) % 3 > 0}"
    )
    hire = "{person: 'H' || i || '-' || j, graduate: hash(i * 53 + j) % 2 = 0, months: (hash(i * 59 + j) % 24)::BIGINT}"
    return [
        f"list_transform(range((pow({draw()}, 4) * 5)::BIGINT), lambda j: {honor}) AS honors",
        f"list_transform(range((pow({draw()}, 6) * 4)::BIGINT), lambda j: {project}) AS projects",
        f"list_transform(range((pow({draw()}, 2) * 9)::BIGINT), lambda j: {hire}) AS hires",
    ]


class _Draw:
    """Uniform numbers between 0 and 1 from a hash of the firm's number: another one at every call."""

    def __init__(self, seed: int = 0) -> None:
        self._calls = seed

    def __call__(self) -> str:
        self._calls += 1
        return f"((hash(i * 131 + {self._calls}) % 1000003 + 1) / 1000004.0::DOUBLE)"

    def sometimes(self, value: str, unknown: float) -> str:
        """A value that is unknown for some."""
        return value if unknown == 0 else f"CASE WHEN {self()} < {unknown} THEN NULL ELSE {value} END"


def catalogue() -> str:
    """The fact catalogue of this population."""
    listed = {"size": SIZES, "owner": OWNERS, "credit": CREDITS}
    enums = {
        **listed,
        "honor_kind": ["high_tech", "green", "quality", "champion"],
        "project_kind": ["upgrade", "build"],
    }
    lines = ["departments: {bureau: {zh: 示例局, en: Sample bureau}}", "enums:"]
    lines += [
        f"  {name}: {{{', '.join(f'{w}: {{zh: {w}, en: {w}}}' for w in words)}}}" for name, words in enums.items()
    ]
    lines.append("facts:")
    common = "per: as_of, sources: [bureau], sensitivity: public"
    lines += [f"  {n}: {{zh: {n}, en: {n}, type: {_kind(n)}, {common}}}" for n in CODES]
    lines += [f"  {n}: {{zh: {n}, en: {n}, type: bool, {common}}}" for n in FLAGS]
    lines += [f"  {n}: {{zh: {n}, en: {n}, type: money, unit: 元, range: [0元, 10万亿元], {common}}}" for n in MONEY]
    lines += [f"  {n}: {{zh: {n}, en: {n}, type: count, unit: 人, range: [0人, 1000万人], {common}}}" for n in COUNTS]
    lines += [f"  {n}: {{zh: {n}, en: {n}, type: date, {common}}}" for n in DAYS]
    return "\n".join(lines) + "\n" + _COLLECTIONS


def _kind(name: str) -> str:
    return {"district_code": "region", "industry_code": "industry"}.get(name, f"enum, enum: {name}")


def days_before(days: int) -> date:
    """The day so many days before the day of evaluation."""
    return AS_OF - timedelta(days=days)


_COLLECTIONS = """
collections:
  honors:
    zh: 资质
    en: Honours
    counter: 项
    key: [kind, issued_on]
    complete_when: {all_of: [bureau], stale_after: 400天}
    fields:
      kind: {zh: 类别, en: Kind, type: enum, enum: honor_kind}
      issued_on: {zh: 认定日期, en: Issued on, type: date}
      valid_to: {zh: 有效期至, en: Valid to, type: date}
  projects:
    zh: 项目
    en: Projects
    counter: 个
    key: [no]
    complete_when: {all_of: [bureau], stale_after: 400天}
    fields:
      no: {zh: 编号, en: Number, type: text}
      kind: {zh: 类别, en: Kind, type: enum, enum: project_kind}
      invested: {zh: 投资额, en: Invested, type: money, unit: 元}
      done: {zh: 已竣工, en: Done, type: bool}
  hires:
    zh: 招用人员
    en: Hires
    counter: 人
    key: [person]
    complete_when: {all_of: [bureau], stale_after: 400天}
    fields:
      person: {zh: 人员, en: Person, type: text}
      graduate: {zh: 毕业生, en: Graduate, type: bool}
      months: {zh: 参保月数, en: Months, type: count, unit: 月}
  subsidy_history:
    zh: 历年奖补
    en: Subsidies received
    counter: 笔
    key: [record_no]
    complete_when: {all_of: [bureau], stale_after: 400天}
    fields:
      record_no: {zh: 编号, en: Record, type: text}
      policy: {zh: 政策, en: Policy, type: text}
      amount: {zh: 金额, en: Amount, type: money, unit: 元}
statuses: {in: honors, kind: kind, from: issued_on, until: valid_to}
derived:
  liquid: {zh: 净额, en: Assets less liabilities, basis: 示例, value: {subtract: [assets, liabilities]}}
  rd_both: {zh: 两年研发, en: R&D of two years, basis: 示例, value: {add: [rd, rd_before]}}
"""
