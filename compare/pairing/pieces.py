"""Pairs weights that are made of entries of several weights, or of some of one."""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from compare.pairing.bits import bits_of
from compare.pairing.lookup import UNKNOWN, Leaf, Places, Table, is_by_chance
from compare.pairing.names import module_of
from compare.pairing.pairing import Tie
from compare.pairing.search import Search, is_constant, rounded
from compare.pairing.terms import arrangement_at
from compare.pairing.vectors import Matrix, Vectors
from compare.pairing.weight_finding import WeightFinding

_MOST_SUMMANDS = 8  # weights of one shape and module of which sums are looked at
_ENOUGH = 0.5  # of the entries, that have to be found


def pair_pieces(search: Search, *, among: Iterable[str], at_least: float = 1.0) -> None:
    """Looks up the rows and columns of what is left, and then its entries, one by one.

    Args:
      search: what is known.
      among: names of the reference's weights that are looked at.
      at_least: the share of entries that has to be found.
    """
    theirs = list(among)
    left = defaultdict(list)
    for name in search.left():
        if not search.is_constant(name):
            left[search.own[name].dtype].append(name)
    for dtype, names in left.items():
        leaves = _leaves(search, theirs, dtype)
        if leaves:
            others = list(_not_of_vectors(search, names, leaves))
            table = Table(leaves) if others else None
            for name in others:
                bits = search.own_bits(name)
                if table is None or table.share_of(bits) < at_least / 2:
                    continue
                places = table.find(bits)
                if np.mean(~places.differs) >= at_least and not is_by_chance(places):
                    _take(search, name, places, leaves)


def _not_of_vectors(search: Search, names: list[str], leaves: list[Leaf]) -> Iterator[str]:
    """Pairs weights that are made of rows or columns of others, and yields what is left."""
    starts = np.cumsum([0, *(leaf.bits.size for leaf in leaves)]).tolist()
    matrices = []
    for leaf, start in zip(leaves, starts, strict=False):
        shape = search.theirs[leaf.names[0]].shape
        if len(shape) > 1:
            matrices.append(Matrix(start, leaf.bits.reshape(shape[0], -1)))
    vectors = Vectors(matrices) if any(search.own[name].ndim > 1 for name in names) else None
    for name in names:
        positions = vectors.find(search.own_bits(name)) if vectors else None
        if positions is None:
            yield name
        else:
            _take(search, name, Places(positions, np.zeros(positions.shape, bool)), leaves)


def _take(search: Search, own: str, places: Places, leaves: list[Leaf]) -> None:
    """Takes in how a weight is made; entries that come from nowhere are its own."""
    shapes = {name: array.shape for name, array in search.theirs.items()}
    made = arrangement_at(places.positions, leaves, shapes)
    beyond = places.positions == UNKNOWN
    mine = np.where(beyond, search.own[own], 0)
    search.take(own, dataclasses.replace(made, offset=mine if np.any(mine) else None))
    if places.chosen:
        search.assignment.ties.append(Tie((own,), made.sources))
    altered = int(np.count_nonzero(places.differs & ~beyond))
    if altered:
        search.findings.append(_altered(search, own, altered))
    elif np.any(beyond):
        count = int(np.count_nonzero(beyond))
        names = " and ".join(f"`{name}`" for name in made.sources)
        sentence = f"{count:,} of {mine.size:,} entries of `{own}` are beyond those of {names}"
        search.remarks.append(WeightFinding(own, made.sources, "entries of its own", sentence))


def pair_altered(search: Search) -> None:
    """Pairs weights of which some entries are others."""
    pair_pieces(search, among=search.unused(), at_least=_ENOUGH)


def _leaves(search: Search, names: list[str], dtype: np.dtype) -> list[Leaf]:
    """Returns weights of the reference, and sums of two one-dimensional ones of a module."""
    leaves = [Leaf((name,), search.their_bits(name, dtype).ravel()) for name in names]
    alike = defaultdict(list)
    for name, array in search.theirs.items():
        if array.ndim == 1 and not is_constant(array):
            alike[module_of(name), array.size].append(name)
    for ones in alike.values():
        if len(ones) <= _MOST_SUMMANDS:
            for both in itertools.combinations(ones, 2):
                total = search.theirs[both[0]] + search.theirs[both[1]]
                leaves.append(Leaf(both, bits_of(rounded(total, dtype))))
    return [leaf for leaf in leaves if leaf.bits.size]


def _altered(search: Search, own: str, count: int) -> WeightFinding:
    arrangement = search.arrangements[own]
    off = np.abs(search.made(own, arrangement).astype(np.float64) - search.own[own])
    names = " and ".join(f"`{name}`" for name in arrangement.sources)
    index = ", ".join(map(str, np.unravel_index(int(np.argmax(off)), off.shape)))
    sentence = (
        f"{count:,} of {off.size:,} entries of `{own}` are not those of {names}, as at [{index}]"
    )
    return WeightFinding(own, arrangement.sources, "entries differ", sentence, float(off.max()))
