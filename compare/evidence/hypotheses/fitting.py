"""Whether two arrays are equal, but for rounding and for what print hides.

The sample axis is last. Shape letters: N samples.
"""

from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.forward import Preacts
from compare.evidence.certificate.recovery import LayerGradient


class Tolerance(NamedTuple):
    """How far an array that fits may be off."""

    relative: np.ndarray  # [N] relative to the largest entry of a sample
    hidden: np.ndarray  # [N] besides, by print


class LayerAbove(NamedTuple):
    """The layer above, and what its delta passes through on the way down."""

    layer: LayerGradient
    w: np.ndarray  # [n_l, n_{l+1}]
    slope: np.ndarray  # [n_l, N]


def tolerances(
    rounding: np.ndarray, own: LayerGradient, above: LayerAbove | None, h: np.ndarray
) -> tuple[Tolerance, Tolerance]:
    """Returns the tolerances of db, and of dw beside db as found.

    Args:
      rounding: [N], the effect of rounding, relative to the largest entry of a sample.
      own: the layer.
      above: None for the last layer.
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
    """Returns whether all samples are equal within the tolerance."""
    return bool(np.all(within(found, value, tolerance)))


def within(found: np.ndarray, value: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Returns which samples are equal within the tolerance, [N] bool."""
    distance = largest(found - value)
    return np.asarray(distance <= tolerance.relative * largest(value) + tolerance.hidden)


def largest(values: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude in each sample, [N]."""
    return np.abs(values).max(axis=tuple(range(values.ndim - 1)))


def relative_error(preacts: Preacts) -> np.ndarray:
    """Returns the error of z relative to its largest entry, [N]."""
    return largest(preacts.error) / np.maximum(largest(preacts.z), 1e-300)


def outer(h: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Returns the outer product of h [n_in, N] and delta [n_out, N], [n_in, n_out, N]."""
    return h[:, None] * delta
