"""Which entries of two matrices of gradients have to be looked at, found in one compiled read each.

Almost every entry of a long comparison is below the maxima that are known already, and breaks no
rule but those that cost little to decide. The screens decide these, and name the other entries,
which are left to NumPy. A matrix has a row for every entry; samples are columns, since XLA on a CPU
vectorises along them. Elementwise programs are fast there and reductions are not, so the screens
join GROUP rows in one integer, and NumPy reduces these integers.

The gradients are computed and stored first: in one program with the screens, XLA would fuse the two
and report 6e-8 where nothing differs. Compiled code may take subnormal numbers for 0, so samples
that have any are `unusual`, as those are that are not finite. Shape letters: E entries of one
sample, N samples, R = E / GROUP rounded up.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.differences.screened_rules import Entries, broken_rules

DTYPES = ("float32", "float64")
GROUP = 4  # rows of a matrix that one integer stands for

# The low bits of distances: two flags, a count of GROUP or less, and where distances begin.
BEATEN, UNUSUAL, SIGNED_ZERO, SHIFT = 1, 2, 2, 5
# The bits of rules: counts of GROUP or less, one bit for each of the rows, and one for all.
WIDTH, OPEN, HIGHER = 3, 24, 28


class Limits(NamedTuple):
    """What an entry has to exceed to be looked at, by row: [E, 1] float64 each."""

    max_abs: jax.Array
    max_rel: jax.Array
    smallest_rtol: jax.Array
    magnitude: jax.Array
    max_ulp: jax.Array


@functools.partial(jax.jit, static_argnames="parameters")
def screen(
    a: jax.Array, b: jax.Array, limits: jax.Array, *, parameters: int
) -> tuple[jax.Array, jax.Array]:
    """Screens a pair; has to be traced with x64.

    Args:
      a: [E, N], float32 or float64, parameters first.
      b: [E, N] of the same dtype.
      limits: those of `Limits`, [5, E, 1].
      parameters: how many rows the parameters have. Rules and distances are of parameters alone.

    Returns:
      distances: [R, N] unsigned, each the largest distance in ulp << SHIFT, or the largest number
        that fits; how many entries are zeros of opposite signs << SIGNED_ZERO; UNUSUAL where an
        entry is, and BEATEN where one exceeds the limit of its distance.
      rules: [R, N] uint32: how many entries break each of COUNTED, in WIDTH bits each, without
        those that are open, since a rule is too close to call; 1 << OPEN + i where entry i is
        open; and 1 << HIGHER where an entry exceeds another limit.
    """
    known = Limits(*limits)
    distance: Any = 0
    seen: Any = 0
    zeros: Any = 0
    counts: Any = 0
    higher: Any = False
    for i, (rows, is_new) in enumerate(_groups(a.shape[0])):
        p, q, its = a[rows], b[rows], Limits(*(limit[rows] for limit in known))
        is_parameter = np.arange(a.shape[0])[rows, None] < parameters
        apart, flags, signed_zeros = _distances(p, q, its.max_ulp)
        distance = jnp.maximum(distance, _where(is_parameter, apart))
        seen, zeros = seen | flags, zeros + _where(is_parameter & is_new, signed_zeros)
        broken, more = _rules(p, q, its, 1 << (OPEN + i))
        counts = counts + _where(is_parameter & is_new, broken)
        higher = higher | more
    most = np.iinfo(distance.dtype).max >> SHIFT
    distances = (jnp.minimum(distance, most) << SHIFT) | (zeros << SIGNED_ZERO) | seen
    return distances, counts | jnp.where(higher, np.uint32(1 << HIGHER), np.uint32(0))


@jax.jit
def screen_same(a: jax.Array, magnitude: jax.Array) -> jax.Array:
    """Screens two matrices of the same bits.

    Args:
      a: the matrix, [E, N].
      magnitude: that an entry has to exceed to be looked at, [E, 1].

    Returns:
      [R, N] uint8: BEATEN and UNUSUAL where they hold of any entry.
    """
    found: Any = 0
    for rows, _ in _groups(a.shape[0]):
        found = found | _flags(jnp.abs(a[rows]) > magnitude[rows].astype(a.dtype), a[rows])
    return found


def _groups(e: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields GROUP slices of R rows each, and which rows no slice before has had, [R, 1] bool."""
    r = -(-e // GROUP)
    for first in range(0, GROUP * r, r):
        start = min(first, e - r)
        yield slice(start, start + r), np.arange(start, start + r)[:, None] >= first


def first_rows(e: int) -> np.ndarray:
    """Returns where the groups of a matrix with e rows begin, [GROUP]: cell r has row first + r."""
    return np.array([rows.start for rows, _ in _groups(e)])


def _where(here: np.ndarray, values: jax.Array) -> jax.Array:
    """Returns the values, and 0 elsewhere."""
    return values if here.all() else jnp.where(here, values, np.zeros((), values.dtype))


def _distances(
    a: jax.Array, b: jax.Array, limit: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns distances in ulp, the flags that go with them, and which are of opposite zeros."""
    (p, sign_p), (q, sign_q) = _ordered(a), _ordered(b)
    signed = _larger(p, q) - _smaller(p, q)
    unsigned = np.dtype(f"u{signed.dtype}")
    distance = lax.bitcast_convert_type(signed, unsigned)  # which always holds it
    zeros = ((p == q) & (sign_p != sign_q)).astype(unsigned)
    return distance, _flags(distance > limit.astype(unsigned), a, b).astype(unsigned), zeros


def _flags(beaten: jax.Array | bool, a: jax.Array, *more: jax.Array) -> jax.Array:
    """Returns BEATEN and UNUSUAL where they hold."""
    unusual = functools.reduce(jnp.logical_or, map(_is_unusual, (a, *more)))
    zero = np.uint8(0)
    return jnp.where(beaten, np.uint8(BEATEN), zero) | jnp.where(unusual, np.uint8(UNUSUAL), zero)


def _rules(a: jax.Array, b: jax.Array, known: Limits, is_open: int) -> tuple[jax.Array, jax.Array]:
    """Returns the counts of COUNTED, or `is_open`, and whether a limit is exceeded."""
    x, y = a.astype(jnp.float64), b.astype(jnp.float64)
    size_a, size_b = jnp.abs(x), jnp.abs(y)
    hi, lo, distance = _larger(size_a, size_b), _smaller(size_a, size_b), jnp.abs(x - y)
    higher = (distance > known.max_abs) | (distance > known.max_rel * hi)
    higher |= (distance > known.smallest_rtol * size_b) | (hi > known.magnitude)

    opposite = _magnitude(a)[1] != _magnitude(b)[1]
    entries = Entries(distance, hi, lo, size_b, opposite)
    broken, unsure = broken_rules(entries, a.dtype.name)
    none = np.uint32(0)
    counts = [jnp.where(flag, np.uint32(1 << WIDTH * i), none) for i, flag in enumerate(broken)]
    found = jnp.where(unsure, np.uint32(is_open), functools.reduce(jnp.add, counts))
    return jnp.where(distance > 0, found, none), higher


def _larger(p: jax.Array, q: jax.Array) -> jax.Array:
    """Returns the larger one; `jnp.maximum` takes longer, since it keeps NaN."""
    return jnp.where(p > q, p, q)


def _smaller(p: jax.Array, q: jax.Array) -> jax.Array:
    return jnp.where(p < q, p, q)


def _is_unusual(values: jax.Array) -> jax.Array:
    """Whether numbers are not finite, or so small that they or their differences may be subnormal.

    It is read off bit patterns, since compiled arithmetic may take a subnormal number for 0.
    Float64 numbers of at least smallest_normal / eps are multiples of smallest_normal, and so are
    their differences. Those of float32 numbers are normal in float64.
    """
    info = jnp.finfo(values.dtype)
    least = info.smallest_normal / (info.eps if values.dtype == np.float64 else 1)
    steps, _ = _magnitude(values)
    whole = steps.dtype.type
    smallest, infinity = (np.asarray(v, values.dtype).view(whole).item() for v in (least, np.inf))
    unsigned = np.dtype(f"u{steps.dtype}")
    above = lax.bitcast_convert_type(steps - whole(smallest), unsigned)
    return (above >= unsigned.type(infinity - smallest)) & (steps != 0)


def _magnitude(values: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns how many numbers lie between 0 and each, and whether its sign is minus."""
    whole = np.dtype(f"int{jnp.finfo(values.dtype).bits}")
    bits = lax.bitcast_convert_type(values, whole)
    return bits & np.iinfo(whole).max, bits < 0


def _ordered(values: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns integers in the order of the numbers, and whether their signs are minus."""
    steps, negative = _magnitude(values)
    return jnp.where(negative, -steps, steps), negative
