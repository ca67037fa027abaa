"""What people compute in place of the slope of a loss on an output activation."""

from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import sigmoid
from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.certificate.distances import DISTANCES
from compare.evidence.certificate.softmax import softmax

Slope = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (z or yhat, y) -> delta, [k, N]

_EPSILONS = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_TORCH = 1e-12  # the least that torch.nn.BCELoss divides by


class OutputMistake(NamedTuple):
    """A wrong delta of the output."""

    said: str  # continues 'delta3 is ...'; {z} stands for z3
    slope: Slope  # (z, y)
    rank: int = 0


class Output(NamedTuple):
    """An output activation."""

    value: Callable[[np.ndarray], np.ndarray]
    pull: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (z, dL/dyhat) -> dL/dz
    called: str  # the slope that pull multiplies by


def _by_entry(name: str) -> Output:
    phi = ACTIVATIONS[name]
    return Output(partial(phi.value, np), lambda z, g: g * phi.slope(np, z), f"the slope of {name}")


def _pulled(p: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Returns the Jacobian of softmax times g."""
    return np.asarray(p * (g - (p * g).sum(axis=0)))


OUTPUTS = MappingProxyType(
    {
        "linear": Output(lambda z: z, lambda z, g: g, "1"),
        "sigmoid": _by_entry("sigmoid"),
        "tanh": _by_entry("tanh"),
        "softmax": Output(
            partial(softmax, np),
            lambda z, g: _pulled(softmax(np, z), g),
            "the Jacobian of softmax",
        ),
    }
)
_DIAGONAL = "computed with the diagonal p (1 - p) of the Jacobian of softmax alone"

# (yhat, y) -> what is computed in place of dL/dyhat: rare slopes, of losses of yhat - y
_RARE: tuple[tuple[str, Slope], ...] = (
    ("the slope of log cosh(yhat - y)", lambda yhat, y: np.tanh(yhat - y)),
    ("2 (yhat - y) clipped to 1", lambda yhat, y: np.clip(2 * (yhat - y), -1, 1)),
    ("the slope of (yhat + y)^2", lambda yhat, y: 2 * (yhat + y)),
    ("(yhat - y)^2 itself, and not its slope", lambda yhat, y: (yhat - y) ** 2),
    ("the slope of (yhat - y)^4", lambda yhat, y: 4 * (yhat - y) ** 3),
)
_HUBER: tuple[tuple[str, Slope], ...] = (
    (
        "computed without the sign of yhat - y where it is more than 1 in size",
        lambda yhat, y: np.where(np.abs(yhat - y) > 1, 1.0, yhat - y),
    ),
    *_RARE,
)
_HINGE: tuple[tuple[str, Slope], ...] = (
    (
        "the slope of the squared hinge loss",
        lambda yhat, y: -2 * y * np.maximum(1 - y * yhat, 0),
    ),
)


def mistakes_of(output: str, loss: str) -> Iterator[OutputMistake]:
    """Yields what may be computed in place of the slope of a loss of the catalogue."""
    if loss == "cross_entropy":
        yield from _of_cross_entropy()
        yield from _with_epsilon(_clipped_softmax)
    elif loss == "binary_cross_entropy":
        yield from _of_binary_cross_entropy()
        yield from _with_epsilon(_clipped_sigmoid)
    else:
        yield from _of_distance(output, loss)


def _of_distance(output: str, loss: str) -> Iterator[OutputMistake]:
    """Yields mistakes in g = dL/dyhat, and in what it is multiplied by."""
    value, pull, called = OUTPUTS[output]

    def g(yhat: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(DISTANCES[loss].slope(np, yhat, y))

    without = "2 yhat, without y" if loss == "squared" else "computed without y"
    if loss != "hinge":
        yield OutputMistake(without, lambda z, y: pull(z, g(value(z), 0 * y)))
    if output != "linear":
        yield OutputMistake(f"computed without {called}", lambda z, y: g(value(z), y))
        yield OutputMistake(
            f"multiplied by {called} twice", lambda z, y: pull(z, pull(z, g(value(z), y)))
        )
        yield OutputMistake("computed with {z} for yhat", lambda z, y: pull(z, g(z, y)))
    if output == "softmax":
        yield OutputMistake(_DIAGONAL, lambda z, y: g(value(z), y) * value(z) * (1 - value(z)))
        said = "softmax({z}) - y, as of --loss=cross_entropy with labels that add up to 1"
        yield OutputMistake(said, lambda z, y: value(z) - y, 1)
    if output in ("sigmoid", "tanh"):
        yield OutputMistake(
            f"computed with {called} at yhat, not at {{z}}",
            lambda z, y: pull(value(z), g(value(z), y)),
        )
        at_z = (lambda z: z * (1 - z)) if output == "sigmoid" else (lambda z: 1 - z * z)
        formula = "h (1 - h)" if output == "sigmoid" else "1 - h^2"
        yield OutputMistake(
            f"computed with {called} as {formula} of {{z}}, not of yhat",
            lambda z, y: g(value(z), y) * at_z(z),
        )
    for said, slope in {"hinge": _HINGE, "huber": _HUBER}.get(loss, _RARE):
        yield OutputMistake(said, partial(_through, OUTPUTS[output], slope), 1)


def _through(output: Output, slope: Slope, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return output.pull(z, slope(output.value(z), y))


def _of_cross_entropy() -> Iterator[OutputMistake]:
    p = partial(softmax, np)
    yield OutputMistake("softmax({z}), without y", lambda z, y: p(z))
    yield OutputMistake("-y / p, without the Jacobian of softmax", lambda z, y: -y / p(z))
    yield OutputMistake(_DIAGONAL, lambda z, y: -y * (1 - p(z)))
    yield OutputMistake(
        "softmax({z}) - y at the class of the label, and 0 elsewhere", lambda z, y: (p(z) - y) * y
    )
    yield OutputMistake(
        "multiplied by p (1 - p), although softmax({z}) - y is all of it",
        lambda z, y: (p(z) - y) * p(z) * (1 - p(z)),
    )
    yield OutputMistake(
        "multiplied by the Jacobian of softmax, although softmax({z}) - y is all of it",
        lambda z, y: _pulled(p(z), p(z) - y),
    )
    yield OutputMistake(
        "that of a loss of logits, such as torch.nn.CrossEntropyLoss, which was given "
        "softmax({z}): softmax is taken twice",
        lambda z, y: _pulled(p(z), p(p(z)) - y),
    )
    yield OutputMistake("softmax(softmax({z})) - y", lambda z, y: p(p(z)) - y)
    yield OutputMistake(
        "the slope of -p log y: labels and prediction are exchanged",
        lambda z, y: _pulled(p(z), -np.log(_inside(y))),
    )


def _of_binary_cross_entropy() -> Iterator[OutputMistake]:
    p = partial(sigmoid, np)

    def steep(z: np.ndarray) -> np.ndarray:
        return np.asarray(p(z) * p(-z))

    yield OutputMistake("sigmoid({z}), without y", lambda z, y: p(z))
    yield OutputMistake("computed without the slope of sigmoid", lambda z, y: (p(z) - y) / steep(z))
    yield OutputMistake(
        "multiplied by the slope of sigmoid, although sigmoid({z}) - y is all of it",
        lambda z, y: (p(z) - y) * steep(z),
    )
    yield OutputMistake(
        "the slope of -y log p: the term of 1 - y is left out", lambda z, y: -y * p(-z)
    )
    yield OutputMistake(
        "that of a loss of logits, such as torch.nn.BCEWithLogitsLoss, which was given "
        "sigmoid({z}): sigmoid is taken twice",
        lambda z, y: (p(p(z)) - y) * steep(z),
    )
    yield OutputMistake("sigmoid(sigmoid({z})) - y", lambda z, y: p(p(z)) - y)
    yield OutputMistake(
        "the slope of the binary cross-entropy with labels and prediction exchanged",
        lambda z, y: (np.log(_inside(1 - y)) - np.log(_inside(y))) * steep(z),
    )
    yield OutputMistake(
        f"that of torch.nn.BCELoss, which divides by no less than {_TORCH:g}: use "
        "BCEWithLogitsLoss",
        lambda z, y: (p(z) - y) / np.maximum(steep(z), _TORCH) * steep(z),
    )


def _inside(y: np.ndarray) -> np.ndarray:
    """Returns labels that have a logarithm; the others are NaN."""
    return np.where(y > 0, y, np.nan)


Inverse = Callable[[np.ndarray], np.ndarray]  # what stands for 1 / p


def _clipped_softmax(inverse: Inverse, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = softmax(np, z)
    return _pulled(p, -y * inverse(p))


def _clipped_sigmoid(inverse: Inverse, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    p, q = sigmoid(np, z), sigmoid(np, -z)
    return np.asarray(((1 - y) * inverse(q) - y * inverse(p)) * p * q)


def _with_epsilon(
    delta: Callable[[Inverse, np.ndarray, np.ndarray], np.ndarray],
) -> Iterator[OutputMistake]:
    """Yields what keeps a logarithm from that of 0."""
    for eps in _EPSILONS:
        for said, inverse in _inverses(eps):
            yield OutputMistake(said, partial(delta, inverse), 1)


def _inverses(eps: float) -> Iterator[tuple[str, Inverse]]:
    yield f"that of log(p + {eps:g})", lambda p: 1 / (p + eps)
    yield f"that of log p with p clipped at {eps:g}", lambda p: np.where(p > eps, 1 / p, 0)
    yield f"computed with p clipped at {eps:g} in 1 / p", lambda p: 1 / np.maximum(p, eps)
