"""Which rules the two numbers of an entry break, in compiled code, and where it cannot tell.

Shape letters: R rows, N samples.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from compare.evidence.differences import allclose, digits
from compare.evidence.differences.allclose import AllcloseRule
from compare.evidence.differences.digits import DECIMALS, PRINTED_ZERO, SIGNIFICANT

COUNTED = (*allclose.RULES, *digits.RULES)

_TO_INTEGER = 1.5 * 2**52  # a float64 under 2^51 plus this is rounded to an integer, ties to even
_MARGIN = 2.0**-49  # for a few roundings of 2^-53, as a part of the number
# A number from 1e-59 to 1e39 is given SIGNIFICANT digits before the point: what has more is
# multiplied by _DOWN, then by each factor while it is below the limit.
_DOWN = 1e-34
_SCALING = ((1e-27, 1e32), (1e-11, 1e16), (1e-3, 1e8), (1e1, 1e4), (1e3, 1e2), (1e4, 1e1))
_LOW, _HIGH = 10.0 ** (SIGNIFICANT - 1), 10.0**SIGNIFICANT
_SCALED_MARGIN = 2.0**-48  # for fewer than 20 roundings of 2^-53


class Entries(NamedTuple):
    """Entries of a pair: [R, N] each."""

    distance: jax.Array  # |a - b|, float64 as those below
    larger: jax.Array  # of |a| and |b|
    smaller: jax.Array  # of the two
    size_b: jax.Array  # |b|
    opposite: jax.Array  # bool, whether their signs differ


def broken_rules(of: Entries, dtype: str) -> tuple[list[jax.Array], jax.Array]:
    """Returns which entries break each of COUNTED, and for which a rule is too close to call.

    Args:
      of: entries of numbers that are finite and not subnormal.
      dtype: of the numbers, float32 or float64.

    Returns:
      flags: [R, N] bool for each rule, right wherever a and b differ and it is not unsure.
      unsure: [R, N] bool.
    """
    flags: list[jax.Array] = []
    unsure = of.opposite & (of.larger <= 2 * PRINTED_ZERO)  # both may be 0 in print
    for by_dtype in allclose.RULES.values():
        flag, is_close = _breaks(by_dtype[dtype], of.distance, of.size_b)
        flags, unsure = [*flags, flag], unsure | is_close
    numeric, text, is_close = _significant_differ(of)
    tens = 10.0**DECIMALS
    margin = 0.0 if dtype == "float32" else _MARGIN  # 24 bits times 10^7 are exact
    decimals, is_tie = _prints_differ(of.larger * tens, of.smaller * tens, margin)
    differ = {
        "significant_5_numeric": numeric,
        "significant_5_text": text | of.opposite,
        "decimals_7_numeric": ~digits.within_decimals(of.distance, DECIMALS),
        "decimals_7_text": decimals | of.opposite,
    }
    flags += [differ[rule] for rule in digits.RULES]
    return flags, unsure | is_close | (is_tie & ~of.opposite)


def _breaks(
    rule: AllcloseRule, distance: jax.Array, size_b: jax.Array
) -> tuple[jax.Array, jax.Array | bool]:
    """Whether entries break a rule of another tool, and whether it is unsure.

    Compiled code may round the product and the sum at once, where NumPy rounds each.
    """
    if not rule.atol:
        return distance > rule.rtol * size_b, False
    allowed = rule.atol + rule.rtol * size_b
    surely = distance > allowed * (1 + _MARGIN)
    return surely, (distance > allowed * (1 - _MARGIN)) & ~surely


def _significant_differ(of: Entries) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Whether entries differ in SIGNIFICANT digits, by value and in print, and what is unsure."""
    scale = jnp.where(of.larger >= _HIGH, _DOWN, 1.0)
    p = of.larger * scale
    for limit, factor in _SCALING:
        below = p < limit
        p, scale = jnp.where(below, p * factor, p), jnp.where(below, scale * factor, scale)
    q, apart = of.smaller * scale, of.distance * scale
    less, more = 1 - _SCALED_MARGIN, 1 + _SCALED_MARGIN
    numeric, carried = apart > 0.5 * more, q >= _LOW - 0.1
    unsure = (apart > 0.5 * less) & ~numeric
    # p is sure to be in its decade; q may be in the one below, and rounded up to that of p
    unsure |= (p < _LOW * more) | (p > _HIGH * less) | (carried & (q < _LOW * more))
    text, is_close = _prints_differ(p, q, _SCALED_MARGIN)
    return numeric, text | ~carried, unsure | is_close


def _prints_differ(
    larger: jax.Array, smaller: jax.Array, margin: float
) -> tuple[jax.Array, jax.Array | bool]:
    """Whether two numbers from 0 to 2^51 round to different integers, and whether it is unsure.

    The margin is a factor: compiled code may add _TO_INTEGER and another constant to each other.
    """
    if not margin:
        return larger + _TO_INTEGER > smaller + _TO_INTEGER, False
    less, more = 1 - margin, 1 + margin
    surely = larger * less + _TO_INTEGER > smaller * more + _TO_INTEGER
    maybe = larger * more + _TO_INTEGER > smaller * less + _TO_INTEGER
    return surely, maybe & ~surely
