"""The reference of the language is complete, its examples are read by the loader, and the page is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsidy_match.rules import conditions, reference, values
from subsidy_match.rules.document import POLICY_KEYS
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.reader import Reader
from subsidy_match.rules.scope import Library, Scope
from subsidy_match.rules.source import parse_yaml

ROOT = Path(__file__).parents[3]
POLICIES = load_policies(ROOT / "policies")
LIBRARY = Library(POLICIES.catalogue, POLICIES.parameters, standards=POLICIES.standards)
VALUE_EXAMPLES = {**reference.VALUES, **reference.MODIFIERS}
CONDITION_EXAMPLES = {**reference.COMPARISONS, **reference.CONDITIONS}


def reader() -> Reader:
    return Reader(LIBRARY, Findings(), "sample")


@pytest.mark.parametrize("word", VALUE_EXAMPLES)
def test_a_value_example_is_read(word: str):
    text = VALUE_EXAMPLES[word].example
    assert f"{word}:" in text
    reader().value(parse_yaml(text, "example"), Scope())


@pytest.mark.parametrize("word", CONDITION_EXAMPLES)
def test_a_condition_example_is_read(word: str):
    text = CONDITION_EXAMPLES[word].example
    assert f"{word}:" in text
    reader().condition(parse_yaml(text, "example"), Scope(manual=True))


def test_every_word_has_an_entry():
    assert set(reference.VALUES) == set(values.WORDS)
    assert set(reference.MODIFIERS) == set(values.MODIFIERS)
    assert set(reference.COMPARISONS) == set(conditions.COMPARISONS)
    assert set(reference.CONDITIONS) == set(conditions.WORDS)
    assert set(reference.KEYS) == set(POLICY_KEYS)


def test_the_page_is_current():
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert page == reference.reference_page(POLICIES.catalogue)
