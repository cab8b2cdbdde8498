"""A condition as AND and OR over leaves: NOT is pushed down to them, so that each bitmap is worked out without the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from subsidy_match.matching.vector.bitmaps import Bits, Words
from subsidy_match.matching.vector.nodes import Do, Nodes

__all__ = ["Leaf", "Program", "compile_program", "leaves_of"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition that is worked out by itself, or its opposite."""

    node: int
    negated: bool


@dataclass(frozen=True, slots=True)
class Every:
    """AND."""

    of: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    of: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """At least so many."""

    count: int
    of: tuple[Part, ...]


Part: TypeAlias = Leaf | Every | Either | Several
Program: TypeAlias = tuple[Part, ...]  # all of them


def compile_program(nodes: Nodes, root: int) -> Program:
    """The conjuncts of a condition."""
    found = _part(nodes, root, negated=False)
    return found.of if isinstance(found, Every) else (found,)


def leaves_of(program: Sequence[Part]) -> Iterator[Leaf]:
    """Every leaf below some parts."""
    for part in program:
        if isinstance(part, Leaf):
            yield part
        else:
            yield from leaves_of(part.of)


def _part(nodes: Nodes, node_id: int, *, negated: bool) -> Part:
    node = nodes[node_id]
    match node.do:
        case Do.NOT:
            return _part(nodes, node.children[0], negated=not negated)
        case Do.ALL | Do.ANY:
            kind = Every if (node.do is Do.ALL) is not negated else Either
            parts = [_part(nodes, child, negated=negated) for child in node.children]
            flat = [inner for part in parts for inner in (part.of if isinstance(part, kind) else (part,))]
            return flat[0] if len(flat) == 1 else kind(tuple(flat))
        case Do.AT_LEAST_N:
            count = int(str(node.params[0]))
            enough = len(node.children) - count + 1 if negated else count
            return Several(enough, tuple(_part(nodes, child, negated=negated) for child in node.children))
        case _:
            return Leaf(node_id, negated)


# --- running ---

Pick: TypeAlias = Callable[[Bits], Words]  # which two rows of a leaf


def run(program: Program, leaves: Mapping[int, Bits], pick: Pick, first: int, last: int) -> Words:
    """AND of all conjuncts over the words from ``first`` to ``last``: two rows at once."""
    return _run(Every(program), leaves, pick, first, last)


def _run(part: Part, leaves: Mapping[int, Bits], pick: Pick, first: int, last: int) -> Words:
    match part:
        case Leaf(node=node, negated=negated):
            bits = leaves[node]
            return pick(bits.opposite if negated else bits)[:, first:last]
        case Every(of=of) | Either(of=of):
            join = np.bitwise_and if isinstance(part, Every) else np.bitwise_or
            found = _run(of[0], leaves, pick, first, last).copy() if of else _constant(part, last - first)
            for inner in of[1:]:
                join(found, _run(inner, leaves, pick, first, last), out=found)
            return found
        case Several(count=count, of=of):
            return _enough(count, [_run(inner, leaves, pick, first, last) for inner in of], last - first)


def _constant(part: Every | Either, words: int) -> Words:
    return np.full((2, words), 2**64 - 1 if isinstance(part, Every) else 0, np.uint64)


def _enough(count: int, of: Sequence[Words], words: int) -> Words:
    """``reached[k]``: more than k of those seen so far are true."""
    if count <= 0:
        return _constant(Every(()), words)
    if count > len(of):
        return _constant(Either(()), words)
    reached = [np.zeros((2, words), np.uint64) for _ in range(count)]
    for one in of:
        for place in range(count - 1, 0, -1):
            reached[place] |= reached[place - 1] & one
        reached[0] |= one
    return reached[-1]
