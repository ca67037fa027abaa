"""Everyday functions and their gradients, as libraries compute them, against their bounds."""

import functools
import importlib.util
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import ml_dtypes
import numpy as np

from compare.evidence.rounding import roundoff
from compare.selftest.everyday import EVERYDAY
from compare.selftest.everyday.evaluation import (
    Case,
    cast,
    draw_case,
    evaluate_torch,
    with_gradient,
)
from compare.selftest.everyday.function import Function

LIBRARIES = ("jit", "eager", "torch", "float64")
F32, F64, BF16 = map(np.dtype, (np.float32, np.float64, ml_dtypes.bfloat16))
_HEADER = (
    "                             compared no bound    jit  eager  torch float64"
    "  typical bound/error     ms  violations"
)
_SLACK = 1 + 1e-8  # the truth, of float64, is a 2^-29 of float32's roundings off

Leaves = list[np.ndarray]  # of results and gradients, in float64


class Bounds(NamedTuple):
    """What `roundoff` says of one case."""

    values: Leaves
    worst: Leaves
    typical: Leaves
    milliseconds: float  # for both readings


class Tally(NamedTuple):
    """What came out for a function."""

    entries: int = 0
    unbounded: int = 0  # entries of which nothing is said: their bound is infinite
    compared: int = 0  # in all libraries together
    violations: int = 0
    worst: tuple[float, ...] = (0.0,) * len(LIBRARIES)  # largest error / worst; nan if not tried
    typical: float = 0.0  # largest error / typical, in float32
    slack: tuple[float, ...] = ()  # largest bound / largest error, of each array in float32
    milliseconds: tuple[float, ...] = ()  # of each draw in float32
    first: str = ""  # violation, in words


def try_functions(draws: int, *, seed: int) -> int:
    """Tries so many draws of every function, prints what came out, and returns a status."""
    print(_HEADER)
    tallies: dict[str, Tally] = {}
    refused: dict[str, list[str]] = {}
    for function in EVERYDAY:
        if function.needs and importlib.util.find_spec(function.needs) is None:
            print(f"{function.name:28s} {function.needs} is not installed")
            continue
        try:
            tallies[function.name] = try_function(function, draws, seed=seed)
            print(_row(function, tallies[function.name]), flush=True)
        except NotImplementedError as error:
            refused[function.name] = missing_primitives(error)
            print(f"{function.name:28s} refused: {', '.join(refused[function.name])}", flush=True)
    _print_summary(tallies, refused)
    return 2 if any(tally.violations for tally in tallies.values()) else 0


def missing_primitives(error: NotImplementedError) -> list[str]:
    """Returns the primitives that a refusal names."""
    return re.findall(r"'([\w-]+)'", str(error))


def try_function(function: Function, draws: int, *, seed: int) -> Tally:
    """Holds what libraries compute against the truth, and the difference against the bounds.

    The first draw is computed in all three dtypes, and one operation at a time too.

    Raises:
      NotImplementedError: for a function with a primitive that has no rule.
    """
    total = Tally()
    for number in range(draws):
        case = draw_case(function, seed=seed, number=number)
        for dtype in (F32,) if number else (F32, F64, BF16):
            is_eager = number == 0 and dtype != F64
            total = joined(total, try_case(function, case, dtype, with_eager=is_eager))
    return total


def try_case(function: Function, case: Case, dtype: np.dtype, *, with_eager: bool = False) -> Tally:
    """Tries one draw in one dtype; see `try_function`."""
    case = cast(case, dtype)
    bounds = bounds_of(function, case, dtype)
    truth = bounds.values
    if function.in_float64 and dtype != F64:
        truth = compute(function, cast(case, F64), F64)
    tally = Tally(
        entries=sum(bound.size for bound in bounds.worst),
        unbounded=sum(int(np.isinf(bound).sum()) for bound in bounds.worst),
        milliseconds=(bounds.milliseconds,) if dtype == F32 else (),
    )
    for library, found in _computed(function, case, dtype, bounds, with_eager=with_eager):
        for leaves in zip(found, truth, bounds.worst, bounds.typical, strict=True):
            tally = joined(tally, _held(*leaves, library=library, dtype=dtype))
    return tally


def bounds_of(function: Function, case: Case, dtype: np.dtype) -> Bounds:
    """Returns the bounds of a function and of its gradient."""
    evaluate = _evaluate(function)
    start = time.perf_counter()
    values, worst = roundoff(evaluate, dtype, is_pure=True)(case.factors, *case.args)
    analysed = roundoff(evaluate, dtype, reading="typical", is_pure=True)
    _, typical = analysed(case.factors, *case.args)
    spent = 1e3 * (time.perf_counter() - start)
    return Bounds(_leaves(values), _leaves(worst), _leaves(typical), spent)


_evaluate = functools.cache(with_gradient)


