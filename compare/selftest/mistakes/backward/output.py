"""Mistakes in delta of the output."""

import numpy as np

from compare.implementations.numpy_backprop import ACTIVATIONS
from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Mistake, has_outputs

_WHOLE = "delta{L} or the gradient"  # a factor of the one is a factor of the other


def _times(factor: float, *words: str) -> Mistake:
    """Multiplies 2 (yhat - y), and so the whole gradient, by a factor."""

    def output(f: Forward) -> np.ndarray:
        return np.asarray(2 * factor, f.residual.dtype) * f.residual

    said = (f"{factor:g} times", f"divided by {1 / factor:g}", *words)
    return Mistake(told(_WHOLE, *said), steps={"output": output})


def _can_tell(f: Forward) -> bool:
    """Whether the activation changes the output, wherever it is."""
    return f.activation not in ("identity", "relu")


def _has_both_signs(f: Forward) -> bool:
    return bool((f.residual > 0).any() and (f.residual < 0).any())


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True), z.dtype)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(ACTIVATIONS["sigmoid"].value(z), z.dtype)


OUTPUT = {
    "factor 2 missing": Mistake(
        told(_WHOLE, "half", "0.5 times"), steps={"output": lambda f: f.residual}
    ),
    "sign of the output": _times(-1, "negative"),
    "sign and factor 2": _times(-0.5, "negative of half"),
    "factor 2 twice": _times(2, "twice"),
    "four times": _times(4),
    "three times": _times(3),
    "1 % too large": _times(1.01),
    "a learning rate of 0.1": _times(0.1),
    "a learning rate of 0.01": _times(0.01),
    "a learning rate of 0.001": _times(0.001),
    "a step of 0.01 downhill": _times(-0.01, "negative of 0.01 times"),
    "mean over outputs": Mistake(
        told(_WHOLE, "{k} outputs", "divided by {k}", "{of_k} times", "half"),
        steps={"output": lambda f: 2 * f.residual / f.residual.shape[1]},
        needs=has_outputs,
    ),
    "mean over outputs without the factor 2": Mistake(
        told(_WHOLE, "{k} outputs", "divided by {kk}", "{of_kk} times"),
        steps={"output": lambda f: f.residual / f.residual.shape[1]},
        needs=has_outputs,
    ),
    "mean over samples": Mistake(
        told(_WHOLE, "{N} samples", "divided by {N}", "{of_N} times"),
        steps={"output": lambda f: 2 * f.residual / len(f.residual)},
    ),
    "y left out": Mistake(
        told("delta{L}", "y is left out"), steps={"output": lambda f: 2 * f.z[-1]}
    ),
    "absolute loss": Mistake(
        told("delta{L}", "|yhat - y|"), steps={"output": lambda f: np.sign(f.residual)}
    ),
    "cross-entropy of sigmoid": Mistake(
        told("delta{L}", "cross-entropy"),
        steps={"output": lambda f: _sigmoid(f.z[-1]) - f.batch.y},
    ),
    "cross-entropy of softmax": Mistake(
        told("delta{L}", "cross-entropy"),
        steps={"output": lambda f: _softmax(f.z[-1]) - f.batch.y},
        needs=has_outputs,
    ),
    "phi' on the output": Mistake(
        told("delta{L}", "differentiated like"),
        steps={"output": lambda f: 2 * f.residual * f.phi_slope(f.z[-1])},
        needs=_can_tell,
    ),
    "phi on the output": Mistake(
        told("delta{L} or yhat", "through the activation"),
        steps={"output": lambda f: 2 * (f.phi(f.z[-1]) - f.batch.y)},
        needs=_can_tell,
    ),
    # from here on without a name
    "|delta|": Mistake(steps={"output": lambda f: np.abs(2 * f.residual)}, needs=_has_both_signs),
    "relu of delta of the output": Mistake(
        steps={"output": lambda f: np.maximum(2 * f.residual, 0)}, needs=_has_both_signs
    ),
    "the square of yhat - y": Mistake(steps={"output": lambda f: 2 * f.residual**2}),
    "the cube of yhat - y": Mistake(steps={"output": lambda f: 4 * f.residual**3}),
    "yhat^2 - y^2": Mistake(steps={"output": lambda f: f.z[-1] ** 2 - f.batch.y**2}),
    "2 (yhat - y) / (1 + |yhat - y|)": Mistake(
        steps={"output": lambda f: 2 * f.residual / (1 + np.abs(f.residual))}
    ),
    "mean of y for y": Mistake(
        steps={"output": lambda f: 2 * (f.z[-1] - f.batch.y.mean(axis=0))},
    ),
    "yhat - y of the first output in all": Mistake(
        steps={"output": lambda f: 2 * np.repeat(f.residual[:, :1], f.sizes[-1], axis=1)},
        needs=has_outputs,
    ),
    "outputs in another order": Mistake(
        steps={"output": lambda f: 2 * np.roll(f.residual, 1, axis=1)}, needs=has_outputs
    ),
}
