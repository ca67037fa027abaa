"""What differs between two sets of gradients, sample by sample, measured in one compiled pass.

A set is one matrix whose rows are entries; the sample axis is last, since XLA on a CPU vectorises
along it. Everything is computed from stored numbers, apart from what computed them: in one program
XLA would fuse the two, and 6e-8 would be reported where nothing differs. Entries that are subnormal
or not finite, which compiled code may flush, are only counted, as `unusual`; `metrics`, in NumPy,
is for these and for other dtypes. Shape letters: E entries of one sample, N samples, Q quantities.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.differences import digits, peers
from compare.evidence.differences.digits import (
    DECIMALS,
    SIGNIFICANT,
    within_decimals,
    within_significant,
)
from compare.evidence.differences.metrics import relative_distance

Array = Any  # a jax.Array under a trace, else numpy.ndarray

DTYPES = ("float32", "float64")
MOST_ENTRIES = 2**21  # of a sample: counts share the bits of an integer
_COUNTS = 63 // 21  # in an int64

# Each is right to 2^-43: a binary exponent is a decimal one to 2^-52 of at most 324, and e^x more.
_UNSURE = 2.0**-40
_POWERS = np.array([float(f"1e{min(p, 308)}") for p in range(-310, 329)])  # of ten


class Rows(NamedTuple):
    """Which rows of a matrix [E, N] are one quantity; hashable, so static under `jit`."""

    name: str
    start: int
    stop: int


class Measures(NamedTuple):
    """Of a pair: per sample, [N], or per quantity and sample, [Q, N]."""

    max_abs: Array  # [Q, N]
    max_rel: Array  # [Q, N]
    max_ulp: Array  # [Q, N]
    magnitude: Array  # [Q, N] max(|a|, |b|)
    smallest_rtol: Array  # [N] max |a - b| / |b|, and so on of parameters alone
    far: tuple[Array, ...]  # [N] entries that do not agree, in the order of digits.RULES
    breaking: tuple[Array, ...]  # [N] entries, in the order of peers.RULES
    unsure: Array  # [N] entries whose printed digits are too close to call
    unusual: Array  # [N] entries that are subnormal or not finite, in a or b, of all quantities


@functools.partial(jax.jit, static_argnames=("rows", "parameters"))
def measure(a: jax.Array, b: jax.Array, *, rows: tuple[Rows, ...], parameters: int) -> Measures:
    """Measures [E, N] against [E, N], both float32 or both float64; to be traced with x64.

    Maxima are those of `metrics` and counts those of `digits` and `peers`, for samples in which
    nothing is unusual.

    Args:
      a: parameters first.
      b: parameters first.
      rows: of every quantity.
      parameters: how many rows they take.
    """
    wide_a, wide_b = a.astype(jnp.float64), b.astype(jnp.float64)
    larger = jnp.maximum(jnp.abs(wide_a), jnp.abs(wide_b))
    distance = jnp.abs(wide_a - wide_b)
    steps_a, _, unusual_a = _ordered(a)
    steps_b, _, unusual_b = _ordered(b)
    (unusual,) = _count(unusual_a | unusual_b)
    counts = _count_parameters(a[:parameters], b[:parameters])
    return Measures(
        max_abs=_largest(jnp.minimum(distance, np.finfo(np.float64).max), rows),
        max_rel=_largest(relative_distance(jnp, wide_a, wide_b, larger), rows),
        max_ulp=_largest(_apart(steps_a, steps_b), rows),
        magnitude=_largest(larger, rows),
        unusual=unusual,
        **counts,
    )


@functools.partial(jax.jit, static_argnames=("rows", "parameters"))
def measure_same(a: jax.Array, *, rows: tuple[Rows, ...], parameters: int) -> Measures:
    """Measures [E, N] against the same bits."""
    del parameters
    n = a.shape[1]
    zeros, none = jnp.zeros((len(rows), n)), jnp.zeros(n, jnp.int64)
    (unusual,) = _count(_ordered(a)[2])
    return Measures(
        max_abs=zeros,
        max_rel=zeros,
        max_ulp=zeros.astype(jnp.uint64),
        magnitude=_largest(jnp.abs(a), rows).astype(jnp.float64),
        smallest_rtol=zeros[0],
        far=(none,) * len(digits.RULES),
        breaking=(none,) * len(peers.RULES),
        unsure=none,
        unusual=unusual,
    )


def _largest(values: jax.Array, rows: tuple[Rows, ...]) -> jax.Array:
    """Returns [Q, N]."""
    return jnp.stack([jnp.max(values[one.start : one.stop], axis=0) for one in rows])


def _count_parameters(a: jax.Array, b: jax.Array) -> dict[str, Any]:
    """Counts what breaks rules in [E, N], by field of Measures."""
    wide_a, wide_b = a.astype(jnp.float64), b.astype(jnp.float64)
    size_a, size_b = jnp.abs(wide_a), jnp.abs(wide_b)
    larger, smaller = jnp.maximum(size_a, size_b), jnp.minimum(size_a, size_b)
    distance = jnp.abs(wide_a - wide_b)
    (steps_a, negative_a, _), (steps_b, negative_b, _) = _ordered(a), _ordered(b)
    apart, opposite = steps_a != steps_b, negative_a != negative_b
    significant, unsure_significant = _different_significant_text(larger, smaller)
    decimals, unsure_decimals = _different_decimals_text(larger, smaller)
    tolerances = [by_dtype[a.dtype.name] for by_dtype in peers.RULES.values()]
    # XLA computes every sum of _count by itself: what is costly, print, belongs into one.
    text_5, text_7, unsure, far_5, far_7, *breaking = _count(
        opposite | (apart & significant),
        opposite | (apart & decimals),
        apart & ~opposite & (unsure_significant | unsure_decimals),
        ~within_significant(distance, larger, SIGNIFICANT),
        ~within_decimals(distance, DECIMALS),
        *(distance > t.atol + t.rtol * size_b for t in tolerances),
    )
    return {
        "smallest_rtol": jnp.max(jnp.where(apart, distance / size_b, 0.0), axis=0),
        "far": (far_5, text_5, far_7, text_7),
        "breaking": tuple(breaking),
        "unsure": unsure,
    }


def _count(*flags: jax.Array) -> tuple[jax.Array, ...]:
    """Counts several flags [E, N] over entries: [N] each, int64, with one sum for _COUNTS."""
    counts: list[jax.Array] = []
    width = 63 // _COUNTS
    for first in range(0, len(flags), _COUNTS):
        some = flags[first : first + _COUNTS]
        packed = sum(flag.astype(jnp.int64) << (width * i) for i, flag in enumerate(some))
        summed = jnp.sum(packed, axis=0)
        counts += [(summed >> (width * i)) & (2**width - 1) for i in range(len(some))]
    return tuple(counts)


def _ordered(values: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns integers ordered as the numbers are, the sign bits, and what is unusual.

    Read off bit patterns, since compiled arithmetic may take a subnormal number for 0.
    """
    info = jnp.finfo(values.dtype)
    whole = np.dtype(f"int{info.bits}").type
    bits = lax.bitcast_convert_type(values, whole)
    steps = bits & np.iinfo(whole).max
    smallest, infinity = (
        np.asarray(v, values.dtype).view(whole).item() for v in (info.smallest_normal, np.inf)
    )
    unusual = (steps >= infinity) | ((steps < smallest) & (steps != 0))
    return jnp.where(bits < 0, -steps, steps), bits < 0, unusual


