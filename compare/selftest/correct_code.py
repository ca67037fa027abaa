"""Correct backwards as people write them: textbook formulas, float64 in places, from new weights.

Each is a program of its own, in NumPy, whose gradients the verdict may not call wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.implementations.numpy_activations import ACTIVATIONS, Activation
from compare.implementations.user.updates import with_hidden_digits
from compare.problem.answers import Answer
from compare.problem.problem import Problem
from jaxmlp.base import Batch, Grads, Layer, Params

Product: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _by_tanh(z: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(z / 2)) / 2


def _by_exponentials(z: np.ndarray) -> np.ndarray:
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def _gelu_inner(z: np.ndarray) -> np.ndarray:
    return 0.7978845608028654 * (z + 0.044715 * z**3)


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    t = _by_exponentials(_gelu_inner(z))
    steep = 0.7978845608028654 * (1 + 0.134145 * z * z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * steep


def _is_not_negative(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, 1, 0)


TEXTBOOK: Mapping[str, Activation] = {
    "sigmoid": Activation(_by_tanh, lambda z: _by_tanh(z) * (1 - _by_tanh(z))),
    "tanh": Activation(_by_exponentials, lambda z: 1 - _by_exponentials(z) ** 2),
    "softplus": Activation(lambda z: np.log(1 + np.exp(z)), lambda z: np.exp(z) / (1 + np.exp(z))),
    "silu": Activation(
        lambda z: z * _by_tanh(z),
        lambda z: _by_tanh(z) + z * _by_tanh(z) * (1 - _by_tanh(z)),
    ),
    "gelu": Activation(lambda z: 0.5 * z * (1 + _by_exponentials(_gelu_inner(z))), _gelu_slope),
}


class Program(NamedTuple):
    """A backward with parts of its own."""

    activations: Mapping[str, Activation] = ACTIVATIONS
    forward_product: Product = np.matmul
    backward_product: Product = np.matmul
    factor: float | np.float64 = 2  # of the slope of the loss

    def gradients(self, params: Params, batch: Batch, activation: str) -> Grads:
        """Returns dL/dw [N, n_in, n_out] and dL/db [N, n_out] of every layer."""
        phi = {**ACTIVATIONS, **self.activations}[activation]
        acts, preacts = [batch.x], []
        for i, (w, b) in enumerate(params):
            z = self.forward_product(acts[-1], w) + b
            preacts.append(z)
            if i + 1 < len(params):
                acts.append(np.asarray(phi.value(z), z.dtype))
        delta = self.factor * (preacts[-1] - batch.y)
        grads = [Layer(acts[-1][:, :, None] * delta[:, None], delta)]
        for i in range(len(params) - 1, 0, -1):
            slope = np.asarray(phi.slope(preacts[i - 1]), preacts[i - 1].dtype)
            delta = self.backward_product(delta, params[i].w.T) * slope
            grads.insert(0, Layer(acts[i - 1][:, :, None] * delta[:, None], delta))
        return tuple(grads)


def _in_float64(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.matmul(a.astype(np.float64), b.astype(np.float64))


PROGRAMS: Mapping[str, Program] = {
    "textbook formulas": Program(TEXTBOOK),
    "relu' of 1 at 0": Program({"relu": Activation(ACTIVATIONS["relu"].value, _is_not_negative)}),
    "sums of the backward in float64": Program(backward_product=_in_float64),
    "the output in float64": Program(factor=np.float64(2)),
    "textbook formulas, and sums in float64": Program(TEXTBOOK, backward_product=_in_float64),
    "all sums in float64": Program(forward_product=_in_float64, backward_product=_in_float64),
}
RATES = (0.1, 0.01, 0.001)


def correct_answers(problem: Problem, activation: str) -> Iterator[tuple[str, Answer]]:
    """Yields what correct programs answer, with how they were written; none that overflows."""
    batch = problem.batch(0, problem.n_samples)
    with np.errstate(all="ignore"):
        for name, program in PROGRAMS.items():
            grads = program.gradients(problem.params, batch, activation)
            if all(np.isfinite(leaf).all() for layer in grads for leaf in layer):
                yield name, Answer(_of_one_dtype(grads))
        usual = Program().gradients(problem.params, batch, activation)
        for rate in RATES:
            recovered = _recovered(problem.params, usual, problem.dtype.type(rate))
            answer = with_hidden_digits(Answer(recovered), problem.params)
            yield f"recovered from a step at a rate of {rate:g}", answer


def _of_one_dtype(grads: Grads) -> Grads:
    """Returns the gradients as they would be read: all of them in the coarsest dtype there is."""
    dtype = min((leaf.dtype for layer in grads for leaf in layer), key=lambda one: one.itemsize)
    return tuple(Layer(w.astype(dtype), b.astype(dtype)) for w, b in grads)


def _recovered(params: Params, grads: Grads, rate: np.floating) -> Grads:
    """Returns (w - new w) / rate, with new w = w - rate dw."""
    return tuple(
        Layer(*((leaf - (leaf - rate * g)) / rate for leaf, g in zip(layer, found, strict=True)))
        for layer, found in zip(params, grads, strict=True)
    )
