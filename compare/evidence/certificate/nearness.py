"""Gradients that break a rule of backpropagation, and are right all the same.

The rules hold for whatever is computed layer by layer. Forward mode and finite differences round
every entry by itself, so their gradients are of rank one only roughly, all over a layer. Where
every entry is as near to the float64 value as rounding usually leaves it, or nearer than those of
all certified implementations, there is nothing to accuse such a gradient of.
"""

from collections.abc import Sequence

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.rounding import Rounding

_SHARE = 2.0**-10  # of the largest entry: what is off by more is not near, whatever rounding does
_MANY = 0.2  # share of samples
_SUSPECTS = 8  # units that are tried, those first where the rule breaks most


def is_far(case: Case) -> np.ndarray:
    """Returns which samples have an entry far from its float64 value, [N] bool.

    It is far by more than a share of the largest entry of its parameter.

    Args:
      case: in float64.
    """
    far = np.zeros(case.x.shape[-1], bool)
    for layer, values in zip(case.grads, float64_gradients(case), strict=True):
        for found, value in zip(layer, values, strict=True):
            far |= _largest(found - value) > _SHARE * _largest(value)
    return far


def is_scattered(case: Case) -> bool:
    """Returns whether dL/dw = outer(h, delta) is rounded all over some layer, in many samples.

    One wrong entry of dL/dw or dL/db breaks it too, and moves the h that is recovered. But with its
    unit left out, and h recovered from the others, it holds to less than half of its allowance.

    Args:
      case: samples that break a rule, in float64.
    """
    scattered = np.zeros(case.x.shape[-1], bool)
    for dw, db in case.grads:
        by_unit = _rank_one_ratios(dw, db, case.rounding).max(axis=0)
        least = np.full(case.x.shape[-1], np.inf)
        for unit in np.argsort(-by_unit, axis=0)[:_SUSPECTS]:  # [N]
            kept = np.arange(len(db))[:, None] != unit
            left = _rank_one_ratios(np.where(kept, dw, 0.0), np.where(kept, db, 0.0), case.rounding)
            least = np.minimum(least, left.max(axis=(0, 1)))
        scattered |= least > 0.5
    return bool(scattered.mean() >= _MANY)


def _rank_one_ratios(dw: np.ndarray, delta: np.ndarray, rounding: Rounding) -> np.ndarray:
    """Returns the share of its rounding by which each entry differs from outer(h, delta)."""
    h = (dw * delta).sum(axis=1) / np.maximum((delta * delta).sum(axis=0), 1e-300)
    product = h[:, None] * delta
    allowed = 2 * rounding.outer * np.abs(product) + rounding.lam * (1 + np.abs(h[:, None]))
    return np.asarray(np.abs(dw - product) / allowed)


def is_near(case: Case, others: Sequence[Layers], typical: Layers, u: float) -> np.ndarray:
    """Returns which samples have only entries near to their float64 values, [N] bool.

    Args:
      case: the gradients that break a rule, in float64.
      others: gradients of certified implementations for the same samples, sample axis last.
      typical: in the shapes of the gradients, how far off rounding usually leaves them.
      u: unit roundoff of the run.
    """
    near = np.ones(case.x.shape[-1], bool)
    for i, layer in enumerate(float64_gradients(case)):
        for kind, value in enumerate(layer):
            allowed = np.maximum(u * np.abs(value), typical[i][kind])
            if others:
                errors = [np.abs(other[i][kind].astype(np.float64) - value) for other in others]
                allowed = np.maximum(allowed, np.minimum.reduce(errors))
            within = np.abs(case.grads[i][kind] - value) <= allowed
            near &= within.reshape(-1, within.shape[-1]).all(axis=0)
    return near


def float64_gradients(case: Case) -> Layers:
    """Returns dw [n_in, n_out, N] and db [n_out, N] of every layer, all computed in float64."""
    inputs, slopes = [case.x], []
    for phi, (w, b) in zip(case.activations, case.params[:-1], strict=True):
        z = w.T @ inputs[-1] + b[:, None]
        inputs.append(phi.value(np, z))
        slopes.append(phi.slope(np, z))
    w, b = case.params[-1]
    delta = case.loss.slope(w.T @ inputs[-1] + b[:, None], case.y)
    grads = [(inputs[-1][:, None] * delta, delta)]
    for i in range(len(slopes) - 1, -1, -1):
        delta = (case.params[i + 1][0] @ delta) * slopes[i]
        grads.append((inputs[i][:, None] * delta, delta))
    return tuple(reversed(grads))


def _largest(values: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude in each sample, [N]."""
    return np.abs(values).max(axis=tuple(range(values.ndim - 1)))
