"""Everyday functions and their gradients, as libraries compute them, against their bounds."""

import importlib.util
import re
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import jax
import ml_dtypes
import numpy as np

from compare.evidence.rounding import roundoff
from compare.selftest.everyday import EVERYDAY
from compare.selftest.everyday.evaluation import (
    Case,
    Leaves,
    cast,
    compute,
    draw_case,
    leaves_of,
    with_gradient,
)
from compare.selftest.everyday.function import Function
from compare.selftest.function_tally import LIBRARIES, Comparison, Tally, joined, tally_of

F32, F64, BF16 = map(np.dtype, (np.float32, np.float64, ml_dtypes.bfloat16))
_HEADER = (
    "                             compared no bound    jit  eager  torch float64"
    "  typical bound/error     ms  violations"
)
_MOST_TYPICAL, _MOST_SLACK = 3, 50


class Bounds(NamedTuple):
    """What `roundoff` says of one case."""

    names: list[str]  # of leaves
    values: Leaves
    worst: Leaves
    typical: Leaves
    milliseconds: float  # for both readings


def try_functions(draws: int, *, seed: int) -> int:
    """Tries so many draws of every function, prints what came out, and returns a status."""
    print(_HEADER)
    tallies: dict[Function, Tally] = {}
    refused: dict[Function, list[str]] = {}
    for function in EVERYDAY:
        if function.needs and importlib.util.find_spec(function.needs) is None:
            print(f"{function.name:28s} {function.needs} is not installed")
            continue
        try:
            tallies[function] = try_function(function, draws, seed=seed)
            print(_row(function, tallies[function]), flush=True)
        except NotImplementedError as error:
            refused[function] = missing_primitives(error)
            print(f"{function.name:28s} refused: {', '.join(refused[function])}", flush=True)
    _print_summary(tallies, refused)
    return 2 if any(tally.violations for tally in tallies.values()) else 0


def missing_primitives(error: NotImplementedError) -> list[str]:
    """Returns the primitives that a refusal names."""
    return re.findall("'([^']+)'", str(error))


def try_function(function: Function, draws: int, *, seed: int) -> Tally:
    """Holds what libraries compute against the truth, and the difference against the bounds.

    The first draw is computed in float64 and bfloat16 too, and one operation at a time.

    Raises:
      NotImplementedError: for a function with a primitive that has no rule.
    """
    total = Tally()
    for number in range(draws):
        case = draw_case(function, seed=seed, number=number)
        others = (F64, BF16) if function.in_bfloat16 else (F64,)
        for dtype in (F32,) if number else (F32, *others):
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
        for name, *arrays in zip(
            bounds.names, found, truth, bounds.worst, bounds.typical, strict=True
        ):
            if name.startswith("[0]") or library != "torch" or function.same_gradient:
                tally = joined(tally, tally_of(Comparison(library, dtype, name, *arrays)))
    return tally


def bounds_of(function: Function, case: Case, dtype: np.dtype) -> Bounds:
    """Returns the bounds of a function and of its gradient."""
    analysed = roundoff(with_gradient(function), dtype, reading="both", is_pure=True)
    start = time.perf_counter()
    values, bounds = analysed(case.factors, *case.args)
    spent = 1e3 * (time.perf_counter() - start)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(values)]
    worst, typical = map(leaves_of, bounds)
    return Bounds(names, leaves_of(values), worst, typical, spent)


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


def _row(function: Function, tally: Tally) -> str:
    shares = [f"{share:6.3f}" for share in tally.worst]
    if function.by_torch is None:
        shares[LIBRARIES.index("torch")] = f"{'-':>6}"
    slack = f"{'-':>11}" if tally.slack is None else f"{tally.slack:11,.1f}"
    return (
        f"{function.name:28s} {tally.compared:8,} {tally.unbounded / tally.entries:8.1%} "
        f"{' '.join(shares)}  {tally.typical:8.2f} {slack} "
        f"{statistics.median(tally.milliseconds):6.0f}  {tally.violations:10,}  {tally.first}"
    ).rstrip()


def _print_summary(tallies: dict[Function, Tally], refused: dict[Function, list[str]]) -> None:
    besides = {function for function in refused if not function.refused}
    missing = {primitive for function in besides for primitive in refused[function]}
    wild = {
        function.name
        for function, tally in tallies.items()
        if tally.typical > _MOST_TYPICAL and function.ordinary
    }
    slacks = {
        function.name: tally.slack
        for function, tally in tallies.items()
        if tally.slack is not None and function.is_layer
    }
    wide = {name for name, slack in slacks.items() if slack > _MOST_SLACK}
    meant = len(refused) - len(besides)
    print(f"\nfunctions: {len(tallies)}; refused, as they are meant to be: {meant}")
    print(f"refused besides: {len(besides)}; without a rule: {_listed(missing)}")
    print(f"beyond {_MOST_TYPICAL} typical errors on ordinary inputs: {_listed(wild)}")
    if slacks:
        print(f"bound/error of one layer: {statistics.median(slacks.values()):.1f} is the median")
    print(f"beyond {_MOST_SLACK}: {_listed(wide)}")
    print(f"violations: {sum(tally.violations for tally in tallies.values()):,}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
