"""An array that is expected in another form: times a factor, transposed, clipped, decayed."""

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import BACKWARD, Case
from compare.evidence.reasons.numbers import nice_numbers, written
from compare.evidence.reasons.operands import arrangements
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject
from compare.problem.cuts import place_name

_APART = {False: 1e-5, True: 1e-9}  # a factor that is nearer to 1 is none; in float64 or not
_CLOSE = 1e-6
_SLIGHT = 1e-5  # a factor that is nearer to 1 is written as what it adds to that


def array_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons that need no look into the reference."""
    if not case.found.any():
        yield Reason("detached", f"{subject(case)} is 0 everywhere", case.place)
        return
    for family in (_factors, _forms, _others, _decayed, _cut_off):
        found = list(family(case))
        if found:
            yield from found
            return


def _holds(case: Case, f: Callable[[Any], Any]) -> bool:
    made = case.evaluation.made(f, case.evaluation.of(case.target))
    return case.holds({case.target: made})


def _factors(case: Case) -> Iterator[Reason]:
    """A constant factor."""
    found, expected = case.found, case.expected
    square = float(np.vdot(expected, expected))
    if not square > 0 or not math.isfinite(square):
        return
    solved = float(np.vdot(expected, found)) / square
    if abs(solved - 1) < _APART[case.is_exact]:
        return
    for factor in (*nice_numbers(solved, case.sizes), *([] if case.is_scalar else [solved])):
        if _holds(case, functools.partial(operator.mul, factor)):
            yield Reason("factor", _told_factor(case, factor), case.place)
            return


def _told_factor(case: Case, factor: float) -> str:
    if factor == -1:
        return f"{subject(case)} has the opposite sign"
    norm = float(np.linalg.norm(case.found))
    for limit in nice_numbers(norm, digits=1) if case.key[0] in BACKWARD else ():
        is_simple = math.isclose(limit, float(f"{limit:.0e}"))
        if is_simple and math.isclose(norm, limit, rel_tol=_CLOSE) and 0 < factor < 1:
            return (
                f"{subject(case)} is {factor:.3g} times the reference's, and its norm is "
                f"{written(limit)}, as by clipping"
            )
    for size, name in case.sizes.items():
        over = f"over the {size} entries of an axis of `{place_name(name)}`"
        if size > 1 and math.isclose(factor, 1 / size, rel_tol=_CLOSE):
            as_by = f"as by a mean {over} in the place of a sum"
            return f"{subject(case)} is 1/{size} of the reference's, {as_by}"
        if size > 1 and math.isclose(factor, size, rel_tol=_CLOSE):
            as_by = f"as by a sum {over} in the place of a mean"
            return f"{subject(case)} is {size} times the reference's, {as_by}"
    text = written(factor) if abs(factor - 1) > _SLIGHT else f"1 + {factor - 1:.3g}"
    of = "of" if text.lstrip("-").startswith("1/") else "times"
    twice = ", as if it was added up twice" if factor == 2 else ""
    return f"{subject(case)} is {text} {of} the reference's{twice}"


def _forms(case: Case) -> Iterator[Reason]:
    """The same numbers in another order, or some of them."""
    for words, f in arrangements(case.target.shape):
        if _holds(case, f):
            yield Reason("order", f"{subject(case)} is {words}", case.place)
            return
    if (
        case.key[0] == "backward"
        and case.found.min() >= 0
        and _holds(case, lambda a: jnp.maximum(a, 0))
    ):
        yield Reason("clipped", f"{subject(case)} has its positive entries alone", case.place)


def _others(case: Case) -> Iterator[Reason]:
    """What is expected of another argument."""
    if case.key[0] != "gradient":
        return
    for (kind, name), node in case.graph.targets.items():
        if kind != "gradient" or name == case.place or node.shape != case.target.shape:
            continue
        if case.holds({case.target: case.evaluation.of(node)}):
            yield Reason("another", f"{subject(case)} is that of `{name}`", case.place)


def _decayed(case: Case) -> Iterator[Reason]:
    """A term in proportion to the parameter."""
    weight = case.graph.sources.get(case.place)
    if case.key[0] != "gradient" or weight is None:
        return
    w = case.evaluation.of(weight)
    solved = float(np.vdot(w.value, case.found - case.expected) / np.vdot(w.value, w.value))
    for factor in nice_numbers(solved):
        made = case.evaluation.made(
            functools.partial(_plus, factor), case.evaluation.of(case.target), w
        )
        if case.holds({case.target: made}):
            added = f"{written(factor)} times the parameter added, as by weight decay"
            sentence = f"{subject(case)} has {added}"
            yield Reason("decay", sentence, case.place)
            return


def _plus(factor: float, a: Any, w: Any) -> Any:
    return a + factor * w


def _cut_off(case: Case) -> Iterator[Reason]:
    """No entry is larger than some number."""
    most = float(np.abs(case.found).max())
    for limit in nice_numbers(most):
        clip = functools.partial(jnp.clip, min=-limit, max=limit)
        if math.isclose(limit, most, rel_tol=_CLOSE) and _holds(case, clip):
            yield Reason("clipped", f"{subject(case)} is clipped to {written(limit)}", case.place)
            return
