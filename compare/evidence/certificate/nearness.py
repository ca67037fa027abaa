"""Gradients that break a rule of backpropagation, and are right all the same.

The rules hold for whatever is computed layer by layer. Forward mode and finite differences round
every entry by itself, so their gradients are of rank one only roughly, all over a layer. Where
every entry is as near to the float64 value as rounding usually leaves it, or nearer than those of
all certified implementations, there is nothing to accuse such a gradient of.

Whether it is rounded so is seen in layers of several units. Where there are none, or where the
rules are hardly broken, it may be so or not, and nothing is said.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.rounding import Rounding

_SHARE = 2.0**-10  # of the largest entry: what is off by more is not near, whatever rounding does
_MANY = 0.2  # share of the samples that break a rule
_MANY_OF_ALL = 1 / 16  # share of all samples
_SUSPECTS = 7  # units that are tried, those first where the rule breaks most
_TELLING = 4  # units of a layer that tell whether it is rounded all over

# How often an allowance may be used up by what is right: a product of up to eight factors, rounded
# in an order of its own, is 8 u off, where the rules of rank_one and of the input allow for 4 u.
HARDLY = 2.0


class Nearness(NamedTuple):
    """Samples that break a rule, and are near to their float64 values: [N] bool each."""

    surely: np.ndarray  # that are rounded entry by entry
    perhaps: np.ndarray  # that may be


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


def is_scattered(failing: Case, others: Case) -> bool:
    """Returns whether dL/dw = outer(h, delta) is rounded all over some layer, in many samples.

    Args:
      failing: samples that break a rule, in float64.
      others: any samples of the same implementation, in float64.
    """
    return bool(_scattered(failing).mean() >= _MANY or _scattered(others).mean() >= _MANY_OF_ALL)


def _scattered(case: Case) -> np.ndarray:
    """Returns in which samples some layer is surely not what outer(h, delta) is rounded to.

    One wrong entry of dL/dw or dL/db breaks it too, and moves the h that is recovered. But with its
    unit left out, and h recovered from the others, it holds to less than half of its allowance.
    With q the share of a wrong unit in |delta|^2, the rule is broken by 1 - q at that unit, and by
    q at all others: it is the unit where the rule breaks most, or that of the largest delta.
    """
    scattered = np.zeros(case.x.shape[-1], bool)
    for dw, db in case.grads:
        by_unit = _rank_one_ratios(dw, db, case.rounding).max(axis=0)
        least = np.full(case.x.shape[-1], np.inf)
        suspects = [*np.argsort(-by_unit, axis=0)[:_SUSPECTS], np.abs(db).argmax(axis=0)]
        for unit in suspects:  # [N]
            kept = np.arange(len(db))[:, None] != unit
            left = _rank_one_ratios(np.where(kept, dw, 0.0), np.where(kept, db, 0.0), case.rounding)
            least = np.minimum(least, left.max(axis=(0, 1)))
        scattered |= least > 0.5
    return scattered


def may_be_scattered(case: Case, ratios: np.ndarray | float) -> np.ndarray:
    """Returns which samples may be rounded entry by entry though no layer shows it, [N] bool.

    Args:
      case: in float64.
      ratios: by how much of its allowance the worst entry of each sample is off, [N].
    """
    units = [np.count_nonzero(db, axis=0) for _, db in case.grads]
    return (np.maximum.reduce(units) < _TELLING) | (ratios <= HARDLY)


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
    delta = case.loss.slope(np, w.T @ inputs[-1] + b[:, None], case.y)
    grads = [(inputs[-1][:, None] * delta, delta)]
    for i in range(len(slopes) - 1, -1, -1):
        delta = (case.params[i + 1][0] @ delta) * slopes[i]
        grads.append((inputs[i][:, None] * delta, delta))
    return tuple(reversed(grads))


def _largest(values: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude in each sample, [N]."""
    return np.abs(values).max(axis=tuple(range(values.ndim - 1)))
