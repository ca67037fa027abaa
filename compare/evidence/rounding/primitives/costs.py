"""What mathematical functions cost: how far libraries are off in them, in ulps of the result.

A cost is the largest error that was measured of XLA (jax 0.9.0 and 0.10.2), torch and NumPy on an
x86 CPU, with AVX-512, AVX2 and AVX instructions, times 1.5 and one ulp more than it at least.
`python -m compare.selftest --costs=1000000` measures again, on the machine that it runs on.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from compare.evidence.rounding.arithmetic import largest_number

Array = Any  # of NumPy, or of JAX under a trace


class Range(NamedTuple):
    """Arguments of a function, all of one dtype, and how large its results are there."""

    xp: Any  # numpy, or jax.numpy under a trace
    low: Array
    high: Array
    size: Array  # the largest magnitude of a result
    dtype: np.dtype

    @property
    def most(self) -> Array:
        """The largest magnitude of an argument."""
        return self.xp.maximum(self.xp.abs(self.low), self.xp.abs(self.high))

    @property
    def least(self) -> Array:
        """The smallest magnitude of an argument."""
        return self.xp.maximum(0.0, self.xp.maximum(self.low, -self.high))

    def meets(self, low: float, high: float) -> Array:
        """Returns whether an argument lies between the two numbers."""
        return (self.high > low) & (self.low < high)


class Cost(NamedTuple):
    """The error of a function that no library exceeds.

    An ulp is eps |f|: the distance of two numbers of the dtype there, or up to twice that.
    """

    ulps: float
    more: Callable[[Range], Array] | None = None  # ulps that it takes beside, by the argument
    beside: Callable[[Range], Array] | None = None  # size of terms that cancel in the result
    argument: int = 0  # ulps by which the argument may be off too

    def of(self, at: Range) -> Array:
        """Returns the error in units of eps. A result below the normal numbers counts as one."""
        xp = at.xp
        ulps = self.ulps if self.more is None else self.ulps + self.more(at)
        size = at.size if self.beside is None else at.size + self.beside(at)
        least = float(ml_dtypes.finfo(at.dtype).smallest_normal)
        return xp.where(size > 0, ulps * xp.maximum(size, least), 0.0)


def cost_of(name: str, dtype: np.typing.DTypeLike) -> Cost:
    """Returns what a function costs in a dtype."""
    known = np.dtype(dtype)
    is_low = float(ml_dtypes.finfo(known).eps) > 2.0**-23
    return LOW_COSTS.get(name, ROUNDED_ONCE) if is_low else COSTS[name]


def _nearly_overflows(at: Range) -> Array:
    """XLA's exp is 5.4 ulp off from half of the largest number on."""
    return at.xp.where(at.size > largest_number(at.dtype.name) / 2, 5.0, 0.0)


def _as_exponential(factor: float) -> Callable[[Range], Array]:
    """XLA's exp2(x) is exp(x log 2), a rounded product with a rounded log 2: 0.9 |x| ulp off."""
    return lambda at: factor * at.most


def _overflowing(at: Range) -> Array:
    """torch's sinh and cosh are infinite where exp(x) is."""
    overflows = at.most > np.log(largest_number(at.dtype.name))
    return at.xp.where(overflows, np.inf, 0.0)


def _halved(at: Range) -> Array:
    """XLA's sinh and cosh are made of exp(x - log 2), a rounded difference: |x| ulp off."""
    return _overflowing(at) + 1.5 * at.most


def _as_power(at: Range) -> Array:
    """Until jax 0.10, XLA's cbrt(x) is |x|^(1/3), of a rounded exponent: 0.17 |log |x|| ulp off."""
    tiny = float(ml_dtypes.finfo(at.dtype).smallest_normal)
    logs = (at.xp.abs(at.xp.log(at.xp.maximum(one, tiny))) for one in (at.most, at.least))
    return 0.26 * at.xp.maximum(*logs)


def _log1p_is_off(at: Range) -> Array:
    """XLA's log1p of float64 is 128 ulp off between 1 / sqrt(2) - 1 and -0.36."""
    return at.xp.where(at.meets(-0.415, -0.35) & (at.dtype == np.float64), 200.0, 0.0)


def _beside_zero(at: Range) -> Array:
    """XLA's atanh(x) is made of log1p(x) and log1p(-x)."""
    opposite = at._replace(low=-at.high, high=-at.low)
    return at.xp.maximum(_log1p_is_off(at), _log1p_is_off(opposite))


