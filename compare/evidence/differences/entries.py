"""Which entries differ, and by how much for values of each size: the data of figures.

It is collected over all pairs, in the samples with end-to-end bounds. Shape letters: N samples, ...
the shape of a parameter.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.bounds import Allowance, distances, over
from compare.evidence.differences.ulp import coarser_dtype, ulp_distance
from compare.evidence.rounding.tiles import tiles

MOST_CELLS = 48  # along a side of a map; more could not be told apart
_LOWEST = -1074  # the binary exponent of the smallest number in float64
_EXPONENTS = 1024 - _LOWEST  # that there are


class EntryMap(NamedTuple):
    """The entries of one parameter, pooled by maximum into cells; row after row.

    The distance of an entry that is not finite, on one side or on both, is infinite.
    """

    name: str
    shape: tuple[int, ...]
    cells: tuple[int, int]
    ulp: tuple[float, ...]  # the largest distance in each cell
    ratio: tuple[float, ...]  # the largest |a - b| / (e_a + e_b) in each cell


class SizeBin(NamedTuple):
    """Entries with 2^exponent <= max(|a|, |b|) < 2^(exponent + 1)."""

    exponent: int
    entries: int
    error: float  # the largest |a - b|
    least: float  # the smallest e_a + e_b
    most: float  # the largest e_a + e_b


class Entries(NamedTuple):
    """What is known of the entries of all parameters, in some samples."""

    samples: int
    maps: tuple[EntryMap, ...]
    sizes: tuple[SizeBin, ...]


def entries_of(
    a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray], of_a: Allowance, of_b: Allowance
) -> Entries:
    """Maps and sorts the entries of one pair.

    Args:
      a: [N, ...], by parameter.
      b: arrays of the same shapes.
      of_a: the allowance of a.
      of_b: the allowance of b.
    """
    maps, sizes = [], _Sizes()
    for name, here in a.items():
        maps.append(_map_of(name, here, b[name], of_a.worst[name], of_b.worst[name], sizes))
    return Entries(len(here), tuple(maps), sizes.bins())


def _map_of(
    name: str,
    a: np.ndarray,
    b: np.ndarray,
    allowed_a: np.ndarray,
    allowed_b: np.ndarray,
    sizes: "_Sizes",
) -> EntryMap:
    """Maps the entries of one parameter, and adds them to those sorted by size."""
    dtype = coarser_dtype(a.dtype, b.dtype)
    ulp, ratio = np.zeros(a.shape[1:], np.uint64), np.zeros(a.shape[1:])
    lost = np.zeros(a.shape[1:], bool)
    for tile in tiles(a.shape):
        p, q, part = a[tile], b[tile], tile[1:]
        distance, finite = distances(p, q)
        if finite is not None:
            p, q = (np.where(finite, one, 0) for one in (p, q))
            lost[part] |= ~finite.all(axis=0)
        allowed = allowed_a[tile] + allowed_b[tile]
        if distance.any():
            steps = ulp_distance(p, q, dtype).max(axis=0)
            np.maximum(ulp[part], steps, out=ulp[part])
            np.maximum(ratio[part], over(distance, allowed).max(axis=0), out=ratio[part])
        larger = np.maximum(*(np.abs(one.astype(np.float64)) for one in (p, q)))
        sizes.add(larger, distance, allowed)
    return _map(name, np.where(lost, np.inf, ulp.astype(np.float64)), ratio)


def _map(name: str, ulp: np.ndarray, ratio: np.ndarray) -> EntryMap:
    pooled_ulp, pooled_ratio = _pool(np.atleast_2d(ulp)), _pool(np.atleast_2d(ratio))
    rows, columns = pooled_ulp.shape
    return EntryMap(
        name,
        ulp.shape,
        (rows, columns),
        tuple(pooled_ulp.ravel().tolist()),
        tuple(pooled_ratio.ravel().tolist()),
    )


def _pool(values: np.ndarray) -> np.ndarray:
    """Takes the maximum over blocks of a matrix, so that no side is longer than MOST_CELLS."""
    for axis, length in enumerate(values.shape):
        starts = np.arange(0, length, -(-length // MOST_CELLS))
        values = np.maximum.reduceat(values, starts, axis=axis)
    return values


class _Sizes:
    """Entries sorted by the binary exponent of their value; those of 0 are left out."""

    def __init__(self) -> None:
        self.count = np.zeros(_EXPONENTS, np.int64)
        self.error, self.most = np.zeros(_EXPONENTS), np.zeros(_EXPONENTS)
        self.least = np.full(_EXPONENTS, np.inf)

    def add(self, value: np.ndarray, distance: np.ndarray, allowed: np.ndarray) -> None:
        """Adds entries: the larger magnitude, |a - b| and e_a + e_b of each, in one shape."""
        here = value > 0
        if not here.all():
            value, distance, allowed = value[here], distance[here], allowed[here]
        at = np.frexp(value.ravel())[1].astype(np.intp) - 1 - _LOWEST
        self.count += np.bincount(at, minlength=_EXPONENTS)
        if distance.any():
            np.maximum.at(self.error, at, distance.ravel())
        np.maximum.at(self.most, at, allowed.ravel())
        np.minimum.at(self.least, at, allowed.ravel())

    def bins(self) -> tuple[SizeBin, ...]:
        """Returns those that hold any, in ascending order."""
        at = np.flatnonzero(self.count)
        found = (one[at].tolist() for one in (self.count, self.error, self.least, self.most))
        return tuple(map(SizeBin, (at + _LOWEST).tolist(), *found))


def over_pairs(one: Entries, other: Entries) -> Entries:
    """Joins the entries of two pairs, for the same samples."""
    return merge(one, other)._replace(samples=one.samples)


def merge(one: Entries | None, other: Entries | None) -> Entries:
    """Joins the entries of two sets of samples, in any order."""
    if one is None or other is None:
        found = one or other
        assert found is not None
        return found
    maps = tuple(
        p._replace(ulp=tuple(map(max, p.ulp, q.ulp)), ratio=tuple(map(max, p.ratio, q.ratio)))
        for p, q in zip(one.maps, other.maps, strict=True)
    )
    return Entries(one.samples + other.samples, maps, _join_sizes(one.sizes, other.sizes))


def _join_sizes(*found: tuple[SizeBin, ...]) -> tuple[SizeBin, ...]:
    bins: dict[int, SizeBin] = {}
    for one in (one for sizes in found for one in sizes):
        known = bins.get(one.exponent, SizeBin(one.exponent, 0, 0.0, math.inf, 0.0))
        bins[one.exponent] = SizeBin(
            one.exponent,
            known.entries + one.entries,
            max(known.error, one.error),
            min(known.least, one.least),
            max(known.most, one.most),
        )
    return tuple(bins[exponent] for exponent in sorted(bins))
