"""Every primitive of `roundoff` against the truth, in every library, dtype and scale."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import mpmath
import numpy as np

from compare.errors import UsageError
from compare.evidence.rounding import roundoff
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.selftest.primitives import PRIMITIVES
from compare.selftest.primitives.base import Primitive
from torch_ref.convert import to_tensor

DTYPES = tuple(map(np.dtype, (np.float64, np.float32, ml_dtypes.bfloat16, np.float16)))
SCALES = 6
_DIGITS = 40  # in which mpmath works
_BLOCK = 288  # a multiple of it has every shape, and as many numbers of each scale
_LEAST = -1074  # the power of two that is the smallest float64 number


class Arguments(NamedTuple):
    """A primitive is computed of (x p, y q), all of one dtype; half of all p and q are 1."""

    x: np.ndarray
    p: np.ndarray
    y: np.ndarray
    q: np.ndarray


class Tally(NamedTuple):
    """What came out for a primitive."""

    entries: int
    compared: int  # in all libraries together
    unbounded: int  # entries of which nothing is said: their bound is infinite
    violations: int
    largest: float  # error / bound, where the bound is less than half of the truth
    first: str = ""  # violation, in words


def try_primitives(entries: int, *, seed: int) -> int:
    """Tries so many entries of every primitive, prints what came out, and returns a status."""
    print("                                  entries  compared no bound   largest  violations")
    failed = 0
    for name in PRIMITIVES:
        tally = try_primitive(name, entries, seed=seed)
        failed += tally.violations
        print(
            f"{name:31s} {tally.entries:9,} {tally.compared:9,} "
            f"{tally.unbounded / tally.entries:7.1%} {tally.largest:9.3f}  {tally.violations:10,}"
            f"  {tally.first}".rstrip(),
            flush=True,
        )
    print(f"\nviolations: {failed:,}")
    return 2 if failed else 0


def try_primitive(name: str, entries: int, *, seed: int) -> Tally:
    """Holds what libraries compute against the truth, and the difference against the bound.

    Raises:
      UsageError: where long doubles are no longer than doubles.
    """
    require_long_doubles("primitives")
    primitive, total = PRIMITIVES[name], Tally(0, 0, 0, 0, 0.0)
    for number, dtype in enumerate(DTYPES):
        rng = np.random.default_rng([seed, number, *name.encode()])
        args = draw(rng, entries * primitive.numbers // len(DTYPES), dtype, primitive)
        with jax.enable_x64(dtype == np.float64), np.errstate(all="ignore"):
            total = _joined(total, _tried(primitive, args, dtype))
    return total


def require_long_doubles(option: str) -> None:
    """Raises a UsageError where long doubles are no longer than doubles."""
    if np.finfo(np.longdouble).nmant < 63:
        raise UsageError(
            f"{option}: expected long doubles of 64 bits, as on x86, to hold results against; "
            "this machine has none"
        )


def draw(rng: np.random.Generator, n: int, dtype: np.dtype, primitive: Primitive) -> Arguments:
    """Draws about n numbers of six scales each, from subnormal to the largest, and special ones."""
    info = ml_dtypes.finfo(dtype)
    least, most = int(info.minexp), int(info.maxexp)
    edges = np.array([least - info.nmant, least, least / 2, -4, 4, most / 2, most])
    n = -(-n // _BLOCK) * _BLOCK
    scale = np.repeat(np.arange(SCALES), n // SCALES)

    def numbers(scale: np.ndarray) -> np.ndarray:
        low, high = edges[scale], edges[scale + 1]
        exponents = low + (high - low) * rng.random(n)
        return rng.choice([-1, 1], n) * np.exp2(exponents)

    other = np.where(rng.random(n) < 0.5, scale, rng.integers(0, SCALES, n))
    x, y = numbers(scale), numbers(other)
    if primitive.span is not None:
        low, high = (limit * math.log(float(info.max)) for limit in primitive.span)
        x = np.where(rng.random(n) < 0.5, rng.uniform(low, high, n), x)
    if primitive.places:
        place = rng.choice(primitive.places, n)
        apart = rng.choice([-1, 1], n) * np.exp2(rng.uniform(-float(info.nmant) - 1, 3, n))
        x = np.where(rng.random(n) < 0.3, place + apart * np.maximum(np.abs(place), 0.25), x)
    if primitive.pairs is not None:
        drawn = rng.random(n) < 0.5
        x, y = (
            np.where(drawn, *pair)
            for pair in zip(primitive.pairs(rng, n, info), (x, y), strict=True)
        )
    special = [float(f) for f in (info.max, info.smallest_normal, info.smallest_subnormal)]
    special += [0.0, 1.0, 2.0, 0.5, 1 + float(info.eps), 1 - float(info.eps) / 2, np.inf, np.nan]
    for values in (x, y):
        places = rng.random(n) < 0.05
        values[places] = rng.choice([-1, 1], places.sum()) * rng.choice(special, places.sum())
    with np.errstate(all="ignore"):
        x, y = x.astype(dtype), y.astype(dtype)
        p, q = (_factors(rng, values) for values in (x, y))
        product, kind = x * p, rng.random(n)
        half = np.abs(product.astype(np.float64)) * float(info.eps) / 2
        halves = (rng.choice([-1, 1], n) * half).astype(dtype)  # ties of rounding, or near them
        y = np.where(kind < 0.15, halves, y)
        y = np.where(kind < 0.1, product, y)  # ties of comparisons
        q = np.where(kind < 0.15, 1, q)
    return Arguments(*(v.astype(dtype).reshape(primitive.shape) for v in (x, p, y, q)))


def _factors(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Returns 1 for half of all values, and for those whose product float64 may not have."""
    kept = (rng.random(len(values)) < 0.5) | (np.abs(values) < 2.0 ** (_LEAST + 60))
    return np.where(kept, 1.0, np.exp2(rng.uniform(-3, 3, len(values)))).astype(values.dtype)


