"""The compiled bound's library: built once with the C compiler at hand, and its functions."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

SOURCE = Path(__file__).with_name("compiled.c")
FIXED, TIMES, STEPS = range(3)


class Scratch(ctypes.Structure):
    """Bits of every slot of some blocks."""

    _fields_ = (("sure", ctypes.c_void_p), ("maybe", ctypes.c_void_p), ("slots", ctypes.c_int32))


class Terms(ctypes.Structure):
    """What one policy pays."""

    _fields_ = (
        ("kind", ctypes.c_int32), ("steps", ctypes.c_int32), ("column", ctypes.c_void_p), ("known", ctypes.c_void_p),
        ("top", ctypes.c_int64), ("bottom", ctypes.c_int64), ("step", ctypes.c_int64), ("cap", ctypes.c_int64),
        ("edges", ctypes.c_int64 * 4), ("fen", ctypes.c_int64 * 4), ("otherwise", ctypes.c_int64),
    )  # fmt: skip


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")


@cache
def library() -> ctypes.CDLL:
    """The functions; building is not measured.

    Raises:
        OSError: there is no compiler.
    """
    with_what = compiler()
    if with_what is None:
        raise OSError("no C compiler")
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    built = Path(tempfile.gettempdir()) / f"subsidy-match-bench-{os.getuid()}" / f"compiled-{name}.so"
    if not built.exists():
        built.parent.mkdir(mode=0o700, exist_ok=True)
        part = built.with_suffix(f".{os.getpid()}")
        flags = ["-O3", "-march=native", "-shared", "-fPIC", "-Wall", "-Werror", "-Wno-psabi"]
        subprocess.run([with_what, *flags, "-o", str(part), str(SOURCE)], check=True)
        part.replace(built)
    return ctypes.CDLL(str(built))


def address(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    """Where an array lies."""
    return ctypes.c_void_p(array.ctypes.data)


def aligned(*shape: int) -> npt.NDArray[np.uint64]:
    """Zeros that begin at a whole vector."""
    size = int(np.prod(shape)) * 8
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(np.uint64).reshape(shape)
