"""What the gradient of a batch should be, and how far rounding may take it from that.

A program adds up terms w g_i, where w is 1 or 1/n: the gradients of its n samples, each as its own
kernel for batches makes it. Let G_i be what a sample's gradient is known to be, and E_i how far
w g_i may be from w G_i: e_i, the end-to-end bound of the sample, if G_i is worked out in float64;
2 e_i if G_i is what the same program answers for the sample alone, since both may be off. e_i is of
the formula whose loss is multiplied by w, because a program may weight the loss, or delta, before
anything can underflow. Then the computed gradient B holds

    |B - sum w G_i| <= sum E_i + gamma_{n+4} (sum |w G_i| + sum E_i) + (n + 2) lam

in any order of the sum: n - 1 roundings of adding up, and five of a product, of 1/n, of the product
with it, and of an L2 term that is made and added. A wider accumulator rounds less. A sum of low
precision may be kept in it, and a product of matrices has the error that its arithmetic says: the
larger of both is taken. B itself may hide digits, by half a unit of the last one that is known.

What these errors typically are is the root of the sum of their squares, but for underflow: what is
flushed goes towards 0, so n + 2 such errors of the same sign add up to as much as the bound says.
"""

import math
from typing import NamedTuple

import numpy as np

from compare.evidence.batches.terms import Terms
from compare.evidence.rounding.arithmetic import Arithmetic, gamma, largest_number

_ROUNDINGS = 4  # of a term, beside those of adding n terms up
_GROSS = 1e-3  # of the largest entry of a parameter
_TYPICAL_LIMIT = 4.0  # typical errors
_LEAST_SQUARED = math.sqrt(np.finfo(np.float64).smallest_normal)  # a smaller one has the square 0


class Expected(NamedTuple):
    """One parameter of the gradient of a batch, [...] each."""

    value: np.ndarray
    allowed: np.ndarray  # a proof: no rounding takes it further
    typical: np.ndarray  # the scale that real errors have
    may_overflow: np.ndarray  # where a sum on the way may


def expected(
    terms: Terms,
    shares: np.ndarray,
    weight: float,
    arithmetic: Arithmetic,
    *,
    times_once: float = 1.0,
) -> Expected:
    """Adds up the terms.

    Args:
      terms: of the samples.
      shares: [R], by what each row is multiplied: the weight, or something else that is assumed.
      weight: what was asked for, 1 or 1/n, which is in the errors of the terms.
      arithmetic: the coarsest in which the gradient may have been computed.
      times_once: how often what a batch has once is in it.
    """
    u, lam, n = arithmetic.u, arithmetic.lam, terms.n
    adding = max(gamma(n + _ROUNDINGS, u), arithmetic.dot(n, _ROUNDINGS))
    if arithmetic.dtype == np.float64:
        adding *= 2  # what it is held against is added up in float64 too
    with np.errstate(all="ignore"):
        once = np.abs(times_once * terms.once)
        value = _added(shares, terms.gradients) + times_once * terms.once
        size = _added(np.abs(shares), terms.magnitudes) + once
        errors = _added(np.abs(shares) / weight, terms.errors)
        summed = np.where(size + errors > 0, adding * (size + errors), 0)
        scale = np.abs(shares).max()
        rounded = np.sqrt(
            _added((shares / weight) ** 2, terms.typical**2)
            + u**2 * (scale**2 * terms.squares + _ROUNDINGS * size**2)
        )
        typical = np.hypot(rounded, max((n + 2) * lam, _LEAST_SQUARED))
        unweighted = _added((shares != 0).astype(float), terms.magnitudes) + once
    allowed = errors + summed + (n + 2) * lam
    overflows = ~(unweighted < largest_number(arithmetic.dtype.name))
    return Expected(value, np.where(np.isnan(allowed), np.inf, allowed), typical, overflows)


def _added(shares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns the sum of rows [R, ...] times shares [R]; quicker than np.tensordot for few."""
    return np.asarray((shares @ rows.reshape(len(rows), -1)).reshape(rows.shape[1:]))


def ratios(found: np.ndarray, right: Expected, hidden: np.ndarray | float = 0.0) -> np.ndarray:
    """Returns what share of its allowance every finite entry uses, [...]; over 1 is a mistake."""
    distance = _distance(found, right)
    with np.errstate(all="ignore"):
        return np.where(distance > 0, distance / (right.allowed + hidden), 0)


def is_doubtful(found: np.ndarray, right: Expected, hidden: np.ndarray | float = 0.0) -> np.ndarray:
    """Returns which entries are further off than rounding usually goes, and by much, [...] bool.

    That is more than 4 typical errors, and more than a thousandth of the largest entry.
    """
    distance = _distance(found, right)
    with np.errstate(all="ignore"):
        finite = np.where(np.isfinite(right.value), np.abs(right.value), 0)
        likely = np.hypot(right.typical, hidden)
        return (distance > _GROSS * finite.max(initial=0.0)) & (distance > _TYPICAL_LIMIT * likely)


def one_sided(found: np.ndarray, right: Expected) -> np.ndarray:
    """Returns which entries are not finite though they should be, with no overflow to excuse it."""
    bounded = np.isfinite(right.value) & np.isfinite(right.allowed) & ~right.may_overflow
    return ~np.isfinite(found) & bounded


def unknown(found: np.ndarray, right: Expected) -> np.ndarray:
    """Returns the other entries of which nothing can be said, as one side is not finite."""
    either = ~np.isfinite(found) | ~np.isfinite(right.value)
    return either & ~one_sided(found, right)


def _distance(found: np.ndarray, right: Expected) -> np.ndarray:
    with np.errstate(all="ignore"):
        distance = np.abs(found.astype(np.float64) - right.value)
    return np.where(np.isfinite(distance), distance, 0)
