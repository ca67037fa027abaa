"""Matrix products as a GPU may compute them: factors of fewer bits, and coarse sums.

No library does so on a CPU. All other operations are float32.
"""

from typing import NamedTuple

import numpy as np

from compare.selftest.backward import backward, forward
from jaxmlp.base import Batch, Evaluation, Params

_SUMMED_AT_ONCE = 4  # products, by a tensor core of an NVIDIA V100


class ReducedPrecision(NamedTuple):
    """How factors are reduced, and how products are added up."""

    bits: int  # fraction bits of a factor: 10 in TF32, 7 in bfloat16
    is_truncated: bool  # whether factors are truncated rather than rounded
    on_tensor_cores: bool  # whether sums are truncated rather than made by float32 additions

    def matmul(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Multiplies float32 matrices, [..., n, k] by [..., k, m]."""
        a, b = (keep(factor, self.bits, truncate=self.is_truncated) for factor in (a, b))
        if self.on_tensor_cores:
            return _truncated_sums(a.astype(np.float64), b.astype(np.float64))
        return np.matmul(a, b)


def evaluate(
    params: Params, batch: Batch, activation: str, precision: ReducedPrecision
) -> Evaluation:
    """Backpropagates in float32, with every matrix product in reduced precision.

    Args:
      params: float32.
      batch: x [N, d] and y [N, k], float32.
      activation: of all hidden layers.
      precision: of matrix products, outer products too.
    """
    with np.errstate(all="ignore"):
        f = forward(params, batch, activation, matmul=precision.matmul)
        return f.evaluation(backward(f))


def keep(values: np.ndarray, bits: int, *, truncate: bool) -> np.ndarray:
    """Returns the numbers with so many fraction bits each, in the same dtype."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    cut = np.trunc if truncate else np.rint
    return np.ldexp(cut(np.ldexp(fraction, bits + 1)), exponent - bits - 1).astype(values.dtype)


def _truncated_sums(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Adds a few products at once, each truncated to 24 bits of the largest, and so their sum."""
    total = np.zeros(np.broadcast_shapes((*a.shape[:-1], 1), (*b.shape[:-2], 1, b.shape[-1])))
    for start in range(0, a.shape[-1], _SUMMED_AT_ONCE):
        part = slice(start, start + _SUMMED_AT_ONCE)
        terms = a[..., :, part, None] * b[..., None, part, :]
        terms = np.concatenate([terms, total[..., None, :]], axis=-2)
        _, exponent = np.frexp(np.abs(terms).max(axis=-2, keepdims=True))
        aligned = np.ldexp(np.trunc(np.ldexp(terms, 24 - exponent)), exponent - 24)
        total = keep(aligned.sum(axis=-2), 23, truncate=True)
    return total.astype(np.float32)
