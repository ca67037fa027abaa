"""The weights of two terms: label smoothing, the momentum of running statistics."""

import math
from collections.abc import Iterator

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.numbers import nice_numbers, written
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import behind_views, subject

_SMOOTHING = (0.0, 0.1, 0.2, 0.05, 0.01, 0.15, 0.3)
_CLOSE = 1e-6

Weighted = tuple[Step, int, float]  # a step, the operand that is a number, and that number


def weight_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which two terms that are added have other weights."""
    for step, _ in results(case):
        if step.name == "add":
            first, second = map(_factor, step.operands)
            if first is not None and second is not None:
                yield from _smoothed(case, first, second)
                yield from _averaged(case, first, second)


def _smoothed(case: Case, first: Weighted, second: Weighted) -> Iterator[Reason]:
    """Of k classes weights are 1 - s and s / k."""
    for one, rest in ((first, second), (second, first)):
        smoothing = 1 - one[2]
        classes = smoothing / rest[2] if rest[2] else 0.0
        if not 1 < classes < 1e6 or not math.isclose(classes, round(classes), rel_tol=_CLOSE):
            continue
        for other in (*_SMOOTHING, 2 * smoothing, smoothing / 2):
            change = _changed(case, (one, 1 - other), (rest, other / round(classes)))
            if not math.isclose(other, smoothing, rel_tol=_CLOSE) and case.holds(change):
                words = f"labels smoothed by {written(other)}"
                there = f"where the reference smooths them by {written(smoothing)}"
                yield Reason("weights", f"{subject(case)} has {words} {there}", case.place)
                return


def _averaged(case: Case, first: Weighted, second: Weighted) -> Iterator[Reason]:
    """An average of what was there and what is new; the smaller weight is called the momentum."""
    if not math.isclose(first[2] + second[2], 1, rel_tol=_CLOSE) or case.is_scalar:
        return
    old, new = sorted((first, second), key=lambda one: -one[2])
    a, b = (case.evaluation.array(one[0].operands[1 - one[1]]) for one in (old, new))
    away = b - a
    square = float(np.vdot(away, away))
    if away.shape != case.found.shape or not square:
        return
    solved = float(np.vdot(case.found - a, away)) / square
    for weight in nice_numbers(solved):
        change = _changed(case, (old, 1 - weight), (new, weight))
        if not math.isclose(weight, new[2], rel_tol=_CLOSE) and case.holds(change):
            words = f"the momentum {written(weight)} where the reference has {written(new[2])}"
            yield Reason("weights", f"{subject(case)} has {words}", case.place)
            return


def _changed(case: Case, *numbers: tuple[Weighted, float]) -> Change:
    return {
        (step, i): case.evaluation.number(value, step.operands[i].dtype)
        for (step, i, _), value in numbers
    }


def _factor(node: Node) -> Weighted | None:
    """Returns the number that a value is multiplied by."""
    step = behind_views(node).step
    if step is None or step.name != "mul":
        return None
    for i, one in enumerate(step.operands):
        if one.is_number:
            return step, i, float(np.asarray(one.given))
    return None
