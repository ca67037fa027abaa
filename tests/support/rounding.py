"""Bounds as tests of `roundoff` ask for them."""

import numpy as np

from compare.evidence.rounding import roundoff

F32, F64 = np.float32, np.float64
U, LAM = 2.0**-24, float(np.finfo(F32).smallest_normal)
TINY = 100 * LAM


def bound_of(f, *args, dtype=F32, reading="worst"):
    value, bound = roundoff(f, dtype, reading=reading)(*args)
    assert np.asarray(value).shape == np.asarray(bound).shape
    assert not np.any(np.isnan(bound))
    return value, bound


def assert_within(computed, truth, bound):
    kept = np.isfinite(computed)
    excess = np.abs(computed.astype(np.longdouble) - truth) - bound
    assert np.all(excess[kept] <= 0), (computed, truth, bound)
