"""Whatever anybody attempts in whatever order: claims and funds do what a plain model says, on both stores."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test as run_machine
from machine import ClaimsMachine

EXAMPLES = int(os.environ.get("CLAIMS_EXAMPLES", "20"))
# CI walks the same histories each time, so that a red run speaks of the change; everybody else walks others.
DERANDOMIZED = bool(os.environ.get("CI"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_claims_and_funds_follow_the_model(fresh_store: Callable[[], str]):
    machine = type("Machine", (ClaimsMachine,), {"fresh": staticmethod(fresh_store)})
    run_machine(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=DERANDOMIZED,
        ),
    )
