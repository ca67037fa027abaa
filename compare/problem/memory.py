"""Whether a network fits into memory: reckoned before anything large is made."""

import contextlib
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compare.errors import UsageError

# Resident memory above that of the frameworks, at its peak, by entry of a gradient, while one block
# is examined: 154 (bfloat16), 173 to 204 (float32), 214 (float64), 228 (float32 and float64), all
# of 2000-2000-2000-1 on a CPU. The least refuses, the most says how many go at once.
_LEAST_BYTES, _MOST_BYTES = 150, 230
_CGROUPS = (  # of a container: its limit, what it uses, and what that is, in versions 2 and 1
    ("memory.max", "memory.current", "memory.stat", ""),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_",
    ),
)


def check_network(parameters: int) -> None:
    """Checks that the gradients of a network, of one sample at a time, can be compared.

    Raises:
      UsageError: if that takes more memory than there is.
    """
    _check(
        parameters * _LEAST_BYTES,
        f"layer_sizes: to compare a network of {parameters:,} parameters takes at least {{}} of "
        f"memory, {_LEAST_BYTES} bytes for each, and {{}} are available; take smaller layers or a "
        "larger machine",
    )


def check_array(name: str, shape: Sequence[int], dtype: np.dtype) -> None:
    """Checks that an array can be copied, of which memory may hold one row, say, shown many times.

    Raises:
      UsageError: if that takes more memory than there is.
    """
    _check(
        math.prod(shape) * dtype.itemsize,
        f"{name}: its shape {list(shape)} takes {{}} of memory in {dtype}, and {{}} are available",
    )


def _check(needed: int, sentence: str) -> None:
    there = available_bytes()
    if there is not None and needed > there:
        raise UsageError(sentence.format(*(f"{n / 2**30:,.1f} GiB" for n in (needed, there))))


def fitting_blocks(entries: int) -> int:
    """Returns how many blocks of so many gradient entries can be examined at once, at least 1."""
    there = available_bytes()
    return sys.maxsize if there is None else max(1, there // (_MOST_BYTES * entries))


def available_bytes(root: Path = Path("/")) -> int | None:
    """Returns how much memory can still be had: what Linux reckons, or a container's limit leaves.

    Args:
      root: of the file system that says so.

    Returns:
      Bytes, swap included; None where the system says nothing.
    """
    found = []
    with contextlib.suppress(OSError, ValueError, KeyError):
        sizes = _numbers(root / "proc/meminfo")
        found.append((sizes["MemAvailable:"] + sizes["SwapFree:"]) * 1024)
    folder = root / "sys/fs/cgroup"
    for limit, used, parts, total in _CGROUPS:
        with contextlib.suppress(OSError, ValueError, KeyError):  # the limit may be the word "max"
            left = int((folder / limit).read_text()) - int((folder / used).read_text())
            cached = _numbers(folder / parts)  # files, which make room
            found.append(left + cached[f"{total}active_file"] + cached[f"{total}inactive_file"])
    return min(found, default=None)


def _numbers(path: Path) -> dict[str, int]:
    """The first number of every line, by the word before it."""
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {line[0]: int(line[1]) for line in lines}
