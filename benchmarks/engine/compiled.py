"""The compiled bound: how fast the flat workload can be on this machine, by C code that knows nothing else."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compiling import FIXED, STEPS, TIMES, Scratch, Terms, address, aligned, library
from engine.encoded import Bits, fetch
from engine.paying import Ints
from engine.plain import Fixed, Plain, Steps, Times, columns_of, leaves, plain_policies
from engine.results import Piece, Tally, Task, Unknown
from engine.slots import ROWS, Chances, Padded, Slots, make_slots, packed, program

library()  # built, where that is still to be done, before any clock starts

MONEY = "int64 分"
_MOST = 64  # blocks at once
_SCRATCH = 4 << 20  # bytes of bits at once, so that they stay near the core
_SAMPLE = 8  # blocks by which the order of conditions is chosen

_int, _long = ctypes.c_int32, ctypes.c_int64


def run(task: Task, tally: Tally) -> Unknown:
    """Match everything, while Python's collector rests: it would walk through the loaded policies over and over."""
    gc.disable()
    try:
        return _run(task, tally)
    finally:
        gc.enable()


def _run(task: Task, tally: Tally) -> Unknown:
    """Stretches of blocks in several threads; rows are told as places in the column of codes."""
    policies = plain_policies(task.policies)
    encoded = fetch(task.snapshot, columns_of(policies), task.threads)
    blocks = -(-len(encoded.uscc) // ROWS)
    engine = _engine(policies, Padded(encoded, blocks * ROWS), blocks)
    ids = pa.array([policy.id for policy in policies])

    def stretch(first: int) -> Ints:
        rows, amounts, sure, left_open = engine.match(first, min(first + engine.at_once, blocks))
        places = pa.array(np.repeat(np.arange(len(policies), dtype=np.int32), sure))
        uscc = pa.DictionaryArray.from_arrays(pa.array(rows), encoded.uscc, safe=False)
        tally.take(Piece(uscc, pa.DictionaryArray.from_arrays(places, ids), pa.array(amounts)))
        return left_open

    total = np.zeros(len(policies), np.int64)
    with ThreadPoolExecutor(task.threads) as pool:
        for left_open in pool.map(stretch, range(0, blocks, engine.at_once)):
            total += left_open
    return {policy.id: int(count) for policy, count in zip(policies, total, strict=True)}


@dataclass(frozen=True, slots=True)
class _Engine:
    slots: Slots
    columns: Padded  # kept because the calls point into it
    firms: Bits
    code: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    terms: ctypes.Array[Terms]
    at_once: int

    def match(self, first: int, last: int) -> tuple[npt.NDArray[np.int32], Ints, Ints, Ints]:
        """Rows and amounts of the pairs of some blocks, policy after policy; how many are sure and open a policy."""
        policies, blocks = len(self.starts) - 1, last - first
        memory = _filled(self.slots, first, last)
        met, sure, left_open = aligned(policies, blocks, 8), np.zeros(policies, np.int64), np.zeros(policies, np.int64)
        library().decide(
            _scratch(memory), address(self.code), address(self.starts), _int(policies), address(self.firms),
            _long(first), _long(last), address(met), address(sure), address(left_open),
        )  # fmt: skip
        rows, amounts = np.empty(sure.sum(), np.int32), np.empty(sure.sum(), np.int64)
        library().extract(
            address(met), _int(policies), _long(blocks), _long(first), address(sure), self.terms, address(rows),
            address(amounts),
        )  # fmt: skip
        return rows, amounts, sure, left_open


def _engine(policies: Sequence[Plain], columns: Padded, blocks: int) -> _Engine:
    slots = make_slots(list(dict.fromkeys(leaf.atom for one in policies for leaf in leaves(one.condition))), columns)
    chances = _chances(slots, blocks)
    programs = [program(policy.condition, slots, chances) for policy in policies]
    starts = np.cumsum([0, *map(len, programs)], dtype=np.int32)
    code = np.array([step for steps in programs for step in steps], np.int32)
    firms = packed(np.ones(len(columns.encoded.uscc), np.bool_), columns.size)
    terms = (Terms * len(policies))(*(_terms(policy, columns) for policy in policies))
    at_once = max(1, min(_MOST, _SCRATCH // (slots.count * 128)))
    return _Engine(slots, columns, firms, code, starts, terms, at_once)


def _filled(slots: Slots, first: int, last: int) -> Bits:
    memory = aligned(2, last - first, slots.count, 8)
    for fill in slots.fills:
        fill(_scratch(memory), first, last)
    return memory


def _scratch(memory: Bits) -> Scratch:
    return Scratch(memory[0].ctypes.data, memory[1].ctypes.data, memory.shape[2])


def _chances(slots: Slots, blocks: int) -> Chances:
    """How often each slot is sure and possible, by blocks spread over the population."""
    some = sorted({int(block) for block in np.linspace(0, blocks - 1, _SAMPLE)})
    found = [np.bitwise_count(_filled(slots, block, block + 1)[:, 0]).sum(axis=-1).T / ROWS for block in some]
    mean: Chances = np.mean(found, axis=0)
    return mean


def _terms(policy: Plain, columns: Padded) -> Terms:
    match policy.pays:
        case Fixed(fen=fen):
            return Terms(kind=FIXED, otherwise=fen)
        case Times(column=name, factor=factor, cap=cap):
            top, bottom = 2 * factor.numerator, 2 * policy.step * factor.denominator
            terms = Terms(kind=TIMES, cap=cap, step=policy.step, top=top, bottom=bottom)
        case Steps(column=name, steps=steps, otherwise=rest):
            terms = Terms(kind=STEPS, steps=len(steps), otherwise=rest)
            for place, (edge, fen) in enumerate(steps):  # more than there is room for is an IndexError
                terms.edges[place], terms.fen[place] = edge, fen
        case _:
            assert_never(policy.pays)
    terms.column, terms.known = columns.numbers(name).ctypes.data, columns.known(name).ctypes.data
    return terms
