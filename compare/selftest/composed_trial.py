"""Random programs of many primitives, and their gradients, against their bounds.

Each is computed by JAX, jitted and one operation at a time, and by an evaluation of its jaxpr in
long doubles that rounds every operation at random within what is promised.
"""

import collections
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from compare.evidence.rounding import roundoff
from compare.selftest.composed.evaluator import evaluate
from compare.selftest.composed.operations import OPERATIONS, SIZE
from compare.selftest.composed.roundings import MANNERS, Roundings, is_float

Steps: TypeAlias = tuple[tuple[str, int, int], ...]  # operation, and which earlier results it takes
DTYPES = tuple(map(np.dtype, (np.float32, np.float64, ml_dtypes.bfloat16, np.float16)))
KINDS = ("ordinary", "tied", "cancelling", "large", "small", "subnormal", "mixed")
NAMES: tuple[str, ...] = tuple(sorted(OPERATIONS))
_SLACK = 1 + 1e-8  # the value, of float64, is rounded too
_MOST = 5  # operations of a program
_RUNS = 2  # of each manner


class Trial(NamedTuple):
    """A program, and what it is computed of."""

    steps: Steps
    is_gradient: bool
    dtype: np.dtype
    kind: str  # of arguments
    args: tuple[np.ndarray, ...]  # a, b, and the cotangent of the result


class Found(NamedTuple):
    """What came out of one trial, in all ways of computing it."""

    entries: int
    compared: int
    unbounded: int
    violations: list[str]
    typical: float  # the largest error of JAX as a multiple of the typical one


def try_composed(programs: int, *, seed: int, by_jax: bool = True) -> int:
    """Tries so many programs, in one dtype each, prints what came out, and returns a status."""
    total: collections.Counter[str] = collections.Counter()
    beyond: collections.Counter[str] = collections.Counter()
    for number in range(programs):
        trial = draw_trial(np.random.default_rng([seed, number]))
        found = try_program(trial, seed=number, by_jax=by_jax)
        total.update(
            entries=found.entries,
            compared=found.compared,
            unbounded=found.unbounded,
            violations=len(found.violations),
        )
        if found.typical > 3 and trial.kind == "ordinary":
            beyond[trial.dtype.name] += 1
        for words in found.violations[:1]:
            print(f"{number}: {trial.steps}, {_told(trial)}\n    {words}", flush=True)
    print(f"programs: {programs:,}; {', '.join(f'{k}: {v:,}' for k, v in total.items())}")
    print(f"beyond 3 typical errors on ordinary inputs: {dict(beyond) or 'none'}")
    return 2 if total["violations"] else 0


def _told(trial: Trial) -> str:
    what = "gradient" if trial.is_gradient else "value"
    return f"{what}, {trial.dtype.name}, {trial.kind}: {[one.tolist() for one in trial.args]}"


def draw_trial(rng: np.random.Generator) -> Trial:
    """Draws a program and its arguments."""
    steps = tuple(
        (NAMES[int(rng.integers(len(NAMES)))], int(rng.integers(9)), int(rng.integers(9)))
        for _ in range(rng.integers(1, _MOST + 1))
    )
    dtype = DTYPES[rng.integers(len(DTYPES))]
    kind = KINDS[max(0, int(rng.integers(-3, len(KINDS))))]
    args = (*(drawn(rng, kind, dtype) for _ in range(2)), drawn(rng, "ordinary", dtype))
    return Trial(steps, bool(rng.random() < 0.5), dtype, kind, args)


def drawn(rng: np.random.Generator, kind: str, dtype: np.dtype) -> np.ndarray:
    """Draws an argument of a kind."""
    info, normal = ml_dtypes.finfo(dtype), rng.standard_normal(SIZE)
    most, least = np.log2(float(info.max)), np.log2(float(info.smallest_normal))
    scaled: dict[str, Any] = {
        "ordinary": normal,
        "tied": rng.integers(-2, 3, SIZE) / 2,
        "cancelling": rng.choice([1.0, -1.0, 3.0]) + rng.integers(-4, 5, SIZE) * float(info.eps),
        "large": normal * 2 ** (most * rng.uniform(0.3, 1, SIZE)),
        "small": normal * 2 ** (least * rng.uniform(0.3, 1, SIZE)),
        "subnormal": rng.integers(-9, 10, SIZE) * float(info.smallest_subnormal),
    }
    special = [np.inf, -np.inf, np.nan, 0.0, -0.0, float(info.max), float(info.smallest_normal)]
    if kind != "mixed":
        return _as(scaled[kind], dtype)
    choices = [*(array[0] for array in scaled.values()), *special]
    return _as(rng.choice(choices, SIZE), dtype)


