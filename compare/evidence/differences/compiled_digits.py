"""Whether two numbers differ in their digits, jitted: what `digits` finds in NumPy.

It is decided by arithmetic. Where that is too close to call, `digits` has to be asked.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.differences.digits import DECIMALS, SIGNIFICANT

# Scaled numbers are right to a few 2^-53; a tie within this margin, relative, is too close to call.
_UNSURE = 2.0**-40
_POWERS = np.array([float(f"1e{min(p, 308)}") for p in range(-310, 329)])  # of ten


class DifferentDigits(NamedTuple):
    """Which numbers do not agree to SIGNIFICANT digits, [...] bool each."""

    far: jax.Array  # |a - b| is more than half a unit of the last digit
    printed: jax.Array  # the printed digits of |a| and |b| differ
    unsure: jax.Array  # one of the two is too close to call


def different_significant(
    larger: jax.Array, smaller: jax.Array, distance: jax.Array
) -> DifferentDigits:
    """Compares numbers that differ, at SIGNIFICANT digits.

    All are scaled by the power of ten that brings the larger one to [10^(digits-1), 10^digits),
    where a unit of the last digit is 1.

    Args:
      larger: the larger of |a| and |b|, [...].
      smaller: the other one.
      distance: |a - b|.
    """
    low, high = 10.0 ** (SIGNIFICANT - 1), 10.0**SIGNIFICANT
    binary = (lax.bitcast_convert_type(larger, jnp.int64) >> 52) - 1023
    decimal = (binary * 78913) >> 18  # floor(log10(2^binary)), for every exponent of float64
    power = jnp.asarray(_POWERS).at[SIGNIFICANT - 1 - decimal + 310].get(mode="promise_in_bounds")
    scaled = larger * power
    tenth = jnp.where(scaled >= high, 0.1, 1.0)
    p, q, apart = scaled * tenth, smaller * power * tenth, distance * power * tenth
    margin = p * _UNSURE
    (digits_p, tie_p), (digits_q, tie_q) = _rounded(p, margin), _rounded(q, margin)
    decade_p = (p > low + margin) & (p < high - margin)
    below = q < low - 1  # printed with one more decimal than the larger one, and a unit away
    near = jnp.abs(apart - 0.5) <= _UNSURE
    return DifferentDigits(
        far=apart > 0.5,
        printed=below | (digits_p != digits_q),
        unsure=near | (~below & (tie_p | tie_q | ~decade_p | (q <= low + margin))),
    )


def different_decimals(larger: jax.Array, smaller: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Does the same for print with DECIMALS decimals."""
    p, q = larger * 10.0**DECIMALS, smaller * 10.0**DECIMALS
    margin = jnp.maximum(p, 1.0) * 2.0**-46
    (digits_p, tie_p), (digits_q, tie_q) = _rounded(p, margin), _rounded(q, margin)
    return digits_p != digits_q, tie_p | tie_q | (p > 2.0**40)


def _rounded(scaled: jax.Array, margin: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the nearest integer, and whether the next nearest one is about as near."""
    rounded = jnp.round(scaled)
    return rounded, jnp.abs(jnp.abs(scaled - rounded) - 0.5) <= margin
