"""The constants of an implementation's arithmetic, from which the rules make their allowances."""

import math
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits, largest_number

_ANYTHING = 1e30  # in place of infinity, which a weight of zero would turn into NaN


class Rounding(NamedTuple):
    """How far results of an implementation may be off, by operation."""

    u: float  # unit roundoff
    lam: float  # what underflow may cost
    slack: float  # a factor on every allowance
    inputs: int  # 1 if weights and samples are rounded on their way in, else 0
    uses: int  # how many roundings two uses of one value may be apart
    arithmetic: Arithmetic

    def logistic_error(self, xp: Any, z: Array, phi: Activation) -> Array | float:
        """Returns the error of phi and phi' where an exponential in them overflows, [...]."""
        logistic = self.arithmetic.logistic
        return logistic * (1 + xp.abs(z)) if phi.has_logistic and logistic else 0.0

    def square_error(self, xp: Any, z: Array, slope: Array, phi: Activation) -> Array | float:
        """Returns the error of phi' where the square of an exponential over- or underflows, [n, N].

        With E = exp(-z), E / (1 + E)^2 is 0 where E^2 overflows, and h^2 E is anything from 0 to
        twice phi' where h^2 underflows. phi' is less than 1 / E and h then, times z in silu. Where
        that is so of all units of a layer, it excuses nothing.
        """
        if not phi.squares:
            return 0.0
        arithmetic = self.arithmetic
        least = max(arithmetic.lam, 1 / largest_number(arithmetic.dtype.name))
        lost = 2 * math.sqrt(least) * (1 + xp.abs(z))
        small = xp.where(xp.abs(slope) <= lost, 1.0, 0.0)
        return small * xp.where(xp.min(small, axis=0) > 0, 0.0, xp.abs(slope))

    def dot(self, n: int) -> float:
        """Bounds the error of n terms and a bias, relative to the sum of their magnitudes.

        Where sums are wider than the dtype, the bias may be added after the sum was rounded.
        """
        bias = 0 if self.arithmetic.is_plain else 1
        bound = self.arithmetic.dot(n + 1, self.inputs + self.uses + bias)
        return min(bound, _ANYTHING)

    @property
    def outer(self) -> float:
        """Bounds |dw - h delta| / |dw| for one entry, and so the error of h recovered from dw.

        dw is (1 + t) h delta with |t| <= e = dot(1), and e / (1 - e) is the bound relative to dw.
        """
        if self.arithmetic.is_plain and not self.uses:
            return 2 * self.u
        e = self.arithmetic.dot(1, self.uses)
        return e / (1 - e)

    def input_error(self, xp: Any, given: Array) -> Array:
        """Bounds how far the samples or labels in use may be from those given, [...]."""
        if not self.inputs:
            return xp.zeros_like(given)
        return self.u * xp.abs(given) + self.lam


def rounding_of(arithmetic: Arithmetic, given: np.typing.DTypeLike = np.float32) -> Rounding:
    """Returns the constants of an arithmetic, for weights and samples of the dtype `given`.

    In float64 a bound is no more precise than the gradient, so it is doubled. Weights and samples
    of a wider dtype are rounded once, by u each. In float16 and bfloat16 u is so large that
    first-order constants, such as those of the rules, are too small: n roundings come to
    (1 + u)^n - 1 <= n u (1 + n u) for n u <= 1/2, and n is at most 32 beside the dot products.
    In these two XLA may leave out a rounding between operations that it fuses (its flag
    xla_allow_excess_precision), so one use of a value may be rounded and another not.
    """
    low, u = arithmetic.is_low, arithmetic.u
    wide = 2.0 if u <= 2.0**-53 else 1.0
    slack = 1 + 32 * u if low else wide
    inputs = int(fraction_bits(np.dtype(given)) > fraction_bits(arithmetic.dtype))
    return Rounding(u, arithmetic.lam, slack, inputs, int(low), arithmetic)
