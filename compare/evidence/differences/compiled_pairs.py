"""Pairs of many samples, screened by jitted JAX: what `pairs` finds in NumPy, and faster.

Samples that may raise a maximum, and entries that may break a rule, are compared in NumPy. What is
less than the maxima of other blocks is left out, since `merge` would drop it. Shape letters: N
samples, E entries of one sample.
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences import screened_counts, ulp
from compare.evidence.differences.columns import (
    Columns,
    Screened,
    is_parameter,
    screen_columns,
    screen_same,
)
from compare.evidence.differences.metrics import Comparison, Worst, compare_arrays
from compare.evidence.differences.pairs import Pair, along_samples, compare_pair
from compare.evidence.differences.sample_bins import SampleBins
from compare.problem.quantities import Quantities, name_all

_FIRST = 8  # where nothing is known yet, this part of the samples is compared before the others
_MOST = 2  # where more than this part is unusual, all samples are compared in NumPy


class Side(NamedTuple):
    """One implementation of a pair."""

    name: str
    of: Quantities  # for one block of samples, in the layout to be reported
    columns: Columns


class Known(NamedTuple):
    """What is known of the maxima of a pair, from samples before those to be compared."""

    quantities: Mapping[str, Comparison]
    smallest_rtol: float


def known_of(so_far: Pair | None, first_sample: int) -> Known | None:
    """Returns what other blocks have; None if they are not all before a sample."""
    if so_far is None:
        return None
    worst = [one for of in so_far.quantities for one in (of.max_abs, of.max_rel, of.max_ulp)]
    if any(one is None or one.sample >= first_sample for one in worst):
        return None
    return Known({one.name: one for one in so_far.quantities}, so_far.peers.smallest_rtol)


def compare_sides(
    a: Side, b: Side, known: Known | None, *, first_sample: int, bins: SampleBins | None = None
) -> Pair:
    """Returns what `compare_pair` returns, but for maxima that are known to be exceeded.

    Args:
      a: one implementation.
      b: the other, whose columns are like those of a.
      known: maxima of samples before the first one.
      first_sample: the number of the first sample.
      bins: in which the largest distance is kept.
    """
    names: Collection[str] = a.columns.rows
    first = np.arange(0 if known else -(-a.columns.n // _FIRST))
    screened = _screen(a.columns, b.columns, known or _known_of_samples(a, b, first))
    looked_at = screened.is_higher | screened.is_unusual
    looked_at[first] = True
    if np.count_nonzero(screened.is_unusual) * _MOST > len(looked_at):
        return compare_pair(a.name, b.name, a.of, b.of, first_sample=first_sample, bins=bins)
    rows = None
    if known and not screened.is_unusual.any():
        rows = screened.higher_rows
        higher = set(rows.tolist())
        names = [name for name in names if not higher.isdisjoint(a.columns.rows[name])]
    samples = np.flatnonzero(looked_at)
    compared = _compare_samples(a, b, samples, names, first_sample)
    counts = screened_counts.count(a.columns, b.columns, screened, samples, rows)
    return Pair(
        a=a.name,
        b=b.name,
        dtype=a.columns.numbers.dtype.name,
        parameters=tuple(compared[name] for name in a.of.parameters),
        prediction=compared.get("prediction"),
        loss=compared.get("loss"),
        digits=counts.digits,
        peers=counts.peers,
        ulp_histogram=ulp.bin_counts(counts.distances),
        by_sample=along_samples(bins, counts.distances, first_sample),
    )


def _screen(a: Columns, b: Columns, known: Known) -> Screened:
    limits = _limits(known, a.rows)
    return screen_same(a, limits) if a is b else screen_columns(a, b, limits)


def _known_of_samples(a: Side, b: Side, samples: np.ndarray) -> Known:
    """Finds the maxima of some samples."""
    rtol, _ = screened_counts.tolerances_of(a.columns, b.columns, samples)
    return Known(_compare_samples(a, b, samples, a.columns.rows, 0), rtol)


def _limits(known: Known, rows: Mapping[str, range]) -> np.ndarray:
    """Returns the limits of `screen.Limits`, [5, E, 1]."""

    def of(name: str) -> list[float]:
        one = known.quantities[name]
        worst = (one.max_abs, one.max_rel, one.max_ulp)
        max_abs, max_rel, max_ulp = (-1.0 if w is None else w.value for w in worst)
        rtol = known.smallest_rtol if is_parameter(name) else math.inf
        return [max_abs, _factor(max_rel), _factor(rtol), one.magnitude, _at_most(max_ulp)]

    sizes = [len(its) for its in rows.values()]
    return np.repeat(np.array([of(name) for name in rows]).T, sizes, axis=1)[:, :, None]


def _factor(ratio: float) -> float:
    """Returns r such that p > r q, rounded, wherever p / q > ratio, rounded.

    If the ratio is a power of two, the product is exact, and so is the comparison. Otherwise the
    roundings are under 2^-51.
    """
    is_exact = ratio <= 0 or math.isinf(ratio) or math.frexp(ratio)[0] == 0.5
    return ratio if is_exact else ratio * (1 - 2.0**-50)


def _at_most(distance: float) -> float:
    """Returns the largest float64 that is no larger than an integer, and at least 0."""
    nearest = float(max(0, distance))
    return nearest if int(nearest) <= max(0, distance) else math.nextafter(nearest, 0)


def _compare_samples(
    a: Side, b: Side, samples: np.ndarray, names: Collection[str], first_sample: int
) -> dict[str, Comparison]:
    """Compares some samples in some quantities; entries are counted of all."""
    left, right = name_all(a.of), name_all(b.of)
    numbers = (samples + first_sample).tolist()
    found = {
        name: Comparison(name, of.shape[1:], of.size, None, None, None, 0.0, 0, 0, 0, None)
        for name, of in left.items()
    }
    for name in names if numbers else ():
        one = compare_arrays(name, left[name][samples], right[name][samples])
        found[name] = _renumbered(one, numbers, left[name].size)
    return found


def _renumbered(found: Comparison, samples: Sequence[int], entries: int) -> Comparison:
    """Names each sample by its number, and not by its row."""

    def renumbered(worst: Worst | None) -> Worst | None:
        return worst and dataclasses.replace(worst, sample=samples[worst.sample])

    return dataclasses.replace(
        found,
        entries=entries,
        max_abs=renumbered(found.max_abs),
        max_rel=renumbered(found.max_rel),
        max_ulp=renumbered(found.max_ulp),
        first_nonfinite=renumbered(found.first_nonfinite),
    )
