"""Pairs of many samples, compared by jitted JAX: what `pairs` finds in NumPy, and faster.

Shape letters: N samples, E entries of one sample.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.evidence.differences import allclose, compiled_metrics, digits, ulp
from compare.evidence.differences.allclose import AllcloseResult
from compare.evidence.differences.compiled_metrics import Measures, Rows
from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.jax_settings import evidence_settings
from compare.evidence.differences.metrics import Comparison, Worst, compare_arrays
from compare.evidence.differences.pairs import Pair, along_samples
from compare.evidence.differences.sample_bins import SampleBins
from compare.problem.quantities import Quantities, name_all

_METRICS = ("max_abs", "max_rel", "max_ulp")
_CLOSE_CALLS = ("significant_5_numeric", "significant_5_text", "decimals_7_text")


class Columns(NamedTuple):
    """All arrays of one implementation as a matrix; samples are columns."""

    matrix: jax.Array  # [E, N]
    rows: tuple[Rows, ...]  # of w1, b1, ..., and of prediction and loss if there are any
    parameters: int  # how many rows the parameters have, which come first


def columns_of(of: Quantities, n: int) -> Columns | None:
    """Puts all arrays into one matrix, with zeros after the samples until there are n.

    Args:
      of: arrays [N, ...]; their entries must have the same order on both sides of a pair.
      n: how many columns the matrix has, at least N.

    Returns:
      The columns, or None if `compiled_metrics` cannot compare such arrays.
    """
    named = name_all(of)
    sizes = [array[0].size for array in named.values()]
    dtypes = {array.dtype for array in named.values()}
    if of.printed or len(dtypes) > 1 or sum(sizes) >= compiled_metrics.MOST_ENTRIES:
        return None
    (dtype,) = dtypes
    if dtype.name not in compiled_metrics.DTYPES:
        return None
    ends = np.cumsum(sizes).tolist()
    rows = tuple(map(Rows, named, [0, *ends], ends))
    matrix = np.zeros((ends[-1], n), dtype)
    for (_, start, stop), array in zip(rows, named.values(), strict=True):
        matrix[start:stop, : len(array)] = np.moveaxis(array, 0, -1).reshape(-1, len(array))
    with evidence_settings():
        return Columns(jax.numpy.asarray(matrix), rows, ends[len(of.parameters) - 1])


def measure_columns(a: Columns, b: Columns, n: int) -> tuple[Measures, tuple[str, ...]] | None:
    """Measures the quantities that both have, in the first n samples.

    Returns:
      Measures and the names of their quantities, or None if dtypes differ or there are entries
      that `compiled_metrics` cannot compare.
    """
    if a.matrix.dtype != b.matrix.dtype:
        return None
    rows = tuple(one for one in a.rows if one in b.rows)
    options: dict[str, Any] = {"rows": rows, "parameters": a.parameters}
    with evidence_settings():
        if a is b:
            found = compiled_metrics.measure_same(a.matrix, **options)
        else:
            last = rows[-1].stop
            found = compiled_metrics.measure(a.matrix[:last], b.matrix[:last], **options)
        found = jax.tree.map(lambda values: np.asarray(values)[..., :n], found)
    if found.unusual.any():
        return None
    return found, tuple(one.name for one in rows)


def compare_measured(
    a: str,
    b: str,
    of_a: Quantities,
    of_b: Quantities,
    found: Measures,
    names: Sequence[str],
    *,
    first_sample: int,
    bins: SampleBins | None = None,
    so_far: Pair | None = None,
) -> Pair:
    """Returns what `compare_pair` returns, from measures that are known.

    Args:
      a: the name of one implementation.
      b: the name of the other.
      of_a: arrays of a, for one block of samples.
      of_b: arrays of b.
      found: their measures.
      names: the quantities that were measured.
      first_sample: the number of the first sample.
      bins: in which the largest distance is kept.
      so_far: the pair in other blocks. A maximum that is less than theirs is left out, since
        `merge` would drop it.
    """
    left, right = name_all(of_a), name_all(of_b)
    known = {one.name: one for one in so_far.quantities} if so_far else {}
    rows = {metric: getattr(found, metric).argmax(axis=1).tolist() for metric in _METRICS}
    compared = {
        name: _comparison(
            name,
            {metric: (getattr(found, metric)[i, at[i]], at[i]) for metric, at in rows.items()},
            float(found.magnitude[i].max()),
            left[name],
            right[name],
            first_sample,
            known.get(name),
        )
        for i, name in enumerate(names)
    }
    parameters = slice(len(of_a.parameters))
    distances = found.max_ulp[parameters].max(axis=0)
    return Pair(
        a=a,
        b=b,
        dtype=of_a.dtype.name,
        parameters=tuple(compared[name] for name in of_a.parameters),
        prediction=compared.get("prediction"),
        loss=compared.get("loss"),
        digits=_agreements(found, of_a, of_b),
        peers=AllcloseResult(
            dict(zip(allclose.RULES, (int(c.sum()) for c in found.breaking), strict=True)),
            float(found.smallest_rtol.max()),
            float(found.max_abs[parameters].max()),
        ),
        ulp_histogram=ulp.bin_counts(distances),
        by_sample=along_samples(bins, distances, first_sample),
    )


def _comparison(
    name: str,
    largest: Mapping[str, tuple[float, int]],
    magnitude: float,
    a: np.ndarray,
    b: np.ndarray,
    first_sample: int,
    so_far: Comparison | None,
) -> Comparison:
    """Finds the places of maxima (value, sample), by comparing these samples once more."""

    def worst(metric: str) -> Worst | None:
        value, row = largest[metric]
        known: Worst | None = getattr(so_far, metric, None)
        if known and (known.value, -known.sample) > (value, -(first_sample + row)):
            return None
        one = slice(row, row + 1)
        alone = compare_arrays(name, a[one], b[one], first_sample=first_sample + row)
        found_there: Worst | None = getattr(alone, metric)
        return found_there

    return Comparison(
        name=name,
        shape=a.shape[1:],
        entries=a.size,
        max_abs=worst("max_abs"),
        max_rel=worst("max_rel"),
        max_ulp=worst("max_ulp"),
        magnitude=magnitude,
        negligible=0,
        nonfinite_same=0,
        nonfinite_differ=0,
        first_nonfinite=None,
    )


def _agreements(found: Measures, of_a: Quantities, of_b: Quantities) -> tuple[Agreement, ...]:
    """Counts agreements; anew, in NumPy, where they are too close to call."""
    far = dict(zip(digits.RULES, map(np.array, found.far), strict=True))
    rows = np.flatnonzero(found.unsure)
    if len(rows):
        sides = [_entries(of, rows) for of in (of_a, of_b)]
        for rule in _CLOSE_CALLS:
            far[rule][rows] = np.count_nonzero(~digits.RULES[rule](*sides), axis=1)
    counts = (int(count.sum()) for count in found.signed_zeros)
    zeros = dict(zip(digits.SIGNED_ZEROS, counts, strict=True))
    entries = sum(array[0].size for array in of_a.parameters.values())
    n = len(found.unsure)
    return tuple(
        Agreement(
            rule,
            n * entries - int(c.sum()),
            n * entries,
            int((c == 0).sum()),
            n,
            zeros.get(rule, 0),
        )
        for rule, c in far.items()
    )


def _entries(of: Quantities, rows: np.ndarray) -> np.ndarray:
    """Returns all parameters of some samples, [n, E] in float64."""
    flat = [array[rows].reshape(len(rows), -1) for array in of.parameters.values()]
    return np.concatenate(flat, axis=1).astype(np.float64)
