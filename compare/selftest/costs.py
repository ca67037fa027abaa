"""What mathematical functions cost in each library: the largest errors in ulps of the result."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import ml_dtypes
import mpmath
import numpy as np

from compare.evidence.rounding.primitives.costs import COSTS, Range, cost_of
from compare.selftest.primitive_trial import DTYPES, exactly, require_long_doubles
from compare.selftest.primitives.base import Array, Primitive
from compare.selftest.primitives.functions import FUNCTIONS
from torch_ref.convert import to_tensor

LIBRARIES = ("XLA", "torch", "NumPy")
_SAMPLED = 50  # of so many float64 arguments, one where only mpmath knows the truth
Arguments = tuple[Array, ...]  # one array, or two of the same shape


class Largest(NamedTuple):
    """The largest error of a function in one library and dtype."""

    ulps: float  # distances of two numbers of the dtype, next to the truth
    at: tuple[float, ...]  # the arguments
    share: float  # of the cost, at most; arguments where that is infinite have none
    infinite: tuple[float, ...] = ()  # arguments where the result is not finite and the truth is


def try_costs(arguments: int, *, seed: int) -> int:
    """Tries so many arguments of every function, prints the largest errors, returns a status."""
    require_long_doubles("costs")
    print(f"{'ulps, and where':20s}" + "".join(f"{one:28s}" for one in LIBRARIES) + "of the cost")
    exceeded = 0
    for name in COSTS:
        for dtype in DTYPES:
            found = measure(name, dtype, arguments, seed=seed)
            share = max(one.share for one in found.values())
            exceeded += share > 1
            cells = "".join(f"{_worded(found.get(one)):28s}" for one in LIBRARIES)
            print(f"{name:10s}{dtype.name:10s}{cells}{share:.2f}", flush=True)
            for library, one in found.items():
                if one.infinite:
                    print(f"{'':20s}{library} is infinite at {_numbers(one.infinite)}")
    print(f"\nmore than the cost: {exceeded}")
    return 2 if exceeded else 0


def measure(name: str, dtype: np.dtype, arguments: int, *, seed: int) -> dict[str, Largest]:
    """Returns the largest error in each library that has the function and the dtype.

    Results that are subnormal or nearly so may be flushed, and are left out. So are those of
    subnormal arguments, which may be read as 0.
    """
    primitive, info = FUNCTIONS[name], ml_dtypes.finfo(dtype)
    rng = np.random.default_rng([seed, DTYPES.index(dtype), *name.encode()])
    with jax.enable_x64(dtype == np.float64), np.errstate(all="ignore"):
        args, truth = _truth(primitive, draw(rng, primitive, dtype, arguments))
        kept = (np.abs(truth) > 4 * float(info.smallest_normal)) & (np.abs(truth) < float(info.max))
        for one in args:
            kept &= np.abs(one.astype(np.float64)) >= float(info.smallest_normal)
        args, truth = tuple(one[kept] for one in args), truth[kept]
        ulp, allowed = _units(name, primitive, args, np.abs(truth))
        return {
            library: _largest(np.abs(found.astype(np.longdouble) - truth), ulp, allowed, args)
            for library, found in _computed(primitive, args)
        }


def draw(rng: np.random.Generator, primitive: Primitive, dtype: np.dtype, n: int) -> Arguments:
    """Draws some n arguments: of all bit patterns, evenly; the span; and near the hard places."""
    info = ml_dtypes.finfo(dtype)
    if primitive.pairs is not None:
        return tuple(one.astype(dtype) for one in primitive.pairs(rng, n, info))
    kind: Any = {16: np.uint16, 32: np.uint32, 64: np.uint64}[info.bits]
    step = 2**info.bits // min(n, 2**info.bits)
    patterns = int(rng.integers(step)) + step * np.arange(2**info.bits // step, dtype=np.uint64)
    parts = [patterns.astype(kind).view(dtype).astype(np.float64)]
    if primitive.span is not None:
        low, high = (limit * math.log(float(info.max)) for limit in primitive.span)
        parts.append(rng.uniform(low, high, n))
    for place in primitive.places:
        apart = np.exp2(rng.uniform(-float(info.nmant) - 1, 3, n // 4))
        parts.append(place + rng.choice([-1, 1], n // 4) * apart * max(abs(place), 0.25))
    return (np.concatenate(parts).astype(dtype),)


def _truth(primitive: Primitive, args: Arguments) -> tuple[Arguments, Array]:
    """Returns the arguments and the true results: of fewer, if only mpmath knows these."""
    wide = [one.astype(np.longdouble) for one in args]
    truth = primitive.truth(wide[0], wide[-1])
    if truth.dtype == np.longdouble or args[0].dtype != np.float64:
        return args, truth.astype(np.longdouble)
    few = args[0][::_SAMPLED]
    with mpmath.workdps(40):
        pairs = [exactly(primitive, x, x) for x in map(mpmath.mpf, few.tolist())]
    return (few,), np.sum(np.array(pairs, np.longdouble), axis=1)


def _units(name: str, primitive: Primitive, args: Arguments, size: Array) -> tuple[Array, Array]:
    """Returns ulps, which are of what cancels where something does, and the cost."""
    dtype, x = args[0].dtype, args[0].astype(np.float64)
    info, cost = ml_dtypes.finfo(dtype), cost_of(name, dtype)
    at = Range(np, x, x, size.astype(np.float64), dtype)
    allowed = float(info.eps) * cost.of(at)
    if cost.argument:
        apart = (x * (1 + sign * cost.argument * float(info.eps)) for sign in (-1, 1))
        moved = sum(np.abs(primitive.truth(one, one) - primitive.truth(x, x)) for one in apart)
        allowed = allowed + np.nan_to_num(moved, nan=np.inf)
    whole = size + cost.beside(at) if cost.beside else size
    return np.ldexp(np.ones_like(whole), np.frexp(whole)[1] - 1 - info.nmant), allowed


def _computed(primitive: Primitive, args: Arguments) -> Iterator[tuple[str, Array]]:
    """Yields what each library computes, in float64."""
    first, last, name = args[0], args[-1], args[0].dtype.name
    yield "XLA", np.asarray(jax.jit(primitive.by_jax)(first, last)).astype(np.float64)
    if primitive.by_torch is not None:
        yield "torch", primitive.by_torch(*map(to_tensor, (first, last))).double().numpy()
    if primitive.by_numpy is not None and name != "bfloat16":
        yield "NumPy", primitive.by_numpy(first, last).astype(np.float64)


def _largest(error: Array, ulp: Array, allowed: Array, args: Arguments) -> Largest:
    finite = np.isfinite(error)
    ulps = np.where(finite, error / ulp, 0.0)
    place, lost = int(np.argmax(ulps)), np.flatnonzero(~finite)
    share = np.where(np.isinf(allowed), 0.0, np.where(finite, error / allowed, np.inf))
    infinite = tuple(float(one[lost[0]]) for one in args) if len(lost) else ()
    at = tuple(float(one[place]) for one in args)
    return Largest(float(ulps[place]), at, float(np.max(share)), infinite)


def _worded(one: Largest | None) -> str:
    return "-" if one is None else f"{one.ulps:.2f} at {_numbers(one.at)}"


def _numbers(numbers: tuple[float, ...]) -> str:
    digits = 7 if len(numbers) == 1 else 3
    return ", ".join(f"{number:.{digits}g}" for number in numbers)
