"""What one implementation says of the samples of one block."""

from typing import NamedTuple

import numpy as np

from compare.evidence.pairs import Quantities
from jaxmlp.base import Evaluation, Grads, Layer


class Answer(NamedTuple):
    """Per-sample gradients, and what else there is of N samples."""

    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out]
    prediction: np.ndarray | None = None  # [N, k]
    loss: np.ndarray | None = None  # [N]
    printed: Grads | None = None  # half a unit of the last printed digit of each entry

    @property
    def dtype(self) -> np.dtype:
        """Of the arithmetic."""
        return self.grads[0].b.dtype


def answer_of(evaluation: Evaluation, n: int) -> Answer:
    """Returns the first n samples of an evaluation."""
    whole = Answer(evaluation.grads, evaluation.prediction, evaluation.loss)
    return take(whole, slice(0, n))


def take(answer: Answer, rows: np.ndarray | slice) -> Answer:
    """Returns some samples of an answer."""
    return Answer(
        _take_grads(answer.grads, rows),
        None if answer.prediction is None else answer.prediction[rows],
        None if answer.loss is None else answer.loss[rows],
        None if answer.printed is None else _take_grads(answer.printed, rows),
    )


def quantities(answer: Answer, layout: str) -> Quantities:
    """Names the arrays of an answer, weight matrices in the layout to be reported."""
    named = name_parameters(answer.grads, layout)
    return Quantities(named, answer.prediction, answer.loss, answer.printed is not None)


def name_parameters(grads: Grads, layout: str) -> dict[str, np.ndarray]:
    """Returns w1, b1, ... of per-sample gradients, weight matrices in a layout."""
    named = {}
    for i, (w, b) in enumerate(grads, start=1):
        named[f"w{i}"] = w if layout == "in_out" else np.swapaxes(w, 1, 2)
        named[f"b{i}"] = b
    return named


def _take_grads(grads: Grads, rows: np.ndarray | slice) -> Grads:
    return tuple(Layer(w[rows], b[rows]) for w, b in grads)
