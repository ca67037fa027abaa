"""A factor that the reference has not: a scale of embeddings, of a branch, of dropout."""

import functools
import operator
from collections.abc import Iterator

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change, Made
from compare.evidence.reasons.graph import Step
from compare.evidence.reasons.numbers import nice_numbers, written
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.solving import solved
from compare.evidence.reasons.words import described, subject

_READ = frozenset(("add", "sub", "dot_general", "conv_general_dilated", "concatenate"))
_NOT_ONE = 1e-3


def scale_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which something that has a name is read with a factor."""
    for step in reversed(case.target.steps):
        for i, one in enumerate(step.operands):
            name = described(one)
            if step.name not in _READ or not name or not np.issubdtype(one.dtype, np.floating):
                continue
            factor = _factor(case, step, i)
            if factor is not None:
                sentence = f"{subject(case)} has {name} {written(factor)} times"
                yield Reason("scale", sentence, case.place)
                return


def _factor(case: Case, step: Step, i: int) -> float | None:
    changed = functools.partial(_scaled, step, i)
    found = None if case.is_scalar else solved(case, changed, 1.0)
    if found is None or abs(found - 1) < _NOT_ONE:
        return None
    exact = [found] if case.is_exact else []
    return next((one for one in (*nice_numbers(found), *exact) if case.holds(changed(one))), None)


def _scaled(step: Step, i: int, factor: float) -> Change:
    return {(step, i): Made(functools.partial(operator.mul, factor), (step.operands[i],))}