def _tried(primitive: Primitive, args: Arguments, dtype: np.dtype) -> Tally:
    def by_jax(x: jax.Array, p: jax.Array, y: jax.Array, q: jax.Array) -> jax.Array:
        return primitive.by_jax(x * p, y * q)

    _, bound = roundoff(by_jax, dtype)(*args)
    truth, rest = _truth(primitive, args, dtype)
    # The truth has errors. Values and bounds are float64 numbers: these end at 2^-1074, and what is
    # said of a flushed result, that it is |value| off, holds of the value in float64.
    allowed = bound * (1 + 2.0**-62 / plain_arithmetic(dtype).u) + 2.0 ** (_LEAST + 1)
    if dtype != np.float64:
        allowed = allowed + 2.0**-51 * np.abs(truth)  # of some operations
    tally = Tally(bound.size, 0, int(np.count_nonzero(np.isinf(bound))), 0, 0.0)
    for library, computed in _computed(primitive, by_jax, args, dtype):
        found = computed.astype(np.float64)
        error = np.abs((found.astype(np.longdouble) - truth) - rest)
        right = (error <= allowed) | np.isinf(bound) | (found == truth)
        right |= np.isnan(found) & np.isnan(truth)
        ratio = np.where((error > 0) & (bound < np.abs(truth) / 2), error / allowed, 0)
        first = "" if right.all() else _worded(library, dtype, args, found, truth, bound, ~right)
        wrong, largest = int(np.count_nonzero(~right)), float(np.max(ratio))
        tally = _joined(tally, Tally(0, found.size, 0, wrong, largest, first))
    return tally


def _truth(primitive: Primitive, args: Arguments, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Returns two numbers each, the sum of which is the truth, to a 2^-62 of what is rounded.

    Long doubles round by 2^-64 what `roundoff` bounds by u or more, and their functions are within
    2 ulp, or 2^-62. All arithmetic is that of long doubles; functions of float64 are mpmath's.
    """
    if dtype != np.float64 or primitive.exactly is None:
        x, p, y, q = (values.astype(np.float64).astype(np.longdouble) for values in args)
        truth = np.asarray(primitive.truth(x * p, y * q), np.longdouble)
        return truth, np.zeros(truth.shape, np.longdouble)
    with mpmath.workdps(_DIGITS):
        lists = (one.ravel().tolist() for one in args)
        rows = (map(mpmath.mpf, row) for row in zip(*lists, strict=True))
        pairs = [exactly(primitive, x * p, y * q) for x, p, y, q in rows]
    truth, rest = np.array(pairs, np.longdouble).T
    return truth, rest


def exactly(primitive: Primitive, a: Any, b: Any) -> tuple[float, float]:
    """Returns the value of mpmath as the sum of two float64 numbers."""
    assert primitive.exactly is not None
    try:
        value = primitive.exactly(a, b)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan, 0.0
    if not isinstance(value, mpmath.mpf) or mpmath.isnan(value):  # complex left of 0
        return math.nan, 0.0
    nearest = float(value)
    return nearest, float(value - nearest) if math.isfinite(nearest) else 0.0


def _computed(
    primitive: Primitive, by_jax: object, args: Arguments, dtype: np.dtype
) -> Iterator[tuple[str, np.ndarray]]:
    """Yields what each library computes."""
    given = tuple(map(jnp.asarray, args))
    yield "jit", np.asarray(jax.jit(by_jax)(*given))  # type: ignore[call-overload]
    yield "eager", np.asarray(by_jax(*given))  # type: ignore[operator]
    if primitive.by_numpy is not None and dtype.name != "bfloat16":
        yield "numpy", primitive.by_numpy(args.x * args.p, args.y * args.q)
    if primitive.by_torch is not None:
        x, p, y, q = map(to_tensor, args)
        yield "torch", primitive.by_torch(x * p, y * q).double().numpy()


def _worded(
    library: str,
    dtype: np.dtype,
    args: Arguments,
    found: np.ndarray,
    truth: np.ndarray,
    bound: np.ndarray,
    wrong: np.ndarray,
) -> str:
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    numbers = [float(values[place]) for values in args] if wrong.shape == args.x.shape else []
    at = f" of (x, p, y, q) = {numbers}" if numbers else f" at {list(place)}"
    return (
        f"{library} {dtype.name}{at}: {float(found[place])!r} is more than {float(bound[place])!r} "
        f"from {float(truth[place])!r}"
    )


def _joined(a: Tally, b: Tally) -> Tally:
    return Tally(
        a.entries + b.entries,
        a.compared + b.compared,
        a.unbounded + b.unbounded,
        a.violations + b.violations,
        max(a.largest, b.largest),
        a.first or b.first,
    )
