"""Entries that are not finite in one implementation only, and whether overflow explains them."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair


class NonfiniteEntries(NamedTuple):
    """Entries of one quantity that are not finite on one side of a pair only."""

    pair: Pair
    comparison: Comparison  # of the quantity
    first: Worst  # of the entries
    explained: bool  # whether all that have bounds may have overflowed
    dtypes: tuple[str, ...]  # of the sides that are not finite; empty without bounds


def nonfinite_on_one_side(pair: Pair) -> Iterator[NonfiniteEntries]:
    """Yields the quantities of a pair that have such entries."""
    bounds = {bound.name: bound for bound in pair.bounds}
    for comparison in pair.quantities:
        if not comparison.nonfinite_differ:
            continue
        assert comparison.first_nonfinite is not None
        bound = bounds.get(comparison.name)
        if bound is None or bound.first_one_sided is None:
            yield NonfiniteEntries(pair, comparison, comparison.first_nonfinite, False, ())
        else:
            explained, first = not bound.unexplained, bound.first_one_sided
            yield NonfiniteEntries(pair, comparison, first, explained, _dtypes(bound, first))


def _dtypes(bound: BoundRatio, first: Worst) -> tuple[str, ...]:
    """Returns the dtype of a if a is not finite, and that of b if b is not."""
    sides = zip(bound.dtypes, (first.a, first.b), strict=True)
    return tuple(dtype for dtype, value in sides if not math.isfinite(value))
