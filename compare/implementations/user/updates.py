"""Gradients that were recovered from a step of gradient descent, as (w - new w) / rate.

A program may show nothing but its new weights v = w - rate dw. What is recovered from them is known
only to half a unit in the last place of v, divided by the rate: for weights of 0.5 and a rate of
0.1 that is 3e-7 in float32, more than rounding costs the gradient itself. Such gradients are
recognised: w - rate g is a number of the weights' dtype in every entry, and that far more often
than by chance. A multiple of the rate fits as well, so the smallest that fits is the rate.
"""

import functools
import math
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from compare.evidence.rounding.arithmetic import fraction_bits
from compare.problem.answers import Answer
from jaxmlp.base import Grads, Layer, Params

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]  # a leaf of the weights, and its gradient

_CHANCE = 20.0  # bits: rates of one kind all together fit by chance once in 10^6
_MOST = 4096  # entries of each parameter that rates are tried on
_FIRST = 16  # entries that all rates are tried on at once
_LONG = 1 / 8  # share of numbers that fill the second half of their bits, at least


@functools.cache
def _rates() -> dict[float, float]:
    """Returns the rates that are tried, ascending, with the bits of evidence that each needs."""
    plain = {Fraction(m, 10**k) for k in range(7) for m in range(1, 10)}
    others = {Fraction(m, 10**k) for k in range(2, 9) for m in range(100, 1000)}
    others |= {Fraction(m) for m in range(1, 100)} | {Fraction(1, 2**k) for k in range(8)}
    others |= {rate / n for rate in plain for n in range(2, 129)}  # of a mean over n samples
    of_plain, of_others = (_CHANCE + math.log2(len(rates)) for rates in (plain, others))
    ascending = sorted(plain | others)
    return {float(rate): of_plain if rate in plain else of_others for rate in ascending}


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
    rate = _rate(pairs) if _are_long(grads, params[0].w.dtype) else None
    if rate is None:
        return answer
    hidden = iter([_half_unit(rate, *pair) for pair in pairs])
    units = tuple(Layer(next(hidden), next(hidden)) for _ in grads)
    return answer._replace(printed=units, rate=rate)


def _rate(pairs: list[Pair]) -> float | None:
    """Returns the rate at which all entries are recovered, and not by chance; None if none is."""
    fitting = []  # ascending
    for rate in _likely(pairs):
        bits = _evidence(rate, pairs, most=_MOST)
        if bits is None:
            continue
        fitting.append(rate)
        if bits >= _rates()[rate] and _evidence(rate, pairs, most=None) is not None:
            parts = (rate / one for one in fitting)
            whole = [abs(part - round(part)) < 1e-9 * part for part in parts]
            return fitting[whole.index(True)]
    return None


def _likely(pairs: list[Pair]) -> list[float]:
    """Returns the rates that fit the entries that tell most: those with the smallest steps."""
    w, g = (
        np.concatenate([np.broadcast_to(pair[i], pair[1].shape).reshape(-1) for pair in pairs])
        for i in (0, 1)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        small = np.where((w != 0) & (g != 0), np.abs(g / w), np.inf)
    first = np.argpartition(small, min(_FIRST, small.size) - 1)[:_FIRST]
    rates, needed = (np.array(list(each)) for each in zip(*_rates().items(), strict=True))
    off, tolerance, half = _distance(rates[:, None], w[first], g[first])
    tells = (half > tolerance) & (tolerance > 0)
    right = ~np.any(tells & (off > tolerance), axis=1)
    # Where steps are larger an entry tells less, but for a bit by where powers of 2 lie.
    most = np.max(np.log2(np.where(tells, 2 * half, 1) / np.where(tells, tolerance, 1)), axis=1)
    return [float(rate) for rate in rates[right & (small.size * most >= needed)]]


def _evidence(rate: float, pairs: list[Pair], most: int | None) -> float | None:
    """Returns how many bits say that entries are recovered at this rate; None if one is not.

    By chance an entry is within its tolerance t of a number one time in h / t, where h is half the
    distance of numbers there: it gives log2(h / t) bits of evidence. Entries that are equal but for
    a power of 2 fit together or not at all, and count once.
    """
    bits, fractions = [], []
    for leaf, grad in pairs:
        w = np.broadcast_to(leaf, grad.shape).reshape(-1)[:most]
        off, tolerance, half = _distance(rate, w, grad.reshape(-1)[:most])
        tells = (half > tolerance) & (tolerance > 0)
        if np.any(tells & (off > tolerance)):
            return None
        bits.append(np.log2(half[tells] / tolerance[tells]))
        fractions.append(np.frexp(np.abs(grad.reshape(-1)[:most][tells]))[0])
    _, which = np.unique(np.concatenate(fractions), return_inverse=True)
    largest = np.zeros(len(which))
    np.maximum.at(largest, which, np.concatenate(bits))
    return float(largest.sum())


def _distance(rate: float | np.ndarray, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns how far w - rate g is from the dtype, how far it may be, and its half unit.

    The difference of weights, the division and the rate are each rounded once: 3 u |rate g|, and a
    bit for second order and for this very subtraction, in extended precision. No step that is not 0
    is smaller than half a unit of the new weight, and so none that is smaller may be off at all.
    """
    u = np.finfo(w.dtype).eps / 2
    step = np.longdouble(rate) * g.astype(np.longdouble)
    new = w.astype(np.longdouble) - step
    rounded = new.astype(w.dtype)
    off = np.abs(new - rounded.astype(np.longdouble)).astype(np.float64)
    own = float(np.finfo(np.longdouble).eps) * np.abs(w.astype(np.float64))
    size = np.abs(step.astype(np.float64))
    half = np.spacing(np.abs(rounded)).astype(np.float64) / 2
    tolerance = np.where(step != 0, 3.5 * u * size + own, 0.0)
    off = np.where((step != 0) & (size < half / 2), half, off)
    return off, tolerance, half


def _are_long(grads: Grads, dtype: np.dtype) -> bool:
    """Whether gradients are neither whole numbers nor short ones of the weights' dtype.

    Multiples of one short number, which an exact computation yields, fit a rate or none together:
    that is evidence once, and not in every entry.
    """
    leaves = [leaf.reshape(-1)[:_MOST] for layer in grads for leaf in layer]
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
