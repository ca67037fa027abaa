"""A backward by hand in NumPy float64, for one unbatched sample: a fourth way to the gradient.

It starts from its own forward pass and shares no code with the other implementations.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.activation_names import row_of
from compare.implementations.numpy_activations import ACTIVATIONS, FAMILIES, Activation, sigmoid


class Output(NamedTuple):
    """What is applied to z of the last layer, and its Jacobian."""

    value: Callable[[np.ndarray], np.ndarray]
    jacobian: Callable[[np.ndarray], np.ndarray]  # z [k] -> [k, k]


class Loss(NamedTuple):
    """A loss of one sample, and its slope."""

    value: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (yhat [k], y [k]) -> scalar
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]  # dL/dyhat [k]


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def _softmax_jacobian(z: np.ndarray) -> np.ndarray:
    p = _softmax(z)
    return np.diag(p) - np.outer(p, p)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    return z - np.max(z) - np.log(np.sum(np.exp(z - np.max(z))))


def _by_entry(activation: Activation) -> Output:
    return Output(activation.value, lambda z: np.diag(activation.slope(z)))


OUTPUTS: dict[str, Output] = {
    "linear": _by_entry(ACTIVATIONS["identity"]),
    "sigmoid": _by_entry(ACTIVATIONS["sigmoid"]),
    "tanh": _by_entry(ACTIVATIONS["tanh"]),
    "softmax": Output(_softmax, _softmax_jacobian),
}
LOSSES: dict[str, Loss] = {
    "squared": Loss(
        lambda yhat, y: np.sum((yhat - y) ** 2, axis=-1), lambda yhat, y: 2 * (yhat - y)
    ),
    "half_squared": Loss(
        lambda yhat, y: 0.5 * np.sum((yhat - y) ** 2, axis=-1), lambda yhat, y: yhat - y
    ),
    "mean_squared": Loss(
        lambda yhat, y: np.mean((yhat - y) ** 2, axis=-1),
        lambda yhat, y: 2 / y.shape[-1] * (yhat - y),
    ),
    "huber": Loss(
        lambda yhat, y: np.sum(
            np.where(abs(yhat - y) <= 1, 0.5 * (yhat - y) ** 2, abs(yhat - y) - 0.5), axis=-1
        ),
        lambda yhat, y: np.where(abs(yhat - y) <= 1, yhat - y, np.sign(yhat - y)),
    ),
    "absolute": Loss(
        lambda yhat, y: np.sum(abs(yhat - y), axis=-1), lambda yhat, y: np.sign(yhat - y)
    ),
    "hinge": Loss(
        lambda yhat, y: np.sum(np.maximum(0, 1 - y * yhat), axis=-1),
        lambda yhat, y: -y * (y * yhat < 1),
    ),
}
# of z, for what loses digits or overflows where it is taken in two steps
JOINED: dict[tuple[str, str], Loss] = {
    ("softmax", "cross_entropy"): Loss(
        lambda z, y: -np.sum(y * _log_softmax(z)), lambda z, y: _softmax(z) - y
    ),
    ("sigmoid", "binary_cross_entropy"): Loss(
        lambda z, y: np.sum(np.logaddexp(0, z) - y * z), lambda z, y: sigmoid(z) - y
    ),
}


class OneSample(NamedTuple):
    """Everything computed for one sample."""

    prediction: np.ndarray  # yhat, [k]
    preacts: list[np.ndarray]  # z_l, [n_l]
    acts: list[np.ndarray]  # h_0 = x, h_1, ...
    loss: float
    grads: list[tuple[np.ndarray, np.ndarray]]  # (dL/dw [n_in, n_out], dL/db [n_out])


def one_sample(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    *,
    activations: Sequence[str],
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
) -> OneSample:
    """Runs forward and backward on one unbatched vector, in float64.

    Args:
      params: (w [n_in, n_out], b [n_out]) a layer, any floating dtype.
      x: [d].
      y: [k].
      activations: names, one for each hidden layer.
      loss: a key of LOSSES, or of JOINED with the output.
      output: a key of OUTPUTS.
      l2: lambda of lambda / 2 |w|^2.
    """
    phis = [row_of(name, ACTIVATIONS, FAMILIES) for name in activations]
    wide = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in params]
    with np.errstate(all="ignore"):  # an overflow shows in the result
        found = _one_sample(wide, x, y, phis, (output, loss))
        if not l2:
            return found
        penalty = l2 / 2 * sum(np.sum(w**2) for w, _ in wide)
        grads = [(dw + l2 * w, db) for (dw, db), (w, _) in zip(found.grads, wide, strict=True)]
        return found._replace(loss=found.loss + float(penalty), grads=grads)


def _one_sample(
    wide: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    activations: Sequence[Activation],
    last: tuple[str, str],
) -> OneSample:
    acts = [np.asarray(x, np.float64)]
    preacts: list[np.ndarray] = []
    for layer, (w, b) in enumerate(wide):
        if layer:
            acts.append(activations[layer - 1].value(preacts[-1]))
        preacts.append(np.dot(acts[-1], w) + b)
    yhat, loss, delta = loss_and_slope(preacts[-1], np.asarray(y, np.float64), *last)
    grads: list[tuple[np.ndarray, np.ndarray]] = []
    for layer in reversed(range(len(wide))):
        grads.insert(0, (np.outer(acts[layer], delta), delta))
        if layer:
            slope = activations[layer - 1].slope(preacts[layer - 1])
            delta = np.dot(wide[layer][0], delta) * slope
    return OneSample(yhat, preacts, acts, loss, grads)


def loss_and_slope(
    z: np.ndarray, y: np.ndarray, output: str, loss: str
) -> tuple[np.ndarray, float, np.ndarray]:
    """Returns the prediction, the loss and dL/dz."""
    yhat, joined = OUTPUTS[output].value(z), JOINED.get((output, loss))
    value = LOSSES[loss].value(yhat, y) if joined is None else joined.value(z, y)
    return yhat, float(value), slope_of_end(z, y, output, loss)


def slope_of_end(z: np.ndarray, y: np.ndarray, output: str, loss: str) -> np.ndarray:
    """Returns dL/dz [k] of one sample."""
    if (output, loss) in JOINED:
        return JOINED[output, loss].slope(z, y)
    slope = LOSSES[loss].slope(OUTPUTS[output].value(z), y)
    if output != "linear":
        slope = np.dot(OUTPUTS[output].jacobian(z), slope)  # symmetric, so its own transpose
    return slope
