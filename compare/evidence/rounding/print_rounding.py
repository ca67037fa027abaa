"""How far a printed number may be from the one that was computed.

Print rounds: |text - g*| <= e, where g* is the number that was computed and e is half a unit of the
last printed digit, or 0 if the number is printed in full.
"""

from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import plain_arithmetic

# Two things are neglected below, and both are far less than this: e is a decimal fraction held in
# float64, and rounding errors are worked out at values that print has moved by e.
_SECOND_ORDER = 1 + 2.0**-13


def hidden_by_print(xp: Any, g: Any, e: Any, *, u: float, lam: float) -> Any:
    """Bounds |g - g*|, where g is the text rounded to the dtype, and g* is of that dtype.

    g is the nearest number to the text, so |g - text| <= min(e, u |g|). Numbers of the dtype are
    u |g| apart or more, so g = g* where 2 e < u |g|: 9 digits of a float32 hide nothing.

    Args:
      xp: numpy or jax.numpy.
      g: [...], as it was read.
      e: [...], half a unit of the last printed digit.
      u: unit roundoff of the dtype.
      lam: its smallest normal number.

    Returns:
      [...], the bound.
    """
    half_step = u * xp.abs(g)
    away = e + xp.minimum(e, half_step + lam * u)
    return xp.where(2.1 * e < half_step, 0.0, _SECOND_ORDER * away)


def hidden_in(values: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Returns the same bound for values in the dtype that they were computed in."""
    plain = plain_arithmetic(values.dtype)
    return np.asarray(hidden_by_print(np, values.astype(np.float64), e, u=plain.u, lam=plain.lam))


def is_known(values: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Whether printed numbers show two significant digits or more, or hide nothing.

    A unit of the last digit is 2 e: numbers of two digits are 20 e or more, those of one are 18 e
    at most. A number that prints as 0.00 may have either sign, and one that prints as 0.01 may be
    three times another one that does.

    Args:
      values: [...], as they were read.
      e: [...], half a unit of the last printed digit.

    Returns:
      [...] bool.
    """
    return np.asarray((e == 0) | (np.abs(values.astype(np.float64)) / 19 > e))
