"""Distances in units in the last place."""

import ml_dtypes
import numpy as np

# The bins of histograms of distances: 0, 1, 2 to 3, 4 to 7, ... ulp.
BINS = (0, *(2**power for power in range(64)))
_EDGES = np.array(BINS[1:], np.uint64)


def bin_counts(distances: np.ndarray) -> tuple[int, ...]:
    """Counts uint64 distances in bins, which begin at BINS."""
    below = np.searchsorted(np.sort(distances.astype(np.uint64)), _EDGES)
    return tuple(np.diff(below, prepend=0, append=distances.size).tolist())


def coarser_dtype(a: np.dtype, b: np.dtype) -> np.dtype:
    """Returns the floating dtype of the two that has the larger unit roundoff."""
    return max(a, b, key=lambda dtype: ml_dtypes.finfo(dtype).eps)


def ulp_distance(a: np.ndarray, b: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Counts the floating-point numbers of `dtype` from a to b.

    Both are rounded to dtype first, and subnormals count as zero, since libraries differ in
    whether they flush them. +0 and -0 are 0 apart. Bit patterns are integers in the order of the
    numbers, so their difference is the count; uint64 holds that of any two float64 values.

    Args:
      a: any shape, floating, finite.
      b: the shape of a.
      dtype: bfloat16, float16, float32 or float64.

    Returns:
      uint64, the shape of a.
    """
    steps_a, steps_b = _steps(a, dtype), _steps(b, dtype)
    high, low = np.maximum(steps_a, steps_b), np.minimum(steps_a, steps_b)
    # unsigned integers of as many bits hold any difference, and it wraps around to it
    return np.subtract(*(one.view(f"u{dtype.itemsize}") for one in (high, low))).astype(np.uint64)


def _steps(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Returns the number of floating-point numbers from 0 to a value, negative of negative ones."""
    with np.errstate(over="ignore"):
        bits = np.asarray(values, dtype).view(f"i{dtype.itemsize}")
    least = np.asarray(ml_dtypes.finfo(dtype).smallest_normal, dtype).view(bits.dtype)
    sign = bits >> 8 * dtype.itemsize - 1  # -1 of negative numbers
    steps = bits & np.iinfo(bits.dtype).max
    steps *= steps >= least
    return (steps ^ sign) - sign
