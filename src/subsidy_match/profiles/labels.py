"""What officers call lists, departments, facts and fields, in both languages; a code stays a code only where nobody named it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.rules.catalogue import load_catalogue

__all__ = ["Labels", "load_labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """Names by code; ``targets`` by list and column of a snapshot, years aside."""

    lists: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def target(self, list_id: str, target: str) -> str:
        """The name of a column: of a field of the list, or of a fact, with its year."""
        if name := self.fields.get((list_id, target)) or self.facts.get(target):
            return name
        fact, _, year = target.rpartition("_")
        return f"{self.facts[fact]} ({year})" if fact in self.facts and year.isdecimal() else target


def load_labels(policies: Path) -> Labels:
    """Read the names of a policy folder and of the shipped mappings.

    Raises:
        AuthorError: the catalogue or a mapping cannot be read.
    """
    catalogue, lists = load_catalogue(policies / "facts.yml"), load_mappings(fact_columns(policies)).lists
    fields = {
        (spec.id, name): f"{item.label.zh} / {item.label.en}"
        for spec in lists.values()
        if spec.collection
        for name, item in catalogue.collections[spec.collection].fields.items()
    }
    return Labels(
        {spec.id: f"{spec.title['zh']} / {spec.title['en']}" for spec in lists.values()},
        {code: f"{label.zh} / {label.en}" for code, label in catalogue.departments.items()},
        {name: f"{fact.label.zh} / {fact.label.en}" for name, fact in catalogue.facts.items()},
        fields,
    )
