"""The certificate rule by rule: how much of its allowance each rule uses, and how often it fails.

Shape letters: N samples, C checks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class RuleSummary(NamedTuple):
    """One rule at one parameter, over all samples whose gradient is finite."""

    rule: str
    parameter: str
    ratio: float  # the largest |found - expected| / allowed
    failed: int  # samples in which it is over 1


def places(layers: int) -> list[tuple[str, str]]:
    """Returns (rule, parameter) of every check, in the order of `check_gradients`."""
    forward = [
        place
        for i in range(1, layers + 1)
        for place in (("rank_one", f"w{i}"), ("activation" if i > 1 else "input", f"w{i}"))
    ]
    backward = [("chain", f"b{i}") for i in range(layers - 1, 0, -1)]
    return [*forward, ("output", f"b{layers}"), *backward]


def summarise_rules(
    ratios: np.ndarray,
    finite: np.ndarray,
    told: np.ndarray | bool = True,
    *,
    layers: int,
    are_all: bool = True,
) -> tuple[RuleSummary, ...]:
    """Reduces ratios over samples.

    Args:
      ratios: [C, N].
      finite: the samples whose gradient is finite, [N] bool.
      told: those of which the largest ratio is taken, [N] bool.
      layers: of the network.
      are_all: whether there are no other samples, with smaller ratios.
    """
    counted = np.where(finite, ratios, 0.0)
    # a ratio that is not a number says nothing
    least = np.nan if are_all else 0.0
    largest = np.fmax.reduce(np.where(told, counted, 0.0), axis=1, initial=least)
    failed = np.count_nonzero(counted > 1, axis=1)
    return tuple(
        RuleSummary(*place, float(ratio), int(count))
        for place, ratio, count in zip(places(layers), largest, failed, strict=True)
    )


def merge(one: Sequence[RuleSummary], other: Sequence[RuleSummary]) -> tuple[RuleSummary, ...]:
    """Joins the summaries of two sets of samples, in any order."""
    if not one or not other:
        return tuple(one or other)
    return tuple(
        p._replace(ratio=max(p.ratio, q.ratio), failed=p.failed + q.failed)
        for p, q in zip(one, other, strict=True)
    )
