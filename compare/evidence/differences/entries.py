"""Which entries differ, and by how much for values of each size: the data of figures.

It is collected over all pairs, in the samples with end-to-end bounds. Shape letters: N samples, ...
the shape of a parameter.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.bounds import Allowance
from compare.evidence.differences.ulp import coarser_dtype, ulp_distance

MOST_CELLS = 48  # along a side of a map; more could not be told apart
_LOWEST = -1074  # the binary exponent of the smallest number in float64


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
    maps, sizes = [], []
    for name, here in a.items():
        finite = np.isfinite(here) & np.isfinite(b[name])
        p, q = (np.where(finite, array, 0) for array in (here, b[name]))
        ulp = ulp_distance(p, q, coarser_dtype(here.dtype, b[name].dtype)).max(axis=0)
        wide_p, wide_q = p.astype(np.float64), q.astype(np.float64)
        distance = np.abs(wide_p - wide_q)
        allowed = of_a.worst[name] + of_b.worst[name]
        with np.errstate(all="ignore"):
            ratio = np.where(distance > 0, distance / allowed, 0).max(axis=0)
        lost = ~finite.all(axis=0)
        maps.append(_map(name, np.where(lost, np.inf, ulp.astype(np.float64)), ratio))
        sizes.append(_by_size(np.maximum(np.abs(wide_p), np.abs(wide_q)), distance, allowed))
    return Entries(len(here), tuple(maps), _join_sizes(*sizes))


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


def _by_size(value: np.ndarray, distance: np.ndarray, allowed: np.ndarray) -> tuple[SizeBin, ...]:
    """Sorts the entries that are not 0 by the binary exponent of their value."""
    here = value > 0
    if not here.all():
        value, distance, allowed = value[here], distance[here], allowed[here]
    if not value.size:
        return ()
    at = np.frexp(value.ravel())[1] - 1 - _LOWEST
    count = np.bincount(at)
    error, most = np.zeros(len(count)), np.zeros(len(count))
    least = np.full(len(count), np.inf)
    np.maximum.at(error, at, distance.ravel())
    np.maximum.at(most, at, allowed.ravel())
    np.minimum.at(least, at, allowed.ravel())
    return tuple(
        SizeBin(i + _LOWEST, int(count[i]), float(error[i]), float(least[i]), float(most[i]))
        for i in np.flatnonzero(count).tolist()
    )


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