def _apart(steps_a: jax.Array, steps_b: jax.Array) -> jax.Array:
    """Returns the distance of ordered integers, unsigned, which it always fits."""
    distance = jnp.maximum(steps_a, steps_b) - jnp.minimum(steps_a, steps_b)
    return lax.bitcast_convert_type(distance, np.dtype(f"u{distance.dtype}").type)


def _different_significant_text(
    larger: jax.Array, smaller: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Whether sizes differ in print with SIGNIFICANT digits, and where that is too close to call.

    Both are scaled by the power of ten that brings the larger one to [10^(digits-1), 10^digits).
    """
    low, high = 10.0 ** (SIGNIFICANT - 1), 10.0**SIGNIFICANT
    binary = (lax.bitcast_convert_type(larger, jnp.int64) >> 52) - 1023
    decimal = (binary * 1233) >> 12  # floor(log10(2^binary)), or one less
    power = jnp.asarray(_POWERS).at[SIGNIFICANT - 1 - decimal + 310].get(mode="promise_in_bounds")
    scaled = larger * power
    tenth = jnp.where(scaled >= high, 0.1, 1.0)
    p, q = scaled * tenth, smaller * power * tenth
    margin = p * _UNSURE
    (digits_p, tie_p), (digits_q, tie_q) = _rounded(p, margin), _rounded(q, margin)
    in_decade = (p > low + margin) & (p < high - margin) & (q > low + margin)
    far = q < low - 1  # which has one digit more after the same last place
    return far | (digits_p != digits_q), ~far & (tie_p | tie_q | ~in_decade)


def _different_decimals_text(larger: jax.Array, smaller: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same for print with DECIMALS decimals."""
    p, q = larger * 10.0**DECIMALS, smaller * 10.0**DECIMALS
    margin = jnp.maximum(p, 1.0) * 2.0**-46
    (digits_p, tie_p), (digits_q, tie_q) = _rounded(p, margin), _rounded(q, margin)
    return digits_p != digits_q, tie_p | tie_q | (p > 2.0**40)


def _rounded(scaled: jax.Array, margin: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the nearest integer, and whether the next one is about as near."""
    rounded = jnp.round(scaled)
    return rounded, jnp.abs(jnp.abs(scaled - rounded) - 0.5) <= margin
