"""What the gradient of a batch is added up from: the gradients of its samples.

Shape letters: R rows, ... the shape of a parameter. A row is one sample, or some of them added up.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Terms(NamedTuple):
    """The samples of one batch, in one parameter; float64."""

    gradients: np.ndarray  # [R, ...], of the losses of single samples
    magnitudes: np.ndarray  # [R, ...], those of the gradients
    errors: np.ndarray  # [R, ...]: how far what a program adds may be from a row, weight included
    typical: np.ndarray  # [R, ...]: the scale that these errors have
    squares: np.ndarray  # [...]: the squares of all partial sums, added up
    counts: np.ndarray  # [R]: samples in a row
    once: np.ndarray | float = 0.0  # what a batch has once, and not for every sample: an L2 term

    @property
    def n(self) -> int:
        """How many samples there are."""
        return int(self.counts.sum())

    def with_errors(self, worst: np.ndarray, typical: np.ndarray) -> "Terms":
        """Returns the same with more errors, [R, ...] each."""
        return self._replace(errors=self.errors + worst, typical=np.hypot(self.typical, typical))

    def pooled(self, *, first: bool, last: bool) -> "Terms":
        """Returns the same with its rows added up, the first and the last kept apart if asked."""
        rows = len(self.counts)
        cuts = sorted({0, min(1, rows) * first, max(rows - last, 0), rows})
        starts = cuts[:-1]

        def sums(of: np.ndarray) -> np.ndarray:
            return np.add.reduceat(of, starts, axis=0)

        return self._replace(
            gradients=sums(self.gradients),
            magnitudes=sums(self.magnitudes),
            errors=sums(self.errors),
            typical=np.sqrt(sums(self.typical**2)),
            counts=sums(self.counts),
        )


def terms_of(
    gradients: np.ndarray,
    *,
    hidden: np.ndarray | float = 0.0,
    once: np.ndarray | float = 0.0,
    after: np.ndarray | float = 0.0,
) -> Terms:
    """Returns the terms of samples whose gradients are exact but for what is hidden of each.

    Args:
      gradients: [n, ...], what a batch has once included.
      hidden: half a unit of the last known digit, weight included, [n, ...].
      once: the part of every gradient that a batch has once, [...].
      after: the sum of the samples before them in the same batch, [...].
    """
    wide = gradients.astype(np.float64) - once
    unknown = np.broadcast_to(np.asarray(hidden, np.float64), wide.shape)
    partial = after + np.cumsum(wide, axis=0)
    squares = np.square(partial).sum(axis=0)
    counts = np.ones(len(wide), int)
    return Terms(wide, np.abs(wide), unknown, unknown, squares, counts, once)


def joined(parts: Sequence[Terms]) -> Terms:
    """Returns the terms of one batch whose samples came in several parts."""

    def rows(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name) for one in parts])

    return Terms(
        rows("gradients"),
        rows("magnitudes"),
        rows("errors"),
        rows("typical"),
        np.add.reduce([one.squares for one in parts]),
        rows("counts"),
        parts[0].once,
    )
