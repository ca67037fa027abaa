"""Sums of 1 to 100,000 terms, in every library, dtype and order, against their bounds.

What is tried of single numbers is in `primitive_trial`. Here it is how errors grow with the number
of terms, and how well the reading `typical` tells their size.
"""

import math
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from compare.evidence.rounding import roundoff
from compare.selftest.primitive_trial import DTYPES
from compare.selftest.primitives.base import Array, Binary
from torch_ref.convert import to_tensor

SIZES = (1, 2, 3, 10, 100, 1000, 10_000, 100_000)
ORDINARY = 3  # typical errors that are expected at most, of ordinary terms
# From so many numbers on torch.sum adds up parts of them in several threads, and of bfloat16 and
# float16 it rounds the sum of each. That is another operation than one sum in float32.
_IN_THREADS = 32_768


class Sum(NamedTuple):
    """A function of two vectors of one length, in every library that has it."""

    by_jax: Binary
    terms: Binary  # of longdoubles, which add up to the truth
    by_numpy: Binary | None = None
    by_torch: Binary | None = None
    most: int = SIZES[-1]  # terms
    most_by_torch: int = SIZES[-1]  # of a dtype of 16 bits


class Tally(NamedTuple):
    """What came out for one function."""

    compared: int
    violations: int
    worst: float  # the largest error as a share of its worst bound
    typical: float  # the largest error of ordinary terms, in typical errors
    first: str = ""  # violation, in words


def _inside(a: Array) -> np.dtype:
    """Returns the dtype in which jnp.sum adds up, and NumPy and torch as they are asked."""
    return np.promote_types(a.dtype, np.float32)


def _into_one_place(a: Array, b: Array) -> Array:
    """Adds up all terms into the first of two places, by a scatter."""
    return jnp.zeros(2, a.dtype).at[jnp.zeros(len(a), np.int32)].add(a * b)[0]


SUMS: MappingProxyType[str, Sum] = MappingProxyType(
    {
        "reduce_sum": Sum(
            lambda a, b: jnp.sum(a),
            lambda a, b: a,
            by_numpy=lambda a, b: np.sum(a),
            by_torch=lambda a, b: torch.sum(a),
            most_by_torch=_IN_THREADS - 1,
        ),
        "reduce_sum, of columns": Sum(
            lambda a, b: jnp.sum(jnp.stack([a, b]), axis=1)[0],
            lambda a, b: a,
            by_numpy=lambda a, b: np.add.reduce(np.stack([a, b], 1), dtype=_inside(a))[0],
            by_torch=lambda a, b: torch.sum(torch.stack([a, b], 1), 0)[0],
        ),
        "dot_general": Sum(
            lambda a, b: jnp.dot(a, b),
            lambda a, b: a * b,
            by_numpy=lambda a, b: np.dot(a, b),
            by_torch=lambda a, b: torch.dot(a, b),
        ),
        "dot_general, of matrices": Sum(
            lambda a, b: (jnp.stack([a, b]) @ jnp.stack([b, a], 1))[0, 0],
            lambda a, b: a * b,
            by_numpy=lambda a, b: (np.stack([a, b]) @ np.stack([b, a], 1))[0, 0],
            by_torch=lambda a, b: (torch.stack([a, b]) @ torch.stack([b, a], 1))[0, 0],
        ),
        "cumsum": Sum(
            lambda a, b: jnp.cumsum(a)[-1],
            lambda a, b: a,
            by_numpy=lambda a, b: np.cumsum(a, dtype=a.dtype)[-1],
            by_torch=lambda a, b: torch.cumsum(a, 0)[-1],
        ),
        "scatter-add": Sum(_into_one_place, lambda a, b: a * b),
        "reduce_window_sum": Sum(
            lambda a, b: lax.reduce_window(
                a, np.zeros((), a.dtype), lax.add, a.shape, (1,), "VALID"
            )[0],
            lambda a, b: a,
            most=1000,
        ),
        "conv_general_dilated": Sum(
            lambda a, b: lax.conv(a[None, None], b[None, None], (1,), "VALID")[0, 0, 0],
            lambda a, b: a * b,
            by_torch=lambda a, b: torch.conv1d(a[None, None], b[None, None])[0, 0, 0],
            most=10_000,
        ),
        "scan": Sum(
            lambda a, b: lax.scan(lambda c, x: (c + x, None), np.zeros((), a.dtype), a)[0],
            lambda a, b: a,
            most=100,
        ),
    }
)

Draw = Callable[[np.random.Generator, int], np.ndarray]

