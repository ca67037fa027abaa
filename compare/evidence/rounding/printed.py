"""What print hides of a number.

An entry g that was read from print is only known to |text - g*| <= e, with g* what the
implementation computed and e half a unit of the last printed digit. e is 0 where a number is
printed in full.
"""

from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import plain_arithmetic

# e is a decimal fraction held in float64, and rounding errors are worked out at values that print
# has moved by e: both are far below this.
_SECOND_ORDER = 1 + 2.0**-13


def hidden_by_print(xp: Any, g: Any, e: Any, *, u: float, lam: float) -> Any:
    """Bounds |g - g*|, where g is the text rounded to the dtype and g* is of that dtype.

    g is as near to the text as g* or nearer, so it adds min(e, u |g|). Numbers of the dtype are
    u |g| apart or more, so g is g* where 2 e < u |g|: with 9 digits of a float32 nothing is hidden.

    Args:
      xp: numpy or jax.numpy.
      g: [...], what was read.
      e: [...], half a unit of the last printed digit.
      u: unit roundoff of the dtype.
      lam: its smallest normal number.
    """
    half_step = u * xp.abs(g)
    away = e + xp.minimum(e, half_step + lam * u)
    return xp.where(2.1 * e < half_step, 0.0, _SECOND_ORDER * away)


def hidden_in(values: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Does the same for an array whose dtype is that of the arithmetic."""
    plain = plain_arithmetic(values.dtype)
    return np.asarray(hidden_by_print(np, values.astype(np.float64), e, u=plain.u, lam=plain.lam))
