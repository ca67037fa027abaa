"""What one implementation says of the samples of one block."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.formats.layouts import in_layout
from compare.problem.network import Network
from compare.problem.quantities import Quantities
from jaxmlp.base import Evaluation, Grads, Layer

# implementation -> parameter -> [N, ...], in_out
NamedGrads: TypeAlias = dict[str, dict[str, np.ndarray]]


class Answer(NamedTuple):
    """Per-sample gradients, and what else there is of N samples."""

    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out], or [N, 0] of a layer without a bias
    prediction: np.ndarray | None = None  # [N, k]
    loss: np.ndarray | None = None  # [N]
    printed: Grads | None = None  # half a unit of the last digit that is known of each entry
    rate: float | None = None  # of the step of gradient descent that it was recovered from

    @property
    def dtype(self) -> np.dtype:
        """Of the arithmetic."""
        return self.grads[0].b.dtype

    @property
    def is_finite(self) -> bool:
        """Whether all of its numbers are."""
        return all(bool(np.isfinite(one).all()) for one in arrays_of(self))


def answer_of(evaluation: Evaluation, n: int) -> Answer:
    """Returns the first n samples of an evaluation."""
    whole = Answer(evaluation.grads, evaluation.prediction, evaluation.loss)
    return take(whole, slice(0, n))


def of_one_batch(grads: Grads) -> Answer:
    """Returns the gradient of one batch, leaves [n_in, n_out] and [n_out], as one row."""
    return Answer(tuple(Layer(w[None], b[None]) for w, b in grads))


def joined(answers: Sequence[Answer]) -> Answer:
    """Returns the rows of several answers of one implementation, one below the other."""
    arrays = [np.concatenate(leaves) for leaves in zip(*map(arrays_of, answers), strict=True)]
    printed = None
    if any(one.printed is not None for one in answers):
        printed = _concatenated([one.printed or _zeros_like(one.grads) for one in answers])
    return with_arrays(answers[0], arrays)._replace(printed=printed)


def without_missing_biases(answer: Answer, network: Network) -> Answer:
    """Returns the answer with db [N, 0] where the network has no bias."""
    if not network.biases:
        return answer

    def kept(grads: Grads) -> Grads:
        pairs = zip(grads, network.biases, strict=True)
        return tuple(Layer(w, b if has else b[:, :0]) for (w, b), has in pairs)

    printed = None if answer.printed is None else kept(answer.printed)
    return answer._replace(grads=kept(answer.grads), printed=printed)


def take(answer: Answer, rows: np.ndarray | slice) -> Answer:
    """Returns some samples of an answer."""
    return answer._replace(
        grads=_take_grads(answer.grads, rows),
        prediction=None if answer.prediction is None else answer.prediction[rows],
        loss=None if answer.loss is None else answer.loss[rows],
        printed=None if answer.printed is None else _take_grads(answer.printed, rows),
    )


def arrays_of(answer: Answer) -> list[np.ndarray]:
    """Returns w and b of every layer, then prediction and loss where there are any."""
    leaves = [leaf for layer in answer.grads for leaf in layer]
    return leaves + [one for one in (answer.prediction, answer.loss) if one is not None]


def with_arrays(answer: Answer, arrays: Sequence[np.ndarray]) -> Answer:
    """Returns the answer with other arrays, in the order of `arrays_of`."""
    left = iter(arrays)
    grads = tuple(Layer(next(left), next(left)) for _ in answer.grads)
    prediction = None if answer.prediction is None else next(left)
    loss = None if answer.loss is None else next(left)
    return answer._replace(grads=grads, prediction=prediction, loss=loss)


def quantities(answer: Answer, layout: str) -> Quantities:
    """Names the arrays of an answer, weight matrices in the layout to be reported."""
    named = name_parameters(answer.grads, layout)
    return Quantities(named, answer.prediction, answer.loss, answer.printed is not None)


def name_parameters(grads: Grads, layout: str) -> dict[str, np.ndarray]:
    """Returns w1, b1, ... of per-sample gradients, weight matrices in a layout.

    Layers without a bias have none.
    """
    named = {}
    for i, (w, b) in enumerate(grads, start=1):
        named[f"w{i}"] = in_layout(w, layout)
        if b.shape[-1]:
            named[f"b{i}"] = b
    return named


def names_by_answer(answers: Mapping[str, Answer]) -> list[tuple[str, ...]]:
    """Puts the names together that share an object."""
    groups: dict[int, list[str]] = {}
    for name, answer in answers.items():
        groups.setdefault(id(answer), []).append(name)
    return [tuple(group) for group in groups.values()]


def _concatenated(found: Sequence[Grads]) -> Grads:
    return tuple(
        Layer(*(np.concatenate(leaves) for leaves in zip(*layer, strict=True)))
        for layer in zip(*found, strict=True)
    )


def _zeros_like(grads: Grads) -> Grads:
    return tuple(Layer(np.zeros(w.shape), np.zeros(b.shape)) for w, b in grads)


def _take_grads(grads: Grads, rows: np.ndarray | slice) -> Grads:
    return tuple(Layer(w[rows], b[rows]) for w, b in grads)
