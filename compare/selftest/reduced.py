"""A NumPy backward whose matrix products are those of a GPU: reduced factors, coarse sums.

No library does so on a CPU. Everything beside the products is float32.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from compare.implementations.numpy_backprop import ACTIVATIONS
from jaxmlp.base import Batch, Evaluation, Layer, Params

_SUMMED_AT_ONCE = 4  # products, by a tensor core of an NVIDIA V100


class Product(NamedTuple):
    """How factors are reduced and products are added up."""

    bits: int  # fraction bits of a factor: 10 in TF32, 7 in bfloat16
    is_truncated: bool  # rather than rounded
    on_tensor_cores: bool  # sums truncated, and not float32 additions


def evaluate(params: Params, batch: Batch, activation: str, product: Product) -> Evaluation:
    """Backpropagates in float32, every product of two matrices made in a given way.

    Args:
      params: float32.
      batch: x [N, d] and y [N, k], float32.
      activation: of the hidden layers.
      product: outer products are made in this way too.
    """
    phi, slope = (_float32(f) for f in ACTIVATIONS[activation])
    with np.errstate(all="ignore"):
        preacts, acts = [], [batch.x]
        for w, b in params:
            preacts.append(_times(acts[-1], w, product) + b)
            acts.append(phi(preacts[-1]))
        residual = preacts[-1] - batch.y
        delta = 2 * residual
        grads: list[Layer] = []
        for i in reversed(range(len(params))):
            outer = _times(acts[i][:, :, None], delta[:, None, :], product)
            grads.insert(0, Layer(outer, delta))
            if i:
                delta = _times(delta, params[i].w.T, product) * slope(preacts[i - 1])
        return Evaluation(preacts[-1], np.square(residual).sum(axis=1), tuple(grads))


def _times(a: np.ndarray, b: np.ndarray, product: Product) -> np.ndarray:
    a, b = (keep(factor, product.bits, truncate=product.is_truncated) for factor in (a, b))
    if product.on_tensor_cores:
        return _truncated_sums(a.astype(np.float64), b.astype(np.float64))
    return np.matmul(a, b)


def keep(values: np.ndarray, bits: int, *, truncate: bool) -> np.ndarray:
    """Leaves so many fraction bits of each number, in the same dtype."""
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


def _float32(f: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda z: np.asarray(f(z), np.float32)
