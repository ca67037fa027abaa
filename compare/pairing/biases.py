"""Biases, told by the weights beside them.

Where rows of a weight of the reference stand in a weight of the candidate, there the entries of
the bias beside the one belong in the bias beside the other: be it fused, split, or with gates in
another order. A bias beside a weight that is made of two is the sum of both biases.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes, Entries, Term
from compare.pairing.names import beside_weight, role_of
from compare.pairing.relations import offset_of
from compare.pairing.search import Search
from compare.pairing.terms import simplified

_FEW = 64  # entries of a weight that are looked at for each of a bias


def bias_beside(search: Search, own: str) -> Arrangement | None:
    """Returns how a bias is made if it goes with the weights of its module, None if unknown."""
    if role_of(own) != "bias":
        return None
    found: dict[str, np.ndarray] = {}
    for weight in search.beside(own):
        if role_of(weight) == "weight" and weight in search.arrangements:
            found |= _rows_beside(search, search.own[own].shape, search.arrangements[weight])
    shapes = {name: search.theirs[name].shape for name in found}
    terms = tuple(simplified(term, shapes) for term in _joined(search, found))
    return Arrangement(terms) if terms else None


def _rows_beside(
    search: Search, bias: tuple[int, ...], weight: Arrangement
) -> dict[str, np.ndarray]:
    """Returns the entries of each bias that go with the rows that a weight is made of."""
    for at in _lines(weight.shape, bias):
        found = dict(_beside_rows(search, bias, weight.terms[0], at))
        if found:
            return found
    return {}


def _lines(shape: tuple[int, ...], bias: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yields which entries of a weight may be looked at, [entries of the bias, few].

    The axes of a bias are the last of the weight, or the first; between them may be others, where
    layers are stacked.
    """
    every = np.arange(math.prod(shape)).reshape(shape)
    for axes in _axes_of(shape, len(bias)):
        if tuple(shape[axis] for axis in axes) == bias and every.size:
            lines = np.moveaxis(every, axes, range(len(bias))).reshape(math.prod(bias), -1)
            count = lines.shape[1]
            yield lines[:, np.linspace(0, count - 1, min(count, _FEW), dtype=np.int64)]


def _axes_of(shape: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """Returns the axes that a bias may have of a weight: the last, the first, and then others."""
    last, first = range(len(shape) - count, len(shape)), range(count)
    ones = itertools.combinations(range(len(shape)), count)
    return sorted(ones, key=lambda one: (one != tuple(last), one != tuple(first)))


def _beside_rows(
    search: Search, bias: tuple[int, ...], weight: Term, at: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    positions = positions_at(weight, at)
    start = 0
    for source in weight.sources:
        size, shape = search.theirs[source].size, search.theirs[source].shape
        inside = (positions >= start) & (positions < start + size)
        name = beside_weight(source)
        if name in search.theirs and np.any(inside):
            indices = np.unravel_index(np.where(inside, positions - start, 0), shape)
            rows = _rows(indices, inside, shape, search.theirs[name].shape)
            if rows is not None:
                yield name, rows.reshape(bias)
        start += size


def _rows(
    indices: tuple[np.ndarray, ...],
    inside: np.ndarray,
    shape: tuple[int, ...],
    bias: tuple[int, ...],
) -> np.ndarray | None:
    """Returns which entry of a bias each line of a weight goes with, of which it has one."""
    for axes in _axes_of(shape, len(bias)):
        if tuple(shape[axis] for axis in axes) == bias:
            index = np.ravel_multi_index(tuple(indices[axis] for axis in axes), bias)
            low = np.where(inside, index, math.prod(bias)).min(axis=1)
            high = np.where(inside, index, Entries.NOTHING).max(axis=1)
            there = high >= 0
            if np.all(low[there] == high[there]) and np.unique(high[there]).size == there.sum():
                return high
    return None


def positions_at(term: Term, at: np.ndarray) -> np.ndarray:
    """Returns which entries of the sources some entries are, both counted in order."""
    if isinstance(term, Entries):
        return term.positions.ravel()[at]
    assert isinstance(term, Axes)
    moved = np.unravel_index(at, [term.split[axis] for axis in term.axes])
    back = sorted(range(len(term.axes)), key=lambda axis: term.axes[axis])
    split = tuple(moved[axis] for axis in back)
    return np.ravel_multi_index(split, term.split) if split else np.zeros_like(at)


def _joined(search: Search, found: dict[str, np.ndarray]) -> Iterator[Entries]:
    """Adds up the entries of biases; those that do not come together are in one term."""
    rest: dict[str, np.ndarray] = {}
    sources: list[str] = []
    positions, size = np.empty(0, np.int64), 0
    for name, rows in found.items():
        if sources and np.any((positions >= 0) & (rows >= 0)):
            rest[name] = rows
            continue
        before = positions if sources else np.full_like(rows, Entries.NOTHING)
        positions = np.where(rows >= 0, rows + size, before)
        sources.append(name)
        size += search.theirs[name].size
    if sources:
        yield Entries(tuple(sources), positions)
        yield from _joined(search, rest)


def pair_biases(search: Search) -> None:
    """Pairs biases that are what the weights beside them tell, or that plus or minus 1."""
    for own in search.left():
        made = bias_beside(search, own)
        if made is None:
            continue
        offset = offset_of(search.own[own], search.made(own, made))
        if offset is not None:
            search.take(own, dataclasses.replace(made, offset=offset if np.any(offset) else None))
