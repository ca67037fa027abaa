"""Entries that are not finite in one implementation only, and whether overflow explains them."""

from collections.abc import Iterator
from typing import NamedTuple

from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair


class NonfiniteEntries(NamedTuple):
    """Entries of one quantity that are not finite on one side of a pair only."""

    pair: Pair
    comparison: Comparison  # of the quantity
    first: Worst  # of the entries
    explained: bool  # whether all that have bounds may have overflowed
    shortest: str  # the dtype that overflows first


def nonfinite_on_one_side(pair: Pair) -> Iterator[NonfiniteEntries]:
    """Yields the quantities of a pair that have such entries."""
    bounds = {bound.name: bound for bound in pair.bounds}
    for comparison in pair.quantities:
        if not comparison.nonfinite_differ:
            continue
        assert comparison.first_nonfinite is not None
        bound = bounds.get(comparison.name)
        if bound is None or bound.first_one_sided is None:
            yield NonfiniteEntries(pair, comparison, comparison.first_nonfinite, False, pair.dtype)
        else:
            explained = not bound.unexplained
            first = bound.first_one_sided
            yield NonfiniteEntries(pair, comparison, first, explained, bound.shortest)
