"""Matrix products as libraries could compute them: factors and sums of fewer bits."""

import ml_dtypes
import numpy as np

from compare.selftest.reduced_precision import keep


def multiplying(*, left=None, right=None, sums=None, split=None, truncate=False, flush=()):
    """Returns a library that keeps so many bits; None for all of float64.

    Args:
      left: bits of the left factor.
      right: bits of the right factor.
      sums: bits of every partial sum, added one after another.
      split: into how many bfloat16 numbers a factor is cut, or None.
      truncate: whether factors are cut off instead of rounded.
      flush: 'inputs' and 'results': what becomes zero if it is subnormal.
    """

    def factor(array, bits):
        if split is not None:
            parts, rest = np.zeros_like(array, np.float64), array.astype(np.float64)
            for _ in range(split):
                part = keep(rest, 7, truncate=False)
                parts, rest = parts + part, rest - part
            return parts
        wide = array.astype(np.float64)
        return keep(wide, bits, truncate=truncate) if bits else wide

    def one(a, b):
        dtype = a.dtype
        if a.ndim == 1:
            return flushed(flushed(a, "inputs") * flushed(b, "inputs"), "results")
        a, b = factor(a, left), factor(b, right)
        if a.ndim == 3:
            return (a * b).astype(dtype)
        if sums is None:
            return (a @ b).astype(dtype)
        total = np.zeros((len(a), b.shape[1]))
        for k in range(a.shape[1]):
            total = keep(total + a[:, k : k + 1] * b[k], sums, truncate=False)
        return total.astype(dtype)

    def flushed(array, what):
        tiny = np.abs(array) < ml_dtypes.finfo(array.dtype).smallest_normal
        return np.where(tiny & (what in flush), np.zeros_like(array), array)

    return lambda factors: [one(a, b) for a, b in factors]
