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
    (sign_a, steps_a), (sign_b, steps_b) = _steps(a, dtype), _steps(b, dtype)
    apart = np.maximum(steps_a, steps_b) - np.minimum(steps_a, steps_b)
    return np.where(sign_a == sign_b, apart, steps_a + steps_b)


def _steps(values: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sign bits and the number of floating-point numbers from 0 to |value|."""
    with np.errstate(over="ignore"):
        values = np.asarray(values, dtype)
    magnitudes = np.abs(values)
    magnitudes = np.where(
        magnitudes < ml_dtypes.finfo(dtype).smallest_normal, dtype.type(0), magnitudes
    )
    bits = magnitudes.view(f"u{magnitudes.dtype.itemsize}")
    return np.signbit(values), bits.astype(np.uint64)
