"""Generate the synthetic department files (合成数据) of an invented city.

    python data_samples/generate.py [--firms 3000] [--seed 20260531] [--out data_samples/files]

The same seed gives the same bytes. ``truth.json`` is written beside the folder of files and says what was planted where.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from synthetic import finance, hrss, industry, market, science, tax
from synthetic.boundaries import draw_lines
from synthetic.exemplars import all_rounders, demo_firm
from synthetic.histories import bar, live
from synthetic.identities import entangle, share_persons
from synthetic.model import AS_OF, DEMO_NAME, City, Firm
from synthetic.naming import Names
from synthetic.population import populate

__all__ = ["build_city", "main", "write_files"]

_HERE = Path(__file__).resolve().parent
_WRITERS = (
    market.write_register, tax.write_tax, hrss.write_insurance, science.write_science, finance.write_credit,
    finance.write_payments, finance.write_barred, industry.write_projects, industry.write_green, industry.write_energy,
    hrss.write_hires, science.write_patents, industry.write_exports, finance.write_disabled, market.write_standards,
)  # fmt: skip


def main() -> None:
    """Read the arguments, generate, and say what was written."""
    parser = argparse.ArgumentParser(description="Generate the synthetic department files (合成数据).")
    parser.add_argument("--firms", type=int, default=3000, help="how many firms (3000)")
    parser.add_argument("--seed", type=int, default=20260531, help="the same seed gives the same bytes (20260531)")
    parser.add_argument(
        "--out", type=Path, default=_HERE / "files", help="folder of the files; truth.json goes beside it"
    )
    asked = parser.parse_args()
    city = build_city(asked.seed, max(30, asked.firms))
    write_files(city, asked.out)
    for name, count in sorted(city.truth.rows.items()):
        print(f"{count:6d}  {name}")


def build_city(seed: int, size: int) -> City:
    """Invent the firms and everything that is true about them."""
    city = City(seed=seed, size=size)
    names = Names(city.random("names"))
    populate(city, names)
    live(city)
    pool = [f for f in city.firms if f.active and f.company]
    city.random("pool").shuffle(pool)
    pool.sort(key=lambda f: f.trade.manufacturing)  # the lines of policies are drawn with makers, taken from the end
    rounders = all_rounders(city, pool)
    draw_lines(city, pool)
    share_persons(city, pool)
    city.random("rest").shuffle(pool)
    entangle(city, names, pool)
    bar(city, pool)
    demo = demo_firm(city)
    city.truth.all_rounders = [f.uscc for f in rounders]
    city.truth.expected = {f.uscc: _facts(f) for f in [demo, *rounders[:12]]}
    return city


def write_files(city: City, folder: Path) -> None:
    """Write the fifteen files, and the ground truth beside their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for write in _WRITERS:
        write(city, folder)
    (folder.parent / "truth.json").write_text(_truth_text(city), encoding="utf-8", newline="\n")


def _truth_text(city: City) -> str:
    demo, truth = next(f for f in city.firms if f.name == DEMO_NAME), city.truth
    head = {
        "note": "合成数据 synthetic: every firm, code, person and amount is invented",
        "seed": city.seed,
        "firms": city.size,
        "as_of": AS_OF.isoformat(),
        "demo_uscc": demo.uscc,
        "demo_name": demo.name,
        "registered": len(city.firms),
        "active_companies": sum(f.active and f.company for f in city.firms),
        "rows": truth.rows,
        "all_rounders": truth.all_rounders,
    }
    noise = (f"{_json(case)}: {_block('[]', map(_json, found))}" for case, found in sorted(truth.noise.items()))
    parts = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
    parts.append(f'"expected": {_block("{}", (f"{_json(k)}: {_json(v)}" for k, v in truth.expected.items()))}')
    parts.append(f'"boundaries": {_block("[]", map(_json, truth.boundaries))}')
    parts.append(f'"noise": {_block("{}", noise)}')
    return _block("{}", parts) + "\n"


def _block(brackets: str, items: Iterable[str]) -> str:
    """One item a line, so that a change of the samples reads well as a diff."""
    return f"{brackets[0]}\n" + ",\n".join(items) + f"\n{brackets[1]}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _facts(firm: Firm) -> dict[str, object]:
    """What an importer should find for a firm without dirt; money in 元."""
    books = firm.accounts[2025]
    return {
        "name": firm.name,
        "district": firm.district,
        "founded_on": firm.founded.isoformat(),
        "industry_code": firm.trade.code,
        "revenue_2025": books.revenue,
        "total_assets_2025": books.assets,
        "cost_expense_2025": books.cost,
        "rd_expense_2025": books.rd,
        "net_profit_2025": books.profit,
        "staff_end_2025": firm.staff[1],
        "sci_tech_staff_2025": firm.sci_staff,
        "ip": firm.ip,
        "insurance": _insurance(firm),
        "disabled": firm.disabled,
        "projects": [[p.number, p.kind, str(p.completed), p.equipment] for p in firm.projects],
        "hires": [[h.person, h.category, h.contract.isoformat(), h.months] for h in firm.hires],
        "green": [[a.kind, a.level, a.on.isoformat()] for a in firm.green],
        "high_tech": [[a.number, a.level, a.on.isoformat(), str(a.until)] for a in firm.high_tech],
    }


def _insurance(firm: Firm) -> dict[str, object] | None:
    paid = firm.insurance
    if paid is None:
        return None
    pairs = {"premium": paid.premium, "insured_end": paid.end, "insured_avg": paid.average}
    return pairs | {"benefit_drawers_2025": paid.drawers, "months_paid": paid.months}


if __name__ == "__main__":
    main()
