"""A number that is not known, from what was found: by Gauss-Newton."""

import math
from collections.abc import Callable

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change

_ROUNDS = 12
_STEP = 1e-4  # for a difference quotient, relative
_CLOSE = 1e-9
_ALIKE = 0.05  # cosine of the angle between what it moves and what was found, at least


def solved(case: Case, changed: Callable[[float], Change], start: float) -> float | None:
    """Solves for the number by which a reference is nearest to what was found.

    Args:
      case: in which it is unknown.
      changed: the number -> what is changed.
      start: the number in the reference.

    Returns:
      None if it has no effect, or leads elsewhere.
    """
    value, h = start, _STEP * (abs(start) or _STEP)
    for number in range(_ROUNDS):
        h = max(h, _STEP * abs(value))
        now = case.made(changed(value)) - case.found
        slope = (case.made(changed(value + h)) - case.found - now) / h
        square, along = float(np.vdot(slope, slope)), float(np.vdot(slope, now))
        if not square > 0 or not math.isfinite(along):
            return None
        if number == 0 and along**2 < _ALIKE**2 * square * float(np.vdot(now, now)):
            return None
        value -= along / square
        if abs(along / square) <= _CLOSE * abs(value):
            break
    return value if math.isfinite(value) else None
