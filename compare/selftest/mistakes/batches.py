"""Mistakes in how the gradients of samples become that of a batch; those of samples are right."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.selftest.backward import Forward
from jaxmlp.base import Layer

Reduce = Callable[["Part"], np.ndarray]


class Part(NamedTuple):
    """One parameter of one batch of n samples."""

    name: str  # 'w1', 'b1', ...
    gradients: np.ndarray  # [n, ...], of the losses of single samples, without the penalty
    penalty: np.ndarray | float  # lambda w, or 0

    @property
    def n(self) -> int:
        """How many samples there are."""
        return len(self.gradients)

    @property
    def sum(self) -> np.ndarray:
        """The sum over the samples, [...]."""
        return np.asarray(self.gradients.sum(axis=0))


class BatchMistake(NamedTuple):
    """One way to go wrong where samples become a batch."""

    asked: str  # 'mean' or 'sum'
    told: Mapping[str, str]  # 'the gradient', 'w' or 'b' -> what has to be said; nothing if empty
    reduce: Reduce
    needs: Callable[[Forward], bool] = lambda f: True

    def gradients(self, f: Forward, samples: tuple[Layer, ...], rows: slice) -> tuple[Layer, ...]:
        """Returns the gradient of a batch, leaves [1, ...], of its samples' [N, ...]."""
        made = []
        for i, (dw, db) in enumerate(samples, start=1):
            slope = np.asarray(f.l2 * f.w(i), dw.dtype)
            parts = Part(f"w{i}", dw[rows] - slope, slope), Part(f"b{i}", db[rows], 0.0)
            made.append(Layer(*(self.reduce(one)[None].astype(dw.dtype) for one in parts)))
        return tuple(made)


def right(asked: str) -> Reduce:
    """Returns what reduces as it should."""
    return lambda part: part.sum / (part.n if asked == "mean" else 1) + part.penalty


def _times(asked: str, factor: Callable[[Part], float]) -> Reduce:
    return lambda part: factor(part) * (right(asked)(part) - part.penalty) + part.penalty


def _has_penalty(f: Forward) -> bool:
    return bool(f.l2)


def _weighted(part: Part) -> np.ndarray:
    shares = np.linspace(0.5, 1.5, part.n).reshape(-1, *(1,) * (part.gradients.ndim - 1))
    return np.asarray((shares * part.gradients).mean(axis=0) + part.penalty)


_WHOLE, _L2 = "the gradient", "right but for the L2 term, which is"
_MEAN, _SUM = "the mean over the batch", "the sum over the batch"

BATCHES: Mapping[str, BatchMistake] = MappingProxyType(
    {
        "a sum for the mean": BatchMistake(
            "mean", {_WHOLE: f"{_SUM} where the mean is asked for"}, right("sum")
        ),
        "a mean for the sum": BatchMistake(
            "sum", {_WHOLE: f"{_MEAN} where the sum is asked for"}, right("mean")
        ),
        "every db averaged": BatchMistake(
            "sum",
            {"b": f"{_MEAN} where the sum is asked for"},
            _times("sum", lambda part: 1 / part.n if part.name[0] == "b" else 1),
            lambda f: any(map(f.has_bias, range(1, f.depth + 1))),
        ),
        "every dw summed": BatchMistake(
            "mean",
            {"w": f"{_SUM} where the mean is asked for"},
            _times("mean", lambda part: part.n if part.name[0] == "w" else 1),
        ),
        "the mean divided by N": BatchMistake(
            "mean",
            {_WHOLE: f"{_MEAN} divided by its number of samples"},
            _times("mean", lambda part: 1 / part.n),
        ),
        "divided by N - 1": BatchMistake(
            "mean",
            {_WHOLE: f"{_SUM} divided by its number of samples less one"},
            _times("sum", lambda part: 1 / (part.n - 1)),
        ),
        "the last sample alone": BatchMistake(
            "mean",
            {_WHOLE: "that of the last sample of a batch alone"},
            lambda part: part.gradients[-1] + part.penalty,
        ),
        "the first sample left out": BatchMistake(
            "sum",
            {_WHOLE: "that of a batch without its first sample"},
            lambda part: part.gradients[1:].sum(axis=0) + part.penalty,
        ),
        "the penalty averaged": BatchMistake(
            "mean",
            {_WHOLE: f"{_L2} divided by the number of samples"},
            lambda part: right("mean")(part) - part.penalty + part.penalty / part.n,
            _has_penalty,
        ),
        "the penalty of every sample": BatchMistake(
            "sum",
            {_WHOLE: f"{_L2} added for every sample"},
            lambda part: part.sum + part.n * part.penalty,
            _has_penalty,
        ),
        # from here on without a name
        "the mean over the wrong axis": BatchMistake(
            "mean",
            {},
            lambda part: part.sum / part.gradients.shape[-1] + part.penalty,
            lambda f: len(set(f.sizes[1:])) > 1,
        ),
        "the largest for the mean": BatchMistake(
            "mean", {}, lambda part: part.gradients.max(axis=0) + part.penalty
        ),
        "the median for the mean": BatchMistake(
            "mean", {}, lambda part: np.median(part.gradients, axis=0) + part.penalty
        ),
        "later samples weigh more": BatchMistake("mean", {}, _weighted),
        "sizes added up": BatchMistake(
            "sum", {}, lambda part: np.abs(part.gradients).sum(axis=0) + part.penalty
        ),
    }
)
