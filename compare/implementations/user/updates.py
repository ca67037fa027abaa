"""Gradients that were recovered from a step of gradient descent, as (w - new w) / rate.

A program may show nothing but its new weights v = w - rate dw. What is recovered from them is known
only to half a unit in the last place of v, divided by the rate: for weights of 0.5 and a rate of
0.1 that is 3e-7 in float32, more than rounding costs the gradient itself. Such gradients are
recognised: see `rates`.
"""

import numpy as np

from compare.evidence.rounding.arithmetic import fraction_bits
from compare.implementations.user.rates import MOST, rate_of
from compare.problem.answers import Answer
from jaxmlp.base import Grads, Layer, Params

_LONG = 1 / 8  # share of numbers that fill the second half of their bits, at least


def with_hidden_digits(answer: Answer, params: Params) -> Answer:
    """Returns an answer that knows what its entries hide, if they were recovered from a step.

    Args:
      answer: gradients that a user brings, [N, ...].
      params: the weights before the step; only float32 and float64 ones are looked at.
    """
    if answer.printed is not None or params[0].w.dtype.name not in ("float32", "float64"):
        return answer
    grads = answer.grads
    if not all(np.isfinite(leaf).all() for layer in grads for leaf in layer):
        return answer
    pairs = [
        (leaf, grad)
        for layer, grad_layer in zip(params, grads, strict=True)
        for leaf, grad in zip(layer, grad_layer, strict=True)
    ]
    rate = rate_of(pairs) if _are_long(grads, params[0].w.dtype) else None
    if rate is None:
        return answer
    hidden = iter([_half_unit(rate, *pair) for pair in pairs])
    units = tuple(Layer(next(hidden), next(hidden)) for _ in grads)
    return answer._replace(printed=units, rate=rate)


def _are_long(grads: Grads, dtype: np.dtype) -> bool:
    """Whether gradients are neither whole numbers nor short ones of the weights' dtype.

    Multiples of one short number, which an exact computation yields, fit a rate or none together:
    that is evidence once, and not in every entry.
    """
    leaves = [leaf.reshape(-1)[:MOST] for layer in grads for leaf in layer]
    found = np.concatenate([leaf[leaf != 0] for leaf in leaves])
    if np.all(found == np.round(found)):
        return False
    first_half = fraction_bits(dtype) // 2
    second_half = 2 ** max(fraction_bits(found.dtype) - first_half, 0) - 1
    filled = found.view(f"u{found.itemsize}") & second_half != 0
    return bool(filled.mean() >= _LONG) if found.size else False


def _half_unit(rate: float, leaf: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Half a unit in the last place of the new weight, over the rate; and 3 u of the entry.

    These are the roundings of rate times dw, of the rate and of the division.
    """
    u = np.finfo(leaf.dtype).eps / 2
    new = leaf.astype(np.float64) - rate * grad.astype(np.float64)
    size = np.maximum(np.abs(new), np.abs(leaf)).astype(leaf.dtype)
    half = np.spacing(size).astype(np.float64) / 2
    return np.asarray(half / rate + 3 * u * np.abs(grad.astype(np.float64)))
