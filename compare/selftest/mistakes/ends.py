"""Mistakes in the slope of an output and its loss, and in the penalty; all of other ends."""

from collections.abc import Callable

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import HALF, NEGATIVE, TWICE, told
from compare.selftest.mistakes.mistake import Mistake

_CE, _BCE = ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")
_SIGMOID, _SOFTMAX = ("sigmoid", "squared"), ("softmax", "squared")
_ABSOLUTE, _HUBER, _HINGE = (("linear", loss) for loss in ("absolute", "huber", "hinge"))

Slope = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (z, y) -> delta, [N, k]


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))


def _steep(z: np.ndarray) -> np.ndarray:
    return _sigmoid(z) * _sigmoid(-z)


def _pulled(z: np.ndarray, g: np.ndarray) -> np.ndarray:
    p = _softmax(z)
    return np.asarray(p * (g - (p * g).sum(axis=1, keepdims=True)))


def _of(end: tuple[str, str], slope: Slope, *words: str) -> Mistake:
    """Computes another delta of the output, of which some words have to be said."""
    quantities = "delta{L} or the gradient"

    def output(f: Forward) -> np.ndarray:
        return slope(f.z[-1], f.batch.y)

    claim = told(quantities, *words) if words else ()
    return Mistake(claim, steps={"output": output}, needs=lambda f: f.end == end)


def _penalty(added: Callable[[Forward, int], np.ndarray], what: str = "") -> Mistake:
    """Adds something else to dL/dw of every layer than lambda w."""
    claim = told("dL/dw1*", f"computed {what}") if what else ()
    return Mistake(claim, steps={"penalty": added}, needs=lambda f: f.l2 > 0)


_DIAGONAL = "computed with the diagonal p (1 - p) of the Jacobian of softmax alone"
_LESS = "computed with a margin of less than 1"
_TERM = "for the slope lambda w of the penalty"

