"""The JSON Schema for editors: as complete as the loader, and true of every shipped policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from subsidy_match.rules import conditions, values
from subsidy_match.rules.catalogue import load_catalogue
from subsidy_match.rules.library import policy_files
from subsidy_match.rules.schema import COMPARISON_SHAPES, CONDITION_SHAPES, VALUE_SHAPES, policy_schema
from subsidy_match.rules.source import Mapped, Node, Scalar, read_yaml

POLICIES = Path(__file__).parents[3] / "policies"


def plain(node: Node) -> Any:
    match node:
        case Scalar(text=text):
            return text
        case Mapped(entries=entries):
            return {key: plain(value) for key, value in entries.items()}
        case _:
            return [plain(item) for item in node.items]


def test_every_word_of_the_loader_is_in_the_schema():
    assert set(VALUE_SHAPES) == set(values.WORDS)
    assert set(CONDITION_SHAPES) == set(conditions.WORDS)
    assert set(COMPARISON_SHAPES) == set(conditions.COMPARISONS)


def test_the_committed_schema_is_current():
    committed = json.loads((POLICIES / "_schema" / "policy.schema.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(policy_schema(load_catalogue(POLICIES / "facts.yml"))))


@pytest.mark.parametrize("path", policy_files(POLICIES), ids=lambda path: path.stem)
def test_shipped_policies_satisfy_the_schema(path: Path):
    schema = policy_schema(load_catalogue(POLICIES / "facts.yml"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(plain(read_yaml(path)))
    assert [(list(error.absolute_path), error.message) for error in errors] == []


def test_a_misspelt_word_violates_the_schema():
    schema = policy_schema(load_catalogue(POLICIES / "facts.yml"))
    policy = plain(read_yaml(policy_files(POLICIES)[0]))
    policy["eligible_if"] = {"al": []}
    assert not jsonschema.Draft202012Validator(schema).is_valid(policy)
