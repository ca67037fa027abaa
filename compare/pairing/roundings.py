"""Numbers of fewer digits that stand in arrays of a wider dtype."""

from collections.abc import Callable

import numpy as np


def to_bfloat16(array: np.ndarray) -> np.ndarray:
    """Rounds to the nearest bfloat16, ties to even, as float32."""
    with np.errstate(over="ignore"):
        bits = array.astype(np.float32).view(np.uint32)
    odd = (bits >> 16) & 1
    return ((bits + (0x7FFF + odd)) & np.uint32(0xFFFF0000)).view(np.float32)


def _to_float16(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return array.astype(np.float16)


def _to_float32(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


# what weights are found rounded to, the fewest digits first
ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bfloat16": to_bfloat16,
    "float16": _to_float16,
    "float32": _to_float32,
}


def rounded_to(array: np.ndarray) -> str | None:
    """Returns the name of a narrower dtype that has all the numbers of an array, or None."""
    if array.dtype not in (np.float32, np.float64):
        return None
    for name, rounded in ROUNDINGS.items():
        if name != array.dtype.name and np.array_equal(rounded(array), array):
            return name
    return None
