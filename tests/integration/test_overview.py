"""The overview of every firm of a small city under the shipped policies is the full report of the reference evaluator."""

from __future__ import annotations

import threading

from small_city import AS_OF, City, city

from subsidy_match.matching.overview import look_over, overview_report
from subsidy_match.matching.plans import Plans
from subsidy_match.matching.report import report
from subsidy_match.matching.single import match_one
from subsidy_match.platform import Platform
from subsidy_match.rules.enterprise import Enterprise

__all__ = ["city"]


def paged(platform: Platform, firm: Enterprise, limit: int) -> tuple[list[dict[str, object]], int]:
    found = look_over(platform.plans.get(platform.policies(), AS_OF), firm, snapshot_id=None)
    matches: list[dict[str, object]] = []
    cursor, count = None, 0
    while count == 0 or cursor is not None:
        page = overview_report(found, uscc=firm.uscc, cursor=cursor, limit=limit)
        matches += page["matches"]
        cursor, count = page["next"], count + 1
    return matches, count


def test_every_firm_gets_the_answer_of_the_reference_evaluator(city: City):
    platform = Platform(city.settings)
    policies, verdicts = platform.policies(), set()
    with platform.snapshot() as snapshot:
        for firm in snapshot.enterprises():
            whole = report(match_one(policies, firm, AS_OF), policies, uscc=firm.uscc, as_of=AS_OF, snapshot_id=None)
            matches, count = paged(platform, firm, 7)
            assert matches == whole["matches"], firm.uscc
            assert count == -(-len(matches) // 7)
            verdicts |= {str(match["verdict"]) for match in matches}
    assert verdicts == {"eligible", "to_confirm", "unknown", "ineligible"}
    platform.close()


def test_threads_share_one_plan(city: City):
    platform, plans = Platform(city.settings), Plans()
    policies, found = platform.policies(), []
    threads = [threading.Thread(target=lambda: found.append(plans.get(policies, AS_OF))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(plan) for plan in found}) == 1
    platform.close()
