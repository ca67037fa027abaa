"""The gradient of a batch by hand in NumPy float64: matrices whose rows are samples."""

from collections.abc import Sequence

import numpy as np

from compare.activation_names import row_of
from compare.implementations.numpy_activations import ACTIVATIONS, FAMILIES
from compare.implementations.numpy_backprop import loss_and_slope


def one_batch(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    *,
    reduction: str,
    activations: Sequence[str],
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns the gradient of the mean or the sum of the losses of x [N, d] and y [N, k].

    Samples are rows of matrices, and dL/dw is h^T delta: all at once, in float64. The L2 term is
    added once.
    """
    phis = [row_of(name, ACTIVATIONS, FAMILIES) for name in activations]
    wide = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in params]
    with np.errstate(all="ignore"):  # an overflow shows in the result
        acts = [np.asarray(x, np.float64)]
        preacts: list[np.ndarray] = []
        for layer, (w, b) in enumerate(wide):
            if layer:
                acts.append(phis[layer - 1].value(preacts[-1]))
            preacts.append(np.matmul(acts[-1], w) + b)
        labels = np.asarray(y, np.float64)
        rows = zip(preacts[-1], labels, strict=True)
        delta = np.stack([loss_and_slope(*row, output, loss)[2] for row in rows])
        delta = delta / len(x) if reduction == "mean" else delta
        grads: list[tuple[np.ndarray, np.ndarray]] = []
        for layer in reversed(range(len(wide))):
            grads.insert(0, (np.matmul(acts[layer].T, delta), np.sum(delta, axis=0)))
            if layer:
                slope = phis[layer - 1].slope(preacts[layer - 1])
                delta = np.matmul(delta, wide[layer][0].T) * slope
        return [(dw + l2 * w, db) for (dw, db), (w, _) in zip(grads, wide, strict=True)]