def _far_right(at: Range) -> Array:
    """XLA's erfc(x) is made of exp(-x x), and 0.9 x^2 ulp off on the right."""
    return 1.2 * at.xp.maximum(at.high, 0.0) ** 2


def _near_one(at: Range) -> Array:
    """XLA's erf_inv(x) is made of log1p(-x x), whose error at -0.4 it takes an eighth of.

    It loses digits of d = 1 - |x| where x x is rounded. That costs most, 64 ulp in float32 and
    500,000 in float64, where d is the root of eps.
    """
    xp, u = at.xp, float(ml_dtypes.finfo(at.dtype).eps) / 2
    lost = xp.minimum(1 / (1 - at.most), (1 - at.least) / u)
    squares = at._replace(low=-at.most * at.most, high=-at.least * at.least)
    return 0.3 * lost / (1 - xp.log(1 - at.least)) + _log1p_is_off(squares) / 8


def _grows(at: Range) -> Array:
    """torch's lgamma is infinite a little before it ought to be."""
    return at.xp.where(at.size > largest_number(at.dtype.name) / 2, np.inf, 0.0)


def _log_gamma_terms(at: Range) -> Array:
    """1, and left of 0 log Gamma(1 - x) <= |x| log(1 + |x|), of which log |sin| is taken."""
    left = at.xp.maximum(-at.low, 0.0)
    return 1 + left * at.xp.log1p(left)


def _digamma_terms(at: Range) -> Array:
    """1, and left of 0 digamma(1 - x) <= log(1 + |x|), of which a cotangent is taken."""
    return 1 + at.xp.log1p(at.xp.maximum(-at.low, 0.0))


def _in_float32(ulps: float, terms: Callable[[Range], Array]) -> Callable[[Range], Array]:
    """Terms of which float32 loses some ulps, by the size that costs as much in fewer digits."""
    return lambda at: ulps * 2.0**-23 / (2 * float(ml_dtypes.finfo(at.dtype).eps)) * terms(at)


# Of float64 and float32. In float64, values are held against such functions themselves, whose
# errors count too: `arithmetic.Doubled` allows for twice the cost.
COSTS = MappingProxyType(
    {
        "acos": Cost(4),
        "acosh": Cost(7),
        "asin": Cost(5),
        "asinh": Cost(5),
        "atan": Cost(8),
        "atan2": Cost(5),
        "atanh": Cost(5, _beside_zero),
        "cbrt": Cost(5, _as_power),
        "cos": Cost(3),
        "cosh": Cost(4, _halved),
        "digamma": Cost(16, beside=_digamma_terms, argument=2),
        "erf": Cost(11),
        "erf_inv": Cost(6, _near_one),
        "erfc": Cost(15, _far_right),
        "exp": Cost(4, _nearly_overflows),
        "exp2": Cost(5, _as_exponential(1.1)),
        "expm1": Cost(9),
        "lgamma": Cost(35, _grows, beside=_log_gamma_terms),
        "log": Cost(6),
        "log1p": Cost(4, _log1p_is_off),
        "logistic": Cost(5),
        "pow": Cost(4),
        "rsqrt": Cost(3),
        "sin": Cost(3),
        "sinh": Cost(9, _halved),
        "sqrt": Cost(2),
        "tan": Cost(6),
        "tanh": Cost(11),
    }
)
# Of bfloat16 and float16, which libraries compute in float32 and round once, but for these.
ROUNDED_ONCE = Cost(2)
LOW_COSTS = MappingProxyType(
    {
        "acos": Cost(3),
        "acosh": Cost(5),
        "asin": Cost(3),
        "asinh": Cost(4),
        "atanh": Cost(4),
        "cbrt": Cost(4),
        "cosh": Cost(2, _overflowing),
        "digamma": Cost(2, beside=_in_float32(16, _digamma_terms)),
        "erf": Cost(2, beside=_in_float32(4, lambda at: 1.0)),  # torch's is right to an ulp of 1
        "exp2": Cost(5, _as_exponential(1.3)),
        "expm1": Cost(4),
        "lgamma": Cost(2, _grows, _in_float32(35, _log_gamma_terms)),
        "log1p": Cost(3),
        "logistic": Cost(4),
        "pow": Cost(3),
        "rsqrt": Cost(3),
        "sinh": Cost(2, _overflowing),
    }
)
