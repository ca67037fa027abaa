"""Samples whose gradients have subnormal numbers, which compiled JAX on a CPU takes for 0.

It looks at bits, as a comparison would see a 0, too. Shape letters: N samples.
"""

from typing import Any

import ml_dtypes
import numpy as np

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Layers
from compare.evidence.certificate.products import over_units


def subnormal_samples(xp: Any, grads: Layers) -> Array:
    """Returns the samples that have a subnormal entry, [N] bool.

    Those of float16 are no subnormal numbers in float32, by which it is widened.

    Args:
      xp: jax.numpy, within a compiled function.
      grads: (dw [n_in, n_out, N], db [n_out, N]) per layer.
    """
    found = xp.zeros(grads[0][1].shape[-1], bool)
    for dw, db in grads:
        found = found | _any_subnormal(xp, dw) | xp.any(_is_subnormal(xp, db), axis=0)
    return found


def _any_subnormal(xp: Any, dw: Array) -> Array:
    start = xp.zeros((dw.shape[0], dw.shape[-1]), bool)
    return xp.any(over_units(lambda j, some: some | _is_subnormal(xp, dw[:, j]), start, dw), axis=0)


def _is_subnormal(xp: Any, array: Array) -> Array:
    """Returns whether a number is between 0 and the smallest normal one, [...] bool."""
    from jax import lax  # it is there: this is compiled

    if array.dtype == np.float16:
        return xp.zeros(array.shape, bool)
    unsigned = np.dtype(f"u{array.dtype.itemsize}")
    size = lax.bitcast_convert_type(array, unsigned) << 1  # without the sign
    least_normal = 1 << (ml_dtypes.finfo(array.dtype).nmant + 1)
    return size - unsigned.type(1) < unsigned.type(least_normal - 1)
