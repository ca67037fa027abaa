"""Entries of which the larger or smaller one of two is kept."""

from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import (
    Analysis,
    Array,
    Enclosure,
    Winners,
    is_bool,
    is_float,
)
from compare.evidence.rounding.primitives.lookup_windows import (
    Written,
    as_numbers,
    covering,
    ends,
    jumping,
)
from compare.evidence.rounding.primitives.row import Rule, rows
from compare.evidence.rounding.primitives.targets import Targets, targets, written


def _extreme(way: str) -> Rule:
    """Returns the rule of a scatter that keeps the largest or smallest number for an entry.

    The largest is no larger than that of all a + e, and no smaller than that of all a - e, of which
    those of uncertain places do not count.
    """

    def rule(
        analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure, b: Enclosure
    ) -> Enclosure:
        target, dtype = targets(analysis, eqn, a, index), eqn.outvars[0].aval.dtype
        value = written(way, a.value, target.places, b.value)
        wide_a, wide_b = as_numbers(a), as_numbers(b)
        xp, none = analysis.xp, -np.inf if way == "max" else np.inf
        which = 1 if way == "max" else 0  # the end that numbers in uncertain places may move

        def reach(e_a: Array, e_b: Array, uncertain: Array) -> Array:
            old, new = ends(analysis, wide_a.value, e_a), ends(analysis, wide_b.value, e_b)
            sure = target.sure(uncertain)
            found = [written(way, p, sure, q) for p, q in zip(old, new, strict=True)]
            stray = target.everywhere(way, none, xp.where(uncertain, new[which], none))
            found[which] = (xp.maximum if which else xp.minimum)(found[which], stray)
            bound = jumping if analysis.may_be(uncertain) else covering
            return bound(analysis, value.astype(np.float64), *found)

        errors = wide_a.error, wide_b.error
        error = analysis.each(reach, *errors, target.uncertain)
        if not is_float(dtype) or analysis.arithmetic(dtype).is_low:
            return Enclosure(value, error != 0 if is_bool(dtype) else error)
        sign = 1 if way == "max" else -1
        signed = (Enclosure(sign * one.value, one.error) for one in (wide_a, wide_b))
        found = Written(b.value, value, index.value, target.numbers)
        return Enclosure(value, error, winners=Winners(found, _open(analysis, target, *signed)))

    return rule


def _open(analysis: Analysis, target: Targets, a: Enclosure, b: Enclosure) -> Array:
    """Returns where it is uncertain whether a number that is written is the largest of its entry.

    It is for certain if no other can be; it is not, for certain, if another one must be larger.
    """

    def is_open(e_a: Array, e_b: Array, uncertain: Array) -> Array:
        low = written("max", a.value - e_a, target.places, b.value - e_b)
        can_a, can_b = a.value + e_a >= low, b.value + e_b >= target.read(low)
        can = written("add", 1.0 * can_a, target.places, 1.0 * can_b)
        moves = written("add", 1.0 * (can_a & (e_a > 0)), target.places, 1.0 * (can_b & (e_b > 0)))
        alone, ties_exactly = target.read(can) == 1, target.read(moves) == 0
        strays = target.read(1.0 * target.strays(uncertain)) != 0  # and what is dropped
        return (can_b & ~alone & ~ties_exactly) | strays

    return analysis.each(is_open, a.error, b.error, target.uncertain)


ROWS = rows("selection", {"scatter-max": _extreme("max"), "scatter-min": _extreme("min")})