# kind -> terms, and whether they are ordinary
KINDS: MappingProxyType[str, tuple[Draw, bool]] = MappingProxyType(
    {
        "normal": (lambda rng, n: rng.standard_normal(n), True),
        "of one sign": (lambda rng, n: rng.random(n), True),
        "all alike": (lambda rng, n: np.full(n, 0.1), False),
        "with an offset": (lambda rng, n: 100 + rng.standard_normal(n), True),
        "with an outlier": (
            lambda rng, n: np.where(np.arange(n) == n // 2, 1e3, rng.standard_normal(n)),
            True,
        ),
        "that cancel": (lambda rng, n: np.sort(rng.standard_normal(n)), True),
        "of all sizes": (lambda rng, n: rng.standard_normal(n) * 10 ** rng.uniform(-4, 4, n), True),
        "subnormal": (lambda rng, n: rng.standard_normal(n) * 1e-39, False),
    }
)


def try_sums(draws: int, *, seed: int) -> int:
    """Tries so many draws of every size and kind, prints what came out, and returns a status."""
    print("                            compared  error/worst  error/typical  violations")
    failed = 0
    for name in SUMS:
        tally = try_sum(name, draws, seed=seed)
        failed += tally.violations
        print(
            f"{name:27s} {tally.compared:8,} {tally.worst:12.3f} {tally.typical:14.2f} "
            f"{tally.violations:11,}  {tally.first}".rstrip(),
            flush=True,
        )
    print(f"\nviolations: {failed:,}")
    return 2 if failed else 0


def try_sum(name: str, draws: int, *, seed: int, sizes: tuple[int, ...] = ()) -> Tally:
    """Holds one function against its bounds."""
    one, total = SUMS[name], Tally(0, 0, 0.0, 0.0)
    for number, dtype in enumerate(DTYPES):
        rng = np.random.default_rng([seed, number, *name.encode()])
        with jax.enable_x64(dtype == np.float64), np.errstate(all="ignore"):
            compiled = jax.jit(one.by_jax)
            for n in (size for size in sizes or SIZES if size <= one.most):
                for kind, (draw, is_ordinary) in KINDS.items():
                    for _ in range(draws):
                        args = draw(rng, n).astype(dtype), draw(rng, n).astype(dtype)
                        where = f"{dtype.name}, {n:,} terms {kind}"
                        ordinary = is_ordinary and n > 1
                        total = _joined(total, _tried(one, compiled, args, where, ordinary))
    return total


def _tried(
    one: Sum, compiled: Callable[..., Array], args: tuple[Array, Array], where: str, ordinary: bool
) -> Tally:
    dtype = args[0].dtype
    value, bounds = roundoff(one.by_jax, dtype, reading="both")(*args)
    truth = _truth(one, args)
    slack = 2.0**-52 * abs(truth) if dtype != np.float64 else 0.0  # the value is a float64 number
    tally = Tally(0, 0, 0.0, 0.0)
    for library, found in (("value", value), *_computed(one, compiled, args)):
        error = abs(float(found) - truth)
        is_right = error <= bounds.worst + slack or math.isinf(bounds.worst)
        first = (
            "" if is_right else f"{library}, {where}: {found!r} of {truth!r} +- {bounds.worst!r}"
        )
        counts = math.isfinite(bounds.worst) and error > 0
        worst = float(error / (bounds.worst + slack)) if counts else 0.0
        typical = float(error / bounds.typical) if counts and ordinary else 0.0
        tally = _joined(tally, Tally(1, int(not is_right), worst, typical, first))
    return tally


def _truth(one: Sum, args: tuple[Array, Array]) -> float:
    """Returns the sum, rounded once: terms are long doubles, which two float64 numbers make up."""
    wide = (arg.astype(np.float64).astype(np.longdouble) for arg in args)
    terms = np.asarray(one.terms(*wide))
    high = terms.astype(np.float64)
    return math.fsum((*high, *(terms - high).astype(np.float64)))


def _computed(
    one: Sum, compiled: Callable[..., Array], args: tuple[Array, Array]
) -> Iterator[tuple[str, float]]:
    yield "jit", float(compiled(*map(jnp.asarray, args)))
    if one.by_numpy is not None and args[0].dtype.name != "bfloat16":
        yield "numpy", float(one.by_numpy(*args))
    is_left_out = args[0].dtype.itemsize == 2 and len(args[0]) > one.most_by_torch
    if one.by_torch is not None and not is_left_out:
        yield "torch", float(one.by_torch(*map(to_tensor, args)))


def _joined(a: Tally, b: Tally) -> Tally:
    return Tally(
        a.compared + b.compared,
        a.violations + b.violations,
        max(a.worst, b.worst),
        max(a.typical, b.typical),
        a.first or b.first,
    )
