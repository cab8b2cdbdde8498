"""Writes the pages that are generated; tests hold each to what it would be now."""

from __future__ import annotations

from pathlib import Path

from subsidy_match.claims.handbook import render_states
from subsidy_match.rules.handbook import checks_page
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.reference import reference_page

DOCS = Path(__file__).parent
POLICIES = DOCS.parent / "policies"

PAGES = {
    "claims-states.md": render_states,
    "checks.md": checks_page,
    "language.md": lambda: reference_page(load_policies(POLICIES).catalogue),
}

for name, page in PAGES.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
