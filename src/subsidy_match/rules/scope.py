"""What an expression may refer to, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from subsidy_match.rules.catalogue import Catalogue, CollectionSpec
from subsidy_match.rules.grading import Standard
from subsidy_match.rules.parameters import Parameter

__all__ = ["Library", "Scope"]


@dataclass(frozen=True, slots=True)
class Library:
    """What expressions may refer to beyond their own policy."""

    catalogue: Catalogue
    parameters: Mapping[str, Parameter]
    granted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # status -> policies that grant it
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # exclusivity group -> policies in it
    standards: Mapping[str, Standard] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the element at hand, the clauses in force, the id of its parent."""

    element: CollectionSpec | None = None
    basis: tuple[str, ...] = ()
    path: str = ""
    manual: bool = False  # whether a person may be asked here: not inside rows and values
    choosing: bool = False  # whether the elements are being chosen here, so that they cannot be counted yet

    def inside(self, element: CollectionSpec) -> Scope:
        """The scope in which the fields of a row of ``element`` can be named."""
        return replace(self, element=element, manual=False)
