"""What is counted of a pair: by its screen, and in NumPy where the screen leaves entries open.

Shape letters: N samples, k entries.
"""

from typing import NamedTuple

import numpy as np

from compare.evidence.differences import allclose, digits, metrics
from compare.evidence.differences.allclose import AllcloseResult
from compare.evidence.differences.columns import Columns, Screened, without_unusual
from compare.evidence.differences.digits import Agreement


class Counts(NamedTuple):
    """What is counted of the parameters of a pair."""

    distances: np.ndarray  # [N] the largest one in ulp
    digits: tuple[Agreement, ...]
    peers: AllcloseResult  # the smallest tolerances are those of some entries


class Entries(NamedTuple):
    """Some entries of a pair."""

    a: np.ndarray  # [k] float64
    b: np.ndarray  # [k] float64
    samples: np.ndarray  # [k]


def count(
    a: Columns,
    b: Columns,
    screened: Screened,
    samples: np.ndarray,
    rows: np.ndarray | None = None,
) -> Counts:
    """Counts what agrees.

    Args:
      a: of one implementation.
      b: of the other.
      screened: what the screen says of the two.
      samples: [n], those with the largest tolerances.
      rows: those with the largest tolerances, None for all.
    """
    distances = _distances(a, b, screened)
    screened = without_unusual(screened)
    entries = _open_entries(a, b, screened)
    if a is b and not len(entries.samples):
        n = len(distances)
        agreements = [_same_agreement(rule, n, a.parameters) for rule in digits.RULES]
    else:
        agreements = [_agreement(rule, screened, entries, a.parameters) for rule in digits.RULES]
    peers = _peers([entries.a], [entries.b], a.numbers.dtype)
    tolerances = tolerances_of(a, b, samples, rows)
    breaking = {
        rule: broken + (int(screened.counts[rule].sum()) if rule in screened.counts else 0)
        for rule, broken in peers.breaking.items()
    }
    smallest = (max(one) for one in zip(peers[1:], tolerances, strict=True))
    return Counts(distances, tuple(agreements), AllcloseResult(breaking, *smallest))


def tolerances_of(
    a: Columns, b: Columns, samples: np.ndarray, rows: np.ndarray | None = None
) -> tuple[float, float]:
    """Returns the smallest rtol and atol that pass all parameters of some samples, in some rows."""
    here = np.arange(a.parameters) if rows is None else rows[rows < a.parameters]
    if not here.size or not samples.size:
        return 0.0, 0.0
    p, q = (one.numbers[np.ix_(here, samples)].astype(np.float64) for one in (a, b))
    return allclose.smallest_tolerances(allclose.distances(p, q), q)


def _peers(a: list[np.ndarray], b: list[np.ndarray], dtype: np.dtype) -> AllcloseResult:
    """Applies them to entries, of which there may be none."""
    if not a[0].size:
        return AllcloseResult(dict.fromkeys(allclose.RULES, 0), 0.0, 0.0)
    return allclose.count_breaking(a, b, dtype.name)


def _distances(a: Columns, b: Columns, screened: Screened) -> np.ndarray:
    """Returns the largest distance in every sample, [N]."""
    again = np.flatnonzero(screened.is_farther | screened.is_unusual)
    if not len(again):
        return screened.distances
    distances = screened.distances.astype(np.uint64)
    p, q = (one.numbers[: one.parameters, again].T for one in (a, b))
    distances[again] = metrics.largest_ulp(p, q)
    return distances


def _open_entries(a: Columns, b: Columns, screened: Screened) -> Entries:
    """Returns the entries that the screen leaves open, and all of unusual samples."""
    rows, samples = screened.open_entries
    unusual = np.flatnonzero(screened.is_unusual)
    if len(unusual):
        row, at = (one.ravel() for one in np.indices((a.parameters, len(unusual))))
        rows, samples = np.append(rows, row), np.append(samples, unusual[at])
    p, q = (one.numbers[rows, samples].astype(np.float64) for one in (a, b))
    return Entries(p, q, samples)


def _agreement(rule: str, screened: Screened, entries: Entries, parameters: int) -> Agreement:
    """Counts what agrees under one rule; a sample has so many parameters."""
    n = len(screened.distances)
    agree = digits.RULES[rule](entries.a, entries.b)
    far = np.bincount(entries.samples[~agree], minlength=n)
    if rule in screened.counts:
        far += screened.counts[rule]
    zeros = 0
    if rule in digits.SIGNED_ZEROS:
        opposite = digits.opposite_zeros(entries.a, entries.b, digits.SIGNED_ZEROS[rule])
        zeros = int(screened.signed_zeros.sum()) + int(np.count_nonzero(opposite))
    total, samples = n * parameters, n - int(np.count_nonzero(far))
    return Agreement(rule, total - int(far.sum()), total, samples, n, zeros)


def _same_agreement(rule: str, n: int, parameters: int) -> Agreement:
    """Says that all entries of n samples agree."""
    return Agreement(rule, n * parameters, n * parameters, n, n, 0)
