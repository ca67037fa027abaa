"""Products, and what is taken over the units of a layer, by NumPy and by compiled JAX.

In NumPy the bits for one sample do not depend on the samples beside it. A BLAS sums the last
columns of a matrix, and a single one, in another order than the rest, so a sample that is looked at
again, among a few, would have other last bits. Here every column is summed in the order of the
units below, if there are at least two columns: NumPy turns a single one into a row.

In JAX a gradient [n_in, n_out, N] is read unit by unit, by a loop with rows of [n_in, N]. Where a
reduction over units follows other operations, XLA on a CPU writes down all that they give, which is
several times as much as the gradient; and of sums that are written out it computes each anew
wherever one is used. What a loop takes and gives is computed once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.evidence.certificate.activation_functions import Array

_AT_ONCE = 5  # units in one round of a loop


def product(xp: Any, w: Array, h: Array) -> Array:
    """Returns h w for each sample, [n_out, N], of w [n_in, n_out] and h [n_in, N].

    Args:
      xp: numpy or jax.numpy.
      w: the weights.
      h: the sample axis is last.
    """
    return np.einsum("ij,in->jn", w, h) if xp is np else w.T @ h


def project(xp: Any, dw: Array, weights: Array) -> Array:
    """Returns sum_j dw_ij weights_j for each sample, [n_in, N] in float64.

    Args:
      xp: numpy or jax.numpy.
      dw: [n_in, n_out, N].
      weights: [n_out, N].
    """
    if xp is np:
        return np.asarray((dw * weights).sum(axis=1))
    nothing = xp.zeros((dw.shape[0], dw.shape[-1]))
    return over_units(lambda j, sum_: sum_ + wide_unit(xp, dw, j) * weights[j], nothing, dw)


def wide_unit(xp: Any, dw: Array, unit: Any) -> Array:
    """Returns the gradient of the weights into one unit, [n_in, N] in float64."""
    return xp.asarray(dw[:, unit], np.float64)


def over_units(step: Callable[[Any, Any], Any], start: Any, dw: Array) -> Any:
    """Runs a compiled loop over the units of a layer.

    Args:
      step: (unit, what the steps before gave) -> the same with that unit.
      start: what the first step is given.
      dw: of the layer, [n_in, n_out, N].
    """
    from jax import lax  # it is there: this is compiled

    return lax.fori_loop(0, dw.shape[1], step, start, unroll=min(dw.shape[1], _AT_ONCE))
