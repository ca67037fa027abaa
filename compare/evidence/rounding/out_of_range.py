"""Numbers that a dtype does not hold: what under- and overflow do to a bound."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.kinds import is_float
from compare.evidence.rounding.readings import Array, Readings


def fits(size: Array, dtype: Any) -> Array:
    """Returns whether numbers of a size cannot overflow."""
    if is_float(dtype):
        return size <= number_range(dtype).most
    return size <= float(jnp.iinfo(dtype).max)


def with_underflow(
    analysis: Readings, value: Array, error: Array, dtype: Any, *, rounds: bool
) -> Array:
    """Returns the error, with that of computed values that may be subnormal.

    Such a number is flushed to 0 or, where an operation rounds, it is rounded to a subnormal one,
    by half the smallest. No library flushes float16. What is the smallest normal number in float64
    may be less in truth.
    """
    xp, size, info = analysis.xp, abs(value), number_range(dtype)
    large = size - error > info.normal
    if analysis.is_sure(large):
        return error
    half = info.subnormal / 2 or info.subnormal  # float64 has no half of its own
    lost = error + half if rounds else error
    if dtype != np.float16:
        lost = xp.maximum(lost, size)
    return xp.where(~large & (size + error > 0), lost, error)


def with_overflow(
    analysis: Readings, value: Array, error: Array, dtype: Any, *, moved: Array | None
) -> Array:
    """Returns the error, which is infinite where a computed value may overflow.

    Args:
      analysis: of which readings.
      value: the exact one.
      error: of the computed one, [readings, *shape].
      dtype: of the computed one.
      moved: the error before the last rounding, if that is known. To nearest, it overflows from
        half an ulp above the largest number on.
    """
    xp = analysis.xp
    if moved is None:
        held = fits(abs(value) + error, dtype)
    else:
        reach = abs(value) + moved
        held = fits(reach, dtype) | (reach < number_range(dtype).held)
    if analysis.is_sure(held):
        return error
    held = held | (xp.isinf(value) & (error == 0))  # what is infinite overflows no more
    return xp.where(held, error, np.inf)
