"""Sine, cosine and tangent, and the angle of a point."""

from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.computed import computed, ends, farthest
from compare.evidence.rounding.primitives.row import rows

_NEAR = 1e-6  # to a pole, where nothing is said


def sin(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """|sin(a + e) - sin a| <= e |cos a| + e^2 |sin a| / 2, and no more than e or 1 + |sin a|."""
    xp = analysis.xp
    return _wave(analysis, eqn, a, "sin", xp.sin(a.value), xp.cos(a.value))


def cos(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of cos, whose slope is -sin."""
    xp = analysis.xp
    return _wave(analysis, eqn, a, "cos", xp.cos(a.value), xp.sin(a.value))


def _wave(
    analysis: Analysis, eqn: Any, a: Enclosure, name: str, value: Array, slope: Array
) -> Enclosure:
    xp, dtype, e = analysis.xp, eqn.outvars[0].aval.dtype, a.error
    size = xp.abs(value)
    moved = e * xp.abs(slope) + e * e * size / 2
    moved = xp.minimum(moved, xp.minimum(e, 1 + size)) * (1 + 8 * analysis.arithmetic(dtype).u)
    return computed(analysis, name, dtype, value, moved, ends(analysis, a, dtype), a)


def tan(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """|tan(a + e) - tan a| <= tan e (1 + tan^2 a) / (1 - tan e |tan a|); then no pole is near.

    It follows from the sum of two angles.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    value, apart = xp.tan(a.value), xp.tan(xp.minimum(a.error, 1.57))
    left = 1 - apart * xp.abs(value)
    moved = apart * (1 + value * value) / left * (1 + 8 * analysis.arithmetic(dtype).u)
    moved = xp.where((a.error < 1.57) & (left > _NEAR), moved, np.inf)
    return computed(analysis, "tan", dtype, value, moved, ends(analysis, a, dtype), a)


def atan2(analysis: Analysis, eqn: Any, y: Enclosure, x: Enclosure) -> Enclosure:
    """The extremes are at the corners of the rectangle in which (x, y) is, if 0 is not in it.

    From the positive to the negative side of y, left of 0, the angle jumps from pi to -pi: nothing
    is known there but that it is one between these two. The sign of a zero is not known either.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    value = xp.arctan2(y.value, x.value)
    (low, high), (left, right) = (ends(analysis, one, dtype) for one in (y, x))
    corners = (xp.arctan2(one, other) for one in (low, high) for other in (left, right))
    cut = (left <= 0) & (low <= 0) & (high >= 0)
    moved = xp.where(cut, xp.abs(value) + np.pi, farthest(analysis, value, *corners))
    return computed(analysis, "atan2", dtype, value, moved, (low, high), y, x)


ROWS = rows("monotone", {"sin": sin, "cos": cos, "tan": tan, "atan2": atan2}, vanishing=("atan2",))
