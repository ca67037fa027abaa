"""The pieces of a network's formulas between their kinks, and which of them samples reach.

A program that is wrong in a piece which no sample reaches has right gradients all the same. Pieces
are named by what holds in them, such as 'z2 < 0'. The sample axis is last.
"""

import itertools
from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np

from compare.evidence.certificate.activations import ACTIVATIONS, activation_row
from compare.evidence.certificate.case import Layers
from compare.evidence.certificate.softmax import softmax
from compare.problem.network import Network

# loss -> what has kinks, and where
_OF_LOSS = MappingProxyType(
    {
        "huber": ("yhat - y", (-1.0, 1.0)),
        "absolute": ("yhat - y", (0.0,)),
        "hinge": ("y yhat", (1.0,)),
    }
)


def pieces_of(network: Network) -> tuple[str, ...]:
    """Returns the names of all pieces, in the order of computation; none without a kink."""
    named = [name for subject, kinks in _kinked(network) for name in _names(subject, kinks)]
    return tuple(named)


def pieces_reached(
    network: Network, params: Layers, x: np.ndarray, y: np.ndarray
) -> tuple[str, ...]:
    """Returns the pieces that some unit reaches in some sample, by a forward pass in float64.

    Args:
      network: with kinks.
      params: (w [n_in, n_out], b [n_out]).
      x: [d, N].
      y: [k, N].
    """
    values, h = {}, np.asarray(x, np.float64)
    for i, (w, b) in enumerate(params, start=1):
        z = np.asarray(w, np.float64).T @ h + np.asarray(b, np.float64)[:, None]
        values[f"z{i}"] = z
        if i < len(params):
            h = activation_row(network.activations[i - 1]).value(np, z)
    yhat = _output(network.output, z)
    values |= {"yhat - y": yhat - y, "y yhat": y * yhat}
    return tuple(
        name
        for subject, kinks in _kinked(network)
        for name, low, high in _ranges(subject, kinks)
        if ((values[subject] > low) & (values[subject] < high)).any()
    )


def _kinked(network: Network) -> Iterator[tuple[str, Sequence[float]]]:
    """Yields what has kinks, and where they are."""
    for i, name in enumerate(network.activations, start=1):
        kinks = sorted({kink.at for kink in activation_row(name).kinks})
        if kinks:
            yield f"z{i}", kinks
    if network.loss in _OF_LOSS:
        yield _OF_LOSS[network.loss]


def _names(subject: str, kinks: Sequence[float]) -> Iterator[str]:
    return (name for name, *_ in _ranges(subject, kinks))


def _ranges(subject: str, kinks: Sequence[float]) -> Iterator[tuple[str, float, float]]:
    """Yields every piece with its two ends."""
    yield f"{subject} < {kinks[0]:g}", -np.inf, kinks[0]
    for low, high in itertools.pairwise(kinks):
        yield f"{low:g} < {subject} < {high:g}", low, high
    yield f"{subject} > {kinks[-1]:g}", kinks[-1], np.inf


def _output(name: str, z: np.ndarray) -> np.ndarray:
    if name == "softmax":
        return np.asarray(softmax(np, z))
    return z if name == "linear" else np.asarray(ACTIVATIONS[name].value(np, z))
