"""Labels as a loss wants them: drawn where nobody has any, and checked where somebody has.

numbers        any, for the squared, Huber and absolute losses
probabilities  of k classes, one-hot or not, [N, k], or numbers of classes, [N], for cross-entropy
and wherever the output is a softmax
0 to 1         for binary cross-entropy
-1 and 1       for the hinge loss
"""

from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import round_once
from compare.formats.dtypes import unit_roundoff

_STREAM = 2  # of a seed; weights have stream 0 and samples stream 1
_RULED = ("cross_entropy", "binary_cross_entropy", "hinge")
_SLACK = 4  # roundings by which k probabilities may miss 1, beside one for each


class Labels(NamedTuple):
    """What the labels of a network are."""

    output: str
    loss: str
    n_outputs: int
    seed: int = 0

    @property
    def are_classes(self) -> bool:
        """Whether each sample may have the number of its class."""
        return self.output == "softmax" and self.n_outputs > 1

    @property
    def have_rules(self) -> bool:
        """Whether there are labels that cannot be."""
        return self.are_classes or self.loss in _RULED

    def drawn(self, x: np.ndarray, start: int) -> np.ndarray:
        """Returns labels of samples that have none, [N, k] in the dtype of x.

        They are the mean of x_i^2 for losses of any numbers, and else drawn from the seed, by the
        number of the sample: one class, or one side of two for every output.

        Args:
          x: [N, d].
          start: the number of the first sample.
        """
        n, k = len(x), self.n_outputs
        if self.loss not in _RULED:
            return default_labels(x, k)
        counts = -(-k // 4)  # a value of Philox's counter makes four numbers
        key = np.random.SeedSequence(self.seed, spawn_key=(_STREAM,)).generate_state(2, np.uint64)
        bits = np.random.Philox(key=key, counter=start * counts)
        draws = np.random.Generator(bits).random((n, counts * 4))[:, :k]
        if self.loss == "cross_entropy":
            drawn = one_hot(np.floor(draws[:, 0] * k).astype(int), k)
        else:
            drawn = np.round(draws) if self.loss == "binary_cross_entropy" else np.sign(draws - 0.5)
        return drawn.astype(x.dtype)

    def as_given(self, y: np.ndarray) -> np.ndarray:
        """Returns labels [N, k] of what somebody has, [N, k] or [N]: numbers of classes one-hot."""
        if self.are_classes and (y.ndim == 1 or y.shape[1] == 1):
            return one_hot(y.reshape(-1).astype(int), self.n_outputs).astype(y.dtype)
        return y.reshape(-1, self.n_outputs)

    def check(self, y: np.ndarray, *, start: int, where: str) -> None:
        """Checks labels as they were given, [N, k] or [N].

        Args:
          y: some of them.
          start: the number of the first sample.
          where: what to call them.

        Raises:
          UsageError: for the first sample whose labels cannot be.
        """
        wide = np.asarray(y, np.float64)
        if self.are_classes and (y.ndim == 1 or y.shape[1] == 1):
            wide, k = wide.reshape(-1), self.n_outputs
            right = (wide == np.floor(wide)) & (wide >= 0) & (wide < k)
            expected = f"numbers of classes from 0 to {k - 1}"
        elif self.loss == "cross_entropy":
            u = unit_roundoff(y.dtype)
            off = np.abs(wide.sum(axis=1) - 1) <= (self.n_outputs + _SLACK) * u
            right = off & (wide >= 0).all(axis=1)
            expected = "probabilities that sum to 1 in every sample, for --loss=cross_entropy"
        elif self.loss == "binary_cross_entropy":
            right = ((wide >= 0) & (wide <= 1)).reshape(len(wide), -1).all(axis=1)
            expected = "labels from 0 to 1, for --loss=binary_cross_entropy"
        elif self.loss == "hinge":
            right = (np.abs(wide) == 1).reshape(len(wide), -1).all(axis=1)
            expected = "labels -1 and 1, for --loss=hinge"
        else:
            return
        if not right.all():
            row = int(np.argmin(right))
            found = ", ".join(f"{value:.9g}" for value in np.atleast_1d(wide[row])[:8])
            raise UsageError(f"{where}: expected {expected}; sample {start + row} has {found}")


def one_hot(classes: np.ndarray, k: int) -> np.ndarray:
    """Returns rows [N, k] of a 1 and zeros, float64, for numbers of classes [N]."""
    return (classes[:, None] == np.arange(k)).astype(np.float64)


def default_labels(x: np.ndarray, n_outputs: int) -> np.ndarray:
    """Returns the mean of x_i^2, computed in float64, rounded once and repeated: [N, k]."""
    with np.errstate(over="ignore"):  # an infinite label is reported as any other
        mean = np.square(x.astype(np.float64)).mean(axis=1, keepdims=True)
    return np.repeat(round_once(mean, x.dtype), n_outputs, axis=1)
