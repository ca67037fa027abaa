"""End-to-end rounding bounds of a pair: how much of what rounding allows a difference uses."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from compare.evidence.printed import hidden_in

TYPICAL_LIMIT = 4.0  # root-sum-of-squares scales; beyond it a difference is worth a look


class Allowance(NamedTuple):
    """How far a computed gradient may be from the exact one: arrays [N, ...], by parameter."""

    worst: dict[str, np.ndarray]  # a proof
    typical: dict[str, np.ndarray]  # the scale that real errors have


def with_printed(
    allowance: Allowance, printed: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
) -> Allowance:
    """Adds what print hides.

    Args:
      allowance: for the numbers as computed.
      printed: half a unit of the last printed digit, [N, ...], by parameter; exact ones may be left
        out.
      values: what was read, [N, ...], in the dtype of the arithmetic.
    """
    hidden = {name: hidden_in(values[name], e) for name, e in printed.items()}
    worst = {name: allowance.worst[name] + e for name, e in hidden.items()}
    typical = {name: np.hypot(allowance.typical[name], e) for name, e in hidden.items()}
    return Allowance({**allowance.worst, **worst}, {**allowance.typical, **typical})


@dataclasses.dataclass(frozen=True)
class BoundRatio:
    """One parameter of one pair."""

    name: str
    worst_ratio: float  # max |a - b| / (e_a + e_b): over 1 no rounding explains it
    sample: int  # of that
    index: tuple[int, ...]
    typical_ratio: float
    entries: int
    vacuous: int  # entries whose allowance is over the largest entry of their sample


def bound_ratio(
    name: str,
    a: np.ndarray,
    b: np.ndarray,
    of_a: Allowance,
    of_b: Allowance,
    *,
    samples: np.ndarray,
) -> BoundRatio:
    """Holds |a - b| against both allowances.

    Args:
      name: of the parameter.
      a: [N, ...].
      b: [N, ...].
      of_a: allowances of a.
      of_b: allowances of b.
      samples: [N], their numbers.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    distance = np.where(finite, np.abs(np.where(finite, a, 0) - np.where(finite, b, 0)), 0)
    worst = of_a.worst[name] + of_b.worst[name]
    typical = np.hypot(of_a.typical[name], of_b.typical[name])
    ratio, likely = _over(distance, worst), _over(distance, typical)
    flat = int(np.argmax(ratio))
    row, *index = (int(i) for i in np.unravel_index(flat, ratio.shape))
    sizes = np.where(finite, np.maximum(np.abs(a), np.abs(b)), 0).reshape(len(a), -1).max(axis=1)
    largest = sizes.reshape(-1, *(1,) * (a.ndim - 1))
    return BoundRatio(
        name,
        float(ratio.flat[flat]),
        int(samples[row]),
        tuple(index),
        float(likely.max()),
        a.size,
        int(np.count_nonzero(finite & (worst > largest) & (largest > 0))),
    )


def merge(earlier: BoundRatio, later: BoundRatio) -> BoundRatio:
    """Joins two sets of samples, in any order; of equal ratios that of the lower sample stays."""
    worst = max(earlier, later, key=lambda one: (one.worst_ratio, -one.sample))
    return dataclasses.replace(
        worst,
        typical_ratio=max(earlier.typical_ratio, later.typical_ratio),
        entries=earlier.entries + later.entries,
        vacuous=earlier.vacuous + later.vacuous,
    )


def _over(distance: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Returns distance / allowed, 0 where nothing differs."""
    with np.errstate(all="ignore"):
        return np.where(distance > 0, distance / allowed, 0)
