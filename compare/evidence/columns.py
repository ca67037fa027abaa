"""Pairs of many samples, compared by `measures`: what `pairs` finds in NumPy, and faster.

Columns are arrays with the sample axis last. Shape letters: N samples, E entries of one sample.
"""

from collections.abc import Mapping

import jax
import numpy as np

from compare.evidence import digits, measures, peers, ulp
from compare.evidence.compiled import evidence_settings
from compare.evidence.digits import Agreement
from compare.evidence.measures import Measures
from compare.evidence.metrics import Comparison, Worst, compare_arrays
from compare.evidence.pairs import Pair, Quantities, name_all
from compare.evidence.peers import PeerFacts

Columns = Mapping[str, jax.Array]  # by the names that reports use: [E, N]

_METRICS = ("max_abs", "max_rel", "max_ulp")
_TEXT_RULES = ("significant_5_text", "decimals_7_text")


def columns_of(named: Mapping[str, np.ndarray], n: int) -> Columns | None:
    """Puts the sample axis last, and zeros behind the samples until there are n.

    Args:
      named: [N, ...] each; their entries must have the same order on both sides of a pair.
      n: at least N.

    Returns:
      None for what `measures` cannot take.
    """
    arrays = named.values()
    if any(a.dtype.name not in measures.DTYPES for a in arrays):
        return None
    if sum(a[0].size for a in arrays) >= measures.MOST_ENTRIES:
        return None

    def put(array: np.ndarray) -> jax.Array:
        last = np.moveaxis(array, 0, -1).reshape(-1, len(array))
        return jax.numpy.asarray(
            np.pad(last, ((0, 0), (0, n - len(array)))) if n > len(array) else last
        )

    with evidence_settings():
        return {name: put(array) for name, array in named.items()}


def compare_columns(
    a: str,
    b: str,
    of_a: Quantities,
    of_b: Quantities,
    columns_a: Columns,
    columns_b: Columns,
    *,
    first_sample: int,
    so_far: Pair | None = None,
) -> Pair | None:
    """Compares one block of samples of two implementations, whose names are a and b.

    Args:
      a: a name.
      b: a name.
      of_a: arrays, in the layout of the report.
      of_b: arrays, in the layout of the report.
      columns_a: the same arrays; if they are those of b, nothing differs.
      columns_b: the same arrays.
      first_sample: the number of the first sample.
      so_far: of other blocks: a smaller maximum than theirs is left out, since `merge` drops it.

    Returns:
      What `compare_pair` returns; None if there are entries that `measures` cannot judge.
    """
    n = len(of_a.parameters["b1"])
    left, right = name_all(of_a), name_all(of_b)
    names = [name for name in left if name in right]
    if any(columns_a[name].dtype != columns_b[name].dtype for name in names):
        return None
    with evidence_settings():
        found = {name: _measure(columns_a[name], columns_b[name], n) for name in names}
    if any(measured.unusual.any() for measured in found.values()):
        return None
    known = {one.name: one for one in so_far.quantities} if so_far else {}
    compared = {
        name: _comparison(name, measured, left[name], right[name], first_sample, known.get(name))
        for name, measured in found.items()
    }
    together = measures.total([found[name] for name in of_a.parameters])
    return Pair(
        a=a,
        b=b,
        dtype=of_a.parameters["b1"].dtype.name,
        parameters=tuple(compared[name] for name in of_a.parameters),
        prediction=compared.get("prediction"),
        loss=compared.get("loss"),
        digits=_agreements(together, of_a, of_b),
        peers=PeerFacts(
            dict(zip(peers.RULES, (int(c.sum()) for c in together.breaking), strict=True)),
            float(together.smallest_rtol.max()),
            float(together.max_abs.max()),
        ),
        ulp_histogram=ulp.bin_counts(together.max_ulp),
    )


def _measure(a: jax.Array, b: jax.Array, n: int) -> Measures:
    """Measures and drops what was put behind the samples."""
    found = measures.measure_same(a) if a is b else measures.measure(a, b)
    return jax.tree.map(lambda column: np.asarray(column)[:n], found)


def _comparison(
    name: str,
    found: Measures,
    a: np.ndarray,
    b: np.ndarray,
    first_sample: int,
    so_far: Comparison | None,
) -> Comparison:
    """Finds the places of the maxima, by comparing the samples that have them once more."""

    def worst(metric: str) -> Worst | None:
        values = getattr(found, metric)
        row = int(np.argmax(values))
        known: Worst | None = getattr(so_far, metric, None)
        if known is not None and known.value > values[row]:
            return None
        one = slice(row, row + 1)
        alone = compare_arrays(name, a[one], b[one], first_sample=first_sample + row)
        found_there: Worst | None = getattr(alone, metric)
        return found_there

    return Comparison(
        name=name,
        shape=a.shape[1:],
        entries=a.size,
        **{metric: worst(metric) for metric in _METRICS},  # type: ignore[arg-type]
        magnitude=float(found.magnitude.max()),
        negligible=0,
        nonfinite_same=0,
        nonfinite_differ=0,
        first_nonfinite=None,
    )


def _agreements(found: Measures, of_a: Quantities, of_b: Quantities) -> tuple[Agreement, ...]:
    """Counts agreements, those in print anew where they are too close to call."""
    far = dict(zip(digits.RULES, map(np.array, found.far), strict=True))
    rows = np.flatnonzero(found.unsure)
    if len(rows):
        sides = [_entries(of, rows) for of in (of_a, of_b)]
        for rule in _TEXT_RULES:
            far[rule][rows] = np.count_nonzero(~digits.RULES[rule](*sides), axis=1)
    entries = sum(array[0].size for array in of_a.parameters.values())
    n = len(found.unsure)
    return tuple(
        Agreement(rule, n * entries - int(c.sum()), n * entries, int((c == 0).sum()), n)
        for rule, c in far.items()
    )


def _entries(of: Quantities, rows: np.ndarray) -> np.ndarray:
    """All parameters of some samples, [n, E] in float64."""
    flat = [array[rows].reshape(len(rows), -1) for array in of.parameters.values()]
    return np.concatenate(flat, axis=1).astype(np.float64)
