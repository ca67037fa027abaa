"""Arrangements from the positions that entries were found at."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from compare.pairing.arrangement import Arrangement, Entries, Term
from compare.pairing.layouts import layouts_of
from compare.pairing.lookup import Leaf

Shape = tuple[int, ...]


def arrangement_at(
    positions: np.ndarray, leaves: Sequence[Leaf], shapes: Mapping[str, Shape]
) -> Arrangement:
    """Returns the arrangement of entries at positions that are counted through leaves.

    Args:
      positions: of the shape of what is made; -1 for nothing.
      leaves: arrays, and sums of arrays.
      shapes: of all arrays.
    """
    starts = np.cumsum([0, *(leaf.bits.size for leaf in leaves)])
    leaf = np.searchsorted(starts, positions, "right") - 1  # -1 where nothing is known
    within = positions - starts[leaf]
    used = [int(k) for k in np.unique(leaf) if k >= 0]
    terms: list[Term] = []
    for summand in range(max(len(leaves[k].names) for k in used)):
        names = {k: leaves[k].names[summand : summand + 1] for k in used}
        terms.append(_term(leaf, within, {k: one[0] for k, one in names.items() if one}, shapes))
    return Arrangement(tuple(terms))


def _term(
    leaf: np.ndarray, within: np.ndarray, names: dict[int, str], shapes: Mapping[str, Shape]
) -> Term:
    """Returns the entries of some leaves, and nothing of the others."""
    sources = tuple(dict.fromkeys(names.values()))
    sizes = [math.prod(shapes[name]) for name in sources]
    starts = dict(zip(sources, np.cumsum([0, *sizes]).tolist(), strict=False))
    positions = np.full(leaf.shape, Entries.NOTHING)
    for k, name in names.items():
        positions = np.where(leaf == k, within + starts[name], positions)
    small = positions.astype(np.int32) if sum(sizes) < np.iinfo(np.int32).max else positions
    return simplified(Entries(sources, small), shapes)


def simplified(entries: Entries, shapes: Mapping[str, Shape]) -> Term:
    """Returns entries that are one array with its axes in another order as such."""
    name, positions = entries.sources[0], entries.positions
    if len(entries.sources) > 1 or positions.size != math.prod(shapes[name]):
        return entries
    every = np.arange(positions.size).reshape(shapes[name])
    return next(layouts_of(name, every, positions), entries)
