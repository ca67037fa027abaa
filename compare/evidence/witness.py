"""What the gradient is, by the complex step: g = Im L(theta + i h) / h with h = 1e-100.

It uses no chain rule and no subtraction, so it does not depend on backpropagation and nothing
cancels (Squire and Trapp, SIAM Review 40, 1998): in complex128 an entry is right to between 4e-16
and 4e-14. Where layer l is perturbed, only layers l and above are run again. It takes one sample at
a time, since every parameter costs a forward pass.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.evidence.certificate.activations import activation_row
from compare.evidence.certificate.losses import LOSSES, Loss
from compare.problem.network import Network

_Function: TypeAlias = Callable[[np.ndarray], np.ndarray]

_STEP = 1e-100


def complex_step(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    *,
    network: Network,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Differentiates the loss of one sample.

    Args:
      params: (w [n_in, n_out], b [n_out]) per layer; widened to float64.
      x: [d].
      y: [k].
      network: whose loss is differentiated.

    Returns:
      (dL/dw [n_in, n_out], dL/db [n_out]) per layer, float64.
    """
    layers = [(np.asarray(w, np.complex128), np.asarray(b, np.complex128)) for w, b in params]
    activations = [activation_row(name).analytic for name in network.activations]
    loss = LOSSES[network.output, network.loss]
    h = np.asarray(x, np.complex128)[None]
    grads = []
    for i, (w, b) in enumerate(layers):
        z = h @ w + b
        # Every parameter of this layer moves one entry of z: b_j by a step, w_ij by h_i times it.
        unit = 1j * _STEP * np.eye(len(b))
        of_bias = _slopes(layers[i + 1 :], activations[i:], z + unit, y, loss)
        moves = (unit[None] * h.T[:, :, None]).reshape(-1, len(b))
        of_weights = _slopes(layers[i + 1 :], activations[i:], z + moves, y, loss)
        grads.append((of_weights.reshape(w.shape) + network.l2 * w.real, of_bias))
        if i < len(activations):
            h = activations[i](z)
    return grads


def _slopes(
    above: Sequence[tuple[np.ndarray, np.ndarray]],
    activations: Sequence[_Function],
    z: np.ndarray,
    y: np.ndarray,
    loss: Loss,
) -> np.ndarray:
    """Runs the layers above on perturbed z [moves, n]; returns the slope of each move, [moves]."""
    for (w, b), phi in zip(above, activations, strict=True):
        z = phi(z) @ w + b
    return np.asarray(loss.value(z.T, np.asarray(y, np.float64)[:, None]).imag / _STEP)


class WitnessError(NamedTuple):
    """How far one implementation is from the witness in one sample."""

    sample: int
    implementation: str
    scaled: float | None  # the largest max |a - b| / max |b| of a parameter; None if not finite
    parameter: str  # that has it


def witness_errors(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    gradients: Mapping[str, Mapping[str, np.ndarray]],
    *,
    network: Network,
    layout: str,
    sample: int,
) -> list[WitnessError]:
    """Compares the gradients of one sample with the complex step.

    Args:
      params: as in `complex_step`.
      x: [d].
      y: [k].
      gradients: implementation -> parameter -> array, weights in `layout`.
      network: whose loss is differentiated.
      layout: 'in_out' or 'out_in'.
      sample: its number.
    """
    truth = {}
    with np.errstate(all="ignore"):
        for i, (w, b) in enumerate(complex_step(params, x, y, network=network), start=1):
            truth[f"w{i}"], truth[f"b{i}"] = (w if layout == "in_out" else w.T), b
    found = []
    for implementation, arrays in gradients.items():
        errors = {name: _scaled(array, truth[name]) for name, array in arrays.items()}
        parameter = max(errors, key=lambda name: errors[name])
        scaled = errors[parameter] if np.isfinite(errors[parameter]) else None
        found.append(WitnessError(sample, implementation, scaled, parameter))
    return found


def _scaled(array: np.ndarray, right: np.ndarray) -> float:
    largest = float(np.max(np.abs(right)))
    with np.errstate(all="ignore"):
        distance = float(np.max(np.abs(array.astype(np.float64) - right)))
    if not np.isfinite(largest) or not np.isfinite(distance):
        return np.inf
    return distance / largest if largest else float(distance > 0)
