"""How good the candidates of the review queue are: precision and recall over labelled ways to write invented names."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kit"))

from name_variants import EXACT, NOBODY, SIMILAR, Tally, invent_city, invent_variants, measure

GROUPS = {"exact": EXACT, "similar": SIMILAR, "nobody": NOBODY}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=1500)
    parser.add_argument("--variants", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=4)
    given = parser.parse_args()
    city = invent_city(given.firms, given.seed)
    variants = invent_variants(city, given.variants, given.seed)
    started = time.perf_counter()
    tallies = measure(city.register(), variants)
    seconds = time.perf_counter() - started
    result = {
        "firms": given.firms,
        "seconds": round(seconds, 2),
        "all": sum(tallies.values(), Tally()).rates(),
        **{name: sum((tallies[kind] for kind in kinds), Tally()).rates() for name, kinds in GROUPS.items()},
        "kinds": {kind: tally.rates() for kind, tally in tallies.items()},
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