ENDS = {
    "p - y over the classes": _of(
        _CE,
        lambda z, y: (_softmax(z) - y) / 3,
        "0.3333 times what the chain rule gives, as by a mean over the 3 outputs",
    ),
    "y - p": _of(_CE, lambda z, y: y - _softmax(z), NEGATIVE),
    "2 (p - y)": _of(_CE, lambda z, y: 2 * (_softmax(z) - y), TWICE),
    "log2 for log": _of(
        _CE,
        lambda z, y: (_softmax(z) - y) / np.log(2),
        "1.443 times what the chain rule gives, as by log2 in place of log",
    ),
    "the log of the next class": _of(
        _CE, lambda z, y: _softmax(z) - np.roll(y, 1, axis=1), "computed with y moved by one class"
    ),
    "the diagonal in cross-entropy": _of(_CE, lambda z, y: -y * (1 - _softmax(z)), _DIAGONAL),
    "softmax twice": _of(
        _CE,
        lambda z, y: _pulled(z, _softmax(_softmax(z)) - y),
        "that of a loss of logits, such as torch.nn.CrossEntropyLoss, which was given "
        "softmax({z}): softmax is taken twice",
    ),
    "squared error on a softmax": _of(
        _CE, lambda z, y: _pulled(z, 2 * (_softmax(z) - y)), "right for --loss=squared"
    ),
    "a temperature of 2": _of(_CE, lambda z, y: _softmax(z / 2) - y),
    "smoothed labels": _of(_CE, lambda z, y: _softmax(z) - 0.9 * y - 0.1 / 3),
    "the focal loss": _of(_CE, lambda z, y: (_softmax(z) - y) * np.abs(_softmax(z) - y)),
    "slope of sigmoid after p - y": _of(
        _BCE,
        lambda z, y: (_sigmoid(z) - y) * _steep(z),
        "multiplied by the slope of sigmoid, although sigmoid({z}) - y is all of it",
    ),
    "no slope of sigmoid": _of(
        _BCE,
        lambda z, y: (_sigmoid(z) - y) / _steep(z),
        "computed without the slope of sigmoid",
    ),
    "one term of two": _of(
        _BCE, lambda z, y: -y * _sigmoid(-z), "the slope of -y log p: the term of 1 - y is left out"
    ),
    "sigmoid twice": _of(
        _BCE,
        lambda z, y: (_sigmoid(_sigmoid(z)) - y) * _steep(z),
        "that of a loss of logits, such as torch.nn.BCEWithLogitsLoss, which was given "
        "sigmoid({z}): sigmoid is taken twice",
    ),
    "a weight of 2 on the positive": _of(
        _BCE, lambda z, y: (1 - y) * _sigmoid(z) - 2 * y * _sigmoid(-z)
    ),
    "half of the logit": _of(_BCE, lambda z, y: _sigmoid(z / 2) - y),
    "delta = g alone": _of(
        _SIGMOID, lambda z, y: 2 * (_sigmoid(z) - y), "computed without the slope of sigmoid"
    ),
    "the slope twice": _of(
        _SIGMOID,
        lambda z, y: 2 * (_sigmoid(z) - y) * _steep(z) ** 2,
        "multiplied by the slope of sigmoid twice",
    ),
    "half the slope of a square": _of(_SIGMOID, lambda z, y: (_sigmoid(z) - y) * _steep(z), HALF),
    "the output left linear": _of(_SIGMOID, lambda z, y: 2 * (z - y), "right for --output=linear"),
    "cross-entropy of a sigmoid": _of(
        _SIGMOID, lambda z, y: _sigmoid(z) - y, "right for --loss=binary_cross_entropy"
    ),
    "half a slope": _of(_SIGMOID, lambda z, y: 2 * (_sigmoid(z) - y) * (0.2 + _steep(z))),
    "the diagonal of softmax": _of(
        _SOFTMAX,
        lambda z, y: 2 * (_softmax(z) - y) * _softmax(z) * (1 - _softmax(z)),
        _DIAGONAL,
    ),
    "no Jacobian of softmax": _of(
        _SOFTMAX, lambda z, y: 2 * (_softmax(z) - y), "computed without the Jacobian of softmax"
    ),
    "the Jacobian without its sum": _of(_SOFTMAX, lambda z, y: 2 * (_softmax(z) - y) * _softmax(z)),
    "the square in place of the size": _of(
        _ABSOLUTE, lambda z, y: 2 * (z - y), "right for --loss=squared"
    ),
    "y - yhat": _of(_ABSOLUTE, lambda z, y: np.sign(y - z), NEGATIVE),
    "no threshold": _of(_HUBER, lambda z, y: z - y, "right for --loss=half_squared"),
    "a threshold of 1/2": _of(_HUBER, lambda z, y: np.clip(z - y, -0.5, 0.5)),
    "no margin": _of(_HINGE, lambda z, y: np.where(y * z < 0, -y, 0), _LESS),
    "a margin of 1/2": _of(_HINGE, lambda z, y: np.where(y * z < 0.5, -y, 0), _LESS),
    "a smooth margin": _of(_HINGE, lambda z, y: -y * np.clip(1 - y * z, 0, 1)),
    "the logistic loss": _of(_HINGE, lambda z, y: -y * _sigmoid(-y * z)),
    "the penalty forgotten": _penalty(
        lambda f, i: 0 * f.w(i), "without the slope lambda w of the penalty"
    ),
    "the penalty doubled": _penalty(lambda f, i: 2 * f.l2 * f.w(i), f"with 2 lambda w {_TERM}"),
    "the penalty subtracted": _penalty(lambda f, i: -f.l2 * f.w(i), f"with -lambda w {_TERM}"),
    "the penalty over the samples": _penalty(
        lambda f, i: f.l2 / len(f.batch.x) * f.w(i),
        f"with lambda w / 20, the number of samples, {_TERM}",
    ),
    "a penalty of signs": _penalty(
        lambda f, i: f.l2 * np.sign(f.w(i)), f"with lambda sign(w) {_TERM}"
    ),
    "a penalty of cubes": _penalty(lambda f, i: f.l2 * f.w(i) ** 3),
}