@functools.cache
def _compiled(function: Function) -> Any:
    return jax.jit(_evaluate(function))


def compute(function: Function, case: Case, dtype: np.dtype, *, library: str = "jit") -> Leaves:
    """Returns what a library makes of a case whose arrays are of that dtype."""
    if library == "torch":
        return evaluate_torch(function, case)
    with jax.enable_x64(dtype == F64):
        if library == "jit":
            return _leaves(_compiled(function)(case.factors, *case.args))
        with jax.disable_jit():
            return _leaves(_evaluate(function)(case.factors, *case.args))


def _leaves(tree: Any) -> Leaves:
    return [np.asarray(leaf).astype(np.float64) for leaf in jax.tree.leaves(tree)]


def _computed(
    function: Function, case: Case, dtype: np.dtype, bounds: Bounds, *, with_eager: bool
) -> Iterator[tuple[str, Leaves]]:
    """Yields what each library makes of a case, and float64."""
    yield "jit", compute(function, case, dtype)
    if with_eager:
        yield "eager", compute(function, case, dtype, library="eager")
    if function.by_torch is not None:
        yield "torch", compute(function, case, dtype, library="torch")
    if dtype != F64:
        yield "float64", bounds.values


def _held(
    found: np.ndarray,
    truth: np.ndarray,
    worst: np.ndarray,
    typical: np.ndarray,
    *,
    library: str,
    dtype: np.dtype,
) -> Tally:
    """Holds one array of a library against the truth."""
    assert found.shape == truth.shape, f"{library}: {found.shape}, not {truth.shape}"
    with np.errstate(all="ignore"):
        error = np.abs(found - truth)
        right = (error <= worst * _SLACK) | np.isinf(worst) | (found == truth)
        right |= np.isnan(found) & np.isnan(truth)
        shares = [np.where(error > 0, error / bound, 0) for bound in (worst, typical)]
    first = ""
    if not right.all():
        place = tuple(int(i) for i in np.argwhere(~right)[0])
        first = (
            f"{library} {dtype.name} at {list(place)}: {float(found[place])!r} is more than "
            f"{float(worst[place])!r} from {float(truth[place])!r}"
        )
    is_program = dtype == F32 and library != "float64"
    largest = float(np.nanmax(error, initial=0))
    return Tally(
        compared=found.size,
        violations=int(np.count_nonzero(~right)),
        worst=tuple(
            float(np.nanmax(shares[0], initial=0)) if name == library else 0.0 for name in LIBRARIES
        ),
        typical=float(np.nanmax(shares[1], initial=0)) if is_program else 0.0,
        slack=(float(np.max(worst)) / largest,) if is_program and largest > 0 else (),
        first=first,
    )


def joined(a: Tally, b: Tally) -> Tally:
    """Adds up two tallies."""
    return Tally(
        a.entries + b.entries,
        a.unbounded + b.unbounded,
        a.compared + b.compared,
        a.violations + b.violations,
        tuple(map(max, a.worst, b.worst)),
        max(a.typical, b.typical),
        a.slack + b.slack,
        a.milliseconds + b.milliseconds,
        a.first or b.first,
    )


def _row(function: Function, tally: Tally) -> str:
    shares = [f"{share:6.3f}" for share in tally.worst]
    if function.by_torch is None:
        shares[LIBRARIES.index("torch")] = "     -"
    slack = f"{statistics.median(tally.slack):11.1f}" if tally.slack else "          -"
    return (
        f"{function.name:28s} {tally.compared:8,} {tally.unbounded / tally.entries:8.1%} "
        f"{' '.join(shares)}  {tally.typical:8.2f} {slack} "
        f"{statistics.median(tally.milliseconds):6.0f}  {tally.violations:10,}  {tally.first}"
    ).rstrip()


def _print_summary(tallies: dict[str, Tally], refused: dict[str, list[str]]) -> None:
    by_name = {function.name: function for function in EVERYDAY}
    wild = [n for n, one in tallies.items() if one.typical > 3 and by_name[n].ordinary]
    slack = {
        name: statistics.median(tally.slack)
        for name, tally in tallies.items()
        if tally.slack and by_name[name].is_layer
    }
    wide = [name for name, ratio in slack.items() if ratio > 50]
    missing = sorted({primitive for names in refused.values() for primitive in names})
    print(f"\nfunctions with bounds: {len(tallies)}; refused: {len(refused)}")
    _print_names("no rule for", missing)
    _print_names("error over 3 typical errors, on ordinary inputs", wild)
    if slack:
        print(f"bound/error of a layer, the median: {statistics.median(slack.values()):.1f}")
    _print_names("over 50", wide)
    print(f"violations: {sum(tally.violations for tally in tallies.values()):,}")


def _print_names(title: str, names: Sequence[str]) -> None:
    print(f"{title}: {', '.join(names) or 'none'}")