def _as(array: Any, dtype: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(array, np.float64).astype(dtype)


def composed(steps: Steps, *, is_gradient: bool) -> Callable[..., Any]:
    """Returns the program of some steps, or its gradient."""

    def run(a: Any, b: Any) -> Any:
        made = [a, b]
        for name, i, j in steps:
            made.append(OPERATIONS[name](made[-1 - i % len(made)], made[-1 - j % len(made)]))
        return made[-1]

    if not is_gradient:
        return lambda a, b, weight: run(a, b) * weight
    return lambda a, b, weight: jax.grad(lambda x, y: jnp.sum(run(x, y) * weight), (0, 1))(a, b)


def try_program(trial: Trial, *, seed: int, by_jax: bool = True) -> Found:
    """Holds a program against its bounds in every way of computing it."""
    f = composed(trial.steps, is_gradient=trial.is_gradient)
    with np.errstate(all="ignore"):
        values, (worst, typical) = roundoff(f, trial.dtype, reading="both")(*trial.args)
        values, worst, typical = map(jax.tree.leaves, (values, worst, typical))
        violations, most, compared = [], 0.0, 0
        for way, results in _ways(f, trial, seed, by_jax=by_jax):
            compared += sum(map(np.size, results))
            for bounded in zip(results, values, worst, strict=True):
                violations += held(way, *bounded)
            if way in ("jit", "eager"):
                shares = map(_share, results, values, typical)
                most = max(most, *shares)
    entries = sum(map(np.size, values))
    unbounded = sum(int(np.isinf(one).sum()) for one in worst)
    return Found(entries, compared, unbounded, violations, most)


def _ways(
    f: Callable[..., Any], trial: Trial, seed: int, *, by_jax: bool
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yields what comes out in each way of computing a program."""
    with jax.enable_x64(trial.dtype == np.float64):
        args = tuple(map(jnp.asarray, trial.args))
        closed = jax.make_jaxpr(f)(*args)
        if by_jax:
            yield "jit", _wide(jax.jit(f)(*args))
            with jax.disable_jit():
                yield "eager", _wide(f(*args))
        wide = [np.asarray(one).astype(np.float64).astype(np.longdouble) for one in args]
        for manner in MANNERS:
            for run in range(1 if manner == "exact" else _RUNS):
                rng = np.random.default_rng([seed, run])
                how = Roundings(manner, flushes=bool(rng.random() < 0.5), rng=rng)
                try:
                    yield f"{manner}{' flushed' * how.flushes}", evaluate(closed, how, wide)
                except NotImplementedError:
                    return


def _wide(results: Any) -> list[np.ndarray]:
    leaves = map(np.asarray, jax.tree.leaves(results))
    return [one.astype(np.float64) if is_float(one.dtype) else one for one in leaves]


def _share(found: np.ndarray, value: np.ndarray, typical: np.ndarray) -> float:
    shares = np.abs(found - value) / typical
    return float(np.fmax.reduce(np.where(np.isfinite(found), shares, 0), initial=0.0))


def held(way: str, found: np.ndarray, value: np.ndarray, bound: np.ndarray) -> list[str]:
    """Returns in words where numbers are further from a value than its bound."""
    right = (abs(found - value) <= bound * _SLACK) | np.isinf(bound) | (found == value)
    right |= np.isnan(found) & np.isnan(value)
    return [
        f"{way} at {place}: {float(found[place])!r} is more than {float(bound[place])!r} "
        f"from {float(value[place])!r}"
        for place in map(tuple, np.argwhere(~right).tolist())
    ]
