"""Whether one array is another, but for rounding and for what print hides.

The sample axis is last. Shape letters: N samples.
"""

from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.recovered import Trace
from compare.evidence.certificate.rules import Layer


class Tolerance(NamedTuple):
    """How far a fitting array may be off."""

    relative: np.ndarray  # [N] to the largest entry of a sample
    hidden: np.ndarray  # [N] besides, whatever the entries are


class Above(NamedTuple):
    """The layer above, and how delta comes down from it."""

    layer: Layer
    w: np.ndarray  # [n_l, n_{l+1}]
    slope: np.ndarray  # [n_l, N]


def tolerances(
    rounding: np.ndarray, own: Layer, above: Above | None, h: np.ndarray
) -> tuple[Tolerance, Tolerance]:
    """Returns the tolerances of db, and of dw beside db as found.

    Args:
      rounding: [N], what rounding explains, relative to the largest entry of a sample.
      own: the layer.
      above: None for the output.
      h: [n_in, N], its input.
    """
    if own.dw_hidden is None or own.delta_hidden is None:
        return (Tolerance(rounding, np.zeros_like(rounding)),) * 2
    by_delta = largest(own.delta_hidden)
    of_dw = Tolerance(rounding, largest(own.dw_hidden) + largest(h) * by_delta)
    if above is None or above.layer.delta_hidden is None:
        return Tolerance(rounding, by_delta), of_dw
    hidden = above.layer.delta_hidden
    passed_on = largest((np.abs(above.w) @ hidden) * above.slope)
    share = largest(hidden) / np.maximum(largest(above.layer.delta), 1e-300)
    return Tolerance(rounding + 2 * np.minimum(share, 1), by_delta + passed_on), of_dw


def fits(found: np.ndarray, value: np.ndarray, tolerance: Tolerance) -> bool:
    """Whether all samples are equal within the tolerance."""
    distance = largest(found - value)
    return bool(np.all(distance <= tolerance.relative * largest(value) + tolerance.hidden))


def largest(values: np.ndarray) -> np.ndarray:
    """The largest magnitude in each sample, [N]."""
    return np.abs(values).max(axis=tuple(range(values.ndim - 1)))


def lost_in(trace: Trace) -> np.ndarray:
    """What is not known of z, relative to its largest entry, [N]."""
    return largest(trace.error) / np.maximum(largest(trace.z), 1e-300)


def outer(h: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Multiplies h [n_in, N] and delta [n_out, N] to [n_in, n_out, N]."""
    return h[:, None] * delta
