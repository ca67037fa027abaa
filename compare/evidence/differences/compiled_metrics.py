"""What differs between two sets of gradients, sample by sample, measured in one compiled pass.

A set is one matrix whose rows are entries; the sample axis is last, since XLA on a CPU vectorises
along it. The gradients are computed and stored first: in one program with the measures, XLA would
fuse the two and report 6e-8 where nothing differs. Entries that are not finite, or so small that
they or their differences are subnormal, which compiled code may flush, are only counted, as
`unusual`; `metrics`, in NumPy, is for these and for other dtypes. Shape letters: E entries of one
sample, N samples, Q quantities.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.differences import allclose, digits
from compare.evidence.differences.compiled_digits import different_decimals, different_significant
from compare.evidence.differences.digits import DECIMALS, PRINTED_ZERO, within_decimals
from compare.evidence.differences.metrics import relative_distance

Array = Any  # a jax.Array under a trace, else numpy.ndarray

DTYPES = ("float32", "float64")
MOST_ENTRIES = 2**21  # of a sample, so that several counts fit into one integer
_COUNTS = 63 // 21  # as many as fit into an int64


class Rows(NamedTuple):
    """The rows of one quantity in a matrix [E, N]; hashable, so static under `jit`."""

    name: str
    start: int
    stop: int


class Measures(NamedTuple):
    """The measures of a pair: per sample, [N], or per quantity and sample, [Q, N]."""

    max_abs: Array  # [Q, N]
    max_rel: Array  # [Q, N]
    max_ulp: Array  # [Q, N]
    magnitude: Array  # [Q, N] max(|a|, |b|)
    smallest_rtol: Array  # [N] max |a - b| / |b|; this and what follows are of parameters alone
    far: tuple[Array, ...]  # [N] each: how many entries do not agree, by digits.RULES in order
    breaking: tuple[Array, ...]  # [N] each: how many entries break allclose.RULES, in order
    signed_zeros: tuple[Array, ...]  # [N] each: how many there are, by digits.SIGNED_ZEROS in order
    unsure: Array  # [N] how many entries have digits that are too close to call
    unusual: Array  # [N] how many entries of all quantities are tiny or not finite in a or b


@functools.partial(jax.jit, static_argnames=("rows", "parameters"))
def measure(a: jax.Array, b: jax.Array, *, rows: tuple[Rows, ...], parameters: int) -> Measures:
    """Compares two matrices; has to be traced with x64.

    Maxima are those of `metrics` and counts those of `digits` and `allclose`, in samples where
    nothing is unusual.

    Args:
      a: [E, N], float32 or float64, parameters first.
      b: [E, N] of the same dtype.
      rows: the rows of every quantity.
      parameters: how many rows the parameters have.
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
    """Does the same for two matrices of the same bits, [E, N]."""
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
        breaking=(none,) * len(allclose.RULES),
        signed_zeros=(none,) * len(digits.SIGNED_ZEROS),
        unsure=none,
        unusual=unusual,
    )


def _largest(values: jax.Array, rows: tuple[Rows, ...]) -> jax.Array:
    """Returns the largest value of every quantity, [Q, N]."""
    return jnp.stack([jnp.max(values[one.start : one.stop], axis=0) for one in rows])


def _count_parameters(a: jax.Array, b: jax.Array) -> dict[str, Any]:
    """Counts the entries of parameters, [E, N], that break rules; by field of Measures."""
    wide_a, wide_b = a.astype(jnp.float64), b.astype(jnp.float64)
    size_a, size_b = jnp.abs(wide_a), jnp.abs(wide_b)
    larger, smaller = jnp.maximum(size_a, size_b), jnp.minimum(size_a, size_b)
    distance = jnp.abs(wide_a - wide_b)
    (steps_a, negative_a, _), (steps_b, negative_b, _) = _ordered(a), _ordered(b)
    apart, opposite = steps_a != steps_b, negative_a != negative_b
    significant = different_significant(larger, smaller, distance)
    decimals, unsure_decimals = different_decimals(larger, smaller)
    tolerances = [by_dtype[a.dtype.name] for by_dtype in allclose.RULES.values()]
    # XLA computes every sum of _count on its own: digits, which are costly, have to be in one.
    text_5, far_5, unsure, text_7, far_7, zeros_5, zeros_7, *breaking = _count(
        apart & (opposite | significant.printed),
        apart & (opposite | significant.far),
        apart & ~opposite & (significant.unsure | unsure_decimals),
        jnp.where(opposite, larger > PRINTED_ZERO, apart & decimals),
        ~within_decimals(distance, DECIMALS),
        opposite & (larger == 0),
        opposite & (larger <= PRINTED_ZERO),
        *(distance > t.atol + t.rtol * size_b for t in tolerances),
    )
    return {
        "smallest_rtol": jnp.max(jnp.where(apart, distance / size_b, 0.0), axis=0),
        "far": (far_5, text_5, far_7, text_7),
        "breaking": tuple(breaking),
        "signed_zeros": (zeros_5, zeros_7),
        "unsure": unsure,
    }


def _count(*flags: jax.Array) -> tuple[jax.Array, ...]:
    """Counts flags [E, N] over entries: [N] int64 each, _COUNTS of them by one sum."""
    counts: list[jax.Array] = []
    width = 63 // _COUNTS
    for first in range(0, len(flags), _COUNTS):
        some = flags[first : first + _COUNTS]
        packed = sum(flag.astype(jnp.int64) << (width * i) for i, flag in enumerate(some))
        summed = jnp.sum(packed, axis=0)
        counts += [(summed >> (width * i)) & (2**width - 1) for i in range(len(some))]
    return tuple(counts)


def _ordered(values: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns integers in the order of the numbers, the sign bits, and which numbers are unusual.

    All are read off bit patterns, since compiled arithmetic may take a subnormal number for 0.
    Float64 numbers of at least smallest_normal / eps are multiples of smallest_normal, and so are
    their differences. Those of float32 numbers are normal in float64.
    """
    info = jnp.finfo(values.dtype)
    least = info.smallest_normal / (info.eps if values.dtype == np.float64 else 1)
    whole = np.dtype(f"int{info.bits}").type
    bits = lax.bitcast_convert_type(values, whole)
    steps = bits & np.iinfo(whole).max
    smallest, infinity = (np.asarray(v, values.dtype).view(whole).item() for v in (least, np.inf))
    unusual = (steps >= infinity) | ((steps < smallest) & (steps != 0))
    return jnp.where(bits < 0, -steps, steps), bits < 0, unusual


def _apart(steps_a: jax.Array, steps_b: jax.Array) -> jax.Array:
    """Returns the distance of ordered integers as an unsigned one, which always holds it."""
    distance = jnp.maximum(steps_a, steps_b) - jnp.minimum(steps_a, steps_b)
    return lax.bitcast_convert_type(distance, np.dtype(f"u{distance.dtype}").type)
