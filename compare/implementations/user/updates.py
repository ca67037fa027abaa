"""Gradients that were recovered from a step of gradient descent, as (w - new w) / rate.

A program may show nothing but its new weights v = w - rate dw. What is recovered from them is known
only to half a unit in the last place of v, divided by the rate: for weights of 0.5 and a rate of
0.1 that is 3e-7 in float32, more than rounding costs the gradient itself. Such gradients are
recognised: w - rate g is a number of the weights' dtype in every entry, and that 2^26 times more
often than by chance.
"""

import numpy as np

from compare.problem.answers import Answer
from jaxmlp.base import Layer, Params

RATES = tuple(m / 10**k for k in range(1, 7) for m in range(1, 10))
_BITS = 26.0  # of evidence that a rate needs: all RATES together fit by chance once in 10^6
_MOST = 4096  # entries of each parameter that rates are tried on


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
    for rate in sorted(RATES):
        if _fits(rate, pairs, most=_MOST) and _fits(rate, pairs, most=None):
            hidden = iter([_half_unit(rate, *pair) for pair in pairs])
            units = tuple(Layer(next(hidden), next(hidden)) for _ in grads)
            return answer._replace(printed=units, rate=rate)
    return answer


def _fits(rate: float, pairs: list[tuple[np.ndarray, np.ndarray]], most: int | None) -> bool:
    """Whether all entries are recovered at this rate, and not by chance.

    By chance an entry is within its tolerance t of a number one time in h / t, where h is half the
    distance of numbers there: it gives log2(h / t) bits of evidence.
    """
    bits = 0.0
    for leaf, grad in pairs:
        w = np.broadcast_to(leaf, grad.shape).reshape(-1)[:most]
        off, tolerance, half = _distance(rate, w, grad.reshape(-1)[:most])
        tells = (half > tolerance) & (tolerance > 0)
        if np.any(tells & (off > tolerance)):
            return False
        bits += float(np.log2(half[tells] / tolerance[tells]).sum())
    return bits >= _BITS


def _distance(rate: float, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns how far w - rate g is from the dtype, how far it may be, and its half unit.

    The difference of weights, the division and the rate are each rounded once: 3 u |rate g|, and a
    bit for second order and for this very subtraction, in extended precision.
    """
    u = np.finfo(w.dtype).eps / 2
    step = np.longdouble(rate) * g.astype(np.longdouble)
    new = w.astype(np.longdouble) - step
    rounded = new.astype(w.dtype)
    off = np.abs(new - rounded.astype(np.longdouble)).astype(np.float64)
    own = float(np.finfo(np.longdouble).eps) * np.abs(w.astype(np.float64))
    tolerance = np.where(step != 0, 3.5 * u * np.abs(step.astype(np.float64)) + own, 0.0)
    return off, tolerance, np.spacing(np.abs(rounded)).astype(np.float64) / 2


def _half_unit(rate: float, leaf: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Half a unit in the last place of the new weight, over the rate; and 3 u of the entry.

    These are the roundings of rate times dw, of the rate and of the division.
    """
    u = np.finfo(leaf.dtype).eps / 2
    new = leaf.astype(np.float64) - rate * grad.astype(np.float64)
    size = np.maximum(np.abs(new), np.abs(leaf)).astype(leaf.dtype)
    half = np.spacing(size).astype(np.float64) / 2
    return np.asarray(half / rate + 3 * u * np.abs(grad.astype(np.float64)))
