"""Another number in the place of one that stands in the program: eps, a scale, n - 1."""

import functools
import math
from collections.abc import Iterator

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.numbers import nice_numbers
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.roles import role_of
from compare.evidence.reasons.solving import solved
from compare.evidence.reasons.words import subject

# what is nearer to the number that stands there is another formula's; by whether it is float64
_APART = {False: 1e-3, True: 1e-6}
_ARITHMETIC = frozenset(("add", "sub", "mul", "div", "max", "min", "pow", "add_any"))


def constant_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which one number of the program is another one."""
    has_factor = False
    for step, i in _numbers(case.target):
        role = role_of(step, i, case)
        if role.is_factor and has_factor:
            continue
        for value in _values(case, step, i):
            if _is_told(case, step, i, value):
                old = float(np.asarray(step.operands[i].given))
                has_factor |= role.is_factor
                said = role.told(value, old)
                yield Reason("constant", f"{subject(case)} {said}", case.place)
                break


def _numbers(target: Node) -> Iterator[tuple[Step, int]]:
    """Yields where lone numbers stand, the last step first."""
    for step in reversed(target.steps):
        for i, one in enumerate(step.operands):
            value = float(np.asarray(one.given)) if one.is_number else math.inf
            is_complement = step.name == "sub" and i == 0 and value == 1
            if math.isfinite(value) and step.name in _ARITHMETIC and not is_complement:
                yield step, i


def _values(case: Case, step: Step, i: int) -> Iterator[float]:
    """Yields numbers that may stand there, the nicest first."""
    old = float(np.asarray(step.operands[i].given))
    for value in _usual(old, step):
        if value != old and _holds(case, step, i, value):
            yield value
    found = None if case.is_scalar and not case.is_exact else _solved(case, step, i, old)
    if found is None or math.isclose(found, old, rel_tol=1e-12):
        return
    if abs(found) <= 1e-3 * abs(old) and _holds(case, step, i, 0.0):
        yield 0.0
    for value in nice_numbers(found, case.sizes, digits=2 if case.is_scalar else 4):
        if abs(value - old) > _APART[case.is_exact] * abs(old) and _holds(case, step, i, value):
            yield value
    far = abs(found - old) > _APART[case.is_exact] * abs(old)
    if case.is_exact and far and not case.is_scalar and _holds(case, step, i, found):
        yield found


def _usual(old: float, step: Step) -> Iterator[float]:
    """Yields what often stands in the place of a number that multiplies or divides."""
    if step.name in ("mul", "div") and old:
        yield from (1.0, -old, 1 / old)
        yield math.copysign(math.sqrt(abs(old)), old)


def _holds(case: Case, step: Step, i: int, value: float) -> bool:
    return case.holds(_changed(case, step, i, value))


def _changed(case: Case, step: Step, i: int, value: float) -> Change:
    return {(step, i): case.evaluation.number(value, step.operands[i].dtype)}


def _is_told(case: Case, step: Step, i: int, value: float) -> bool:
    """Whether no number that is far from it would do as well."""
    old = float(np.asarray(step.operands[i].given))
    others = (value / 2, value * 2) if value else (old / 100, -old / 100)
    return not any(_holds(case, step, i, one) for one in others)


def _solved(case: Case, step: Step, i: int, old: float) -> float | None:
    return solved(case, functools.partial(_changed, case, step, i), old)
