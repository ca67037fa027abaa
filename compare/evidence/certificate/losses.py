"""Losses as evidence sees them: slopes, what computing them may cost, and how they are described.

Nothing here is shared with the implementations that are judged. The sample axis is last: yhat and y
are [k, N]. u is the unit roundoff of the implementation's dtype.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import Array, sigmoid


class Loss(NamedTuple):
    """A loss of one sample, with what is known of its rounding and of mistakes in its slope."""

    value: Callable[[Array, Array], Array]  # (yhat, y) -> [N]; yhat may be complex
    slope: Callable[[Array, Array], Array]  # (yhat, y) -> dL/dyhat [k, N]
    # (xp, yhat, y, error of yhat - y, u) -> error of the slope, [k, N]
    slope_error: Callable[[Any, Array, Array, Array, float], Array]
    curvature: float  # sup |d2L/dyhat2|
    formula: str
    slope_formula: str
    factor: int  # the constant in front of the slope
    turned: str  # how a wrong sign comes about
    # what continues 'delta3 is ...', and (yhat, y) -> what is computed in place of the slope
    mistakes: tuple[tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...]
    odd_mistakes: tuple[tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...]


SQUARED = Loss(
    value=lambda yhat, y: ((yhat - y) * (yhat - y)).sum(axis=0),
    slope=lambda yhat, y: 2 * (yhat - y),
    # 2 (e + u |yhat - y|), and the product by 2 is exact
    slope_error=lambda xp, yhat, y, error, u: 2 * (error + u * xp.abs(yhat - y)) * (1 + u),
    curvature=2.0,
    formula="(yhat - y)^2",
    slope_formula="2 (yhat - y)",
    factor=2,
    turned="y - yhat in place of yhat - y",
    mistakes=(
        ("2 yhat, without y", lambda yhat, y: 2 * yhat),
        ("the slope of |yhat - y|, not of its square", lambda yhat, y: np.sign(yhat - y)),
    ),
    odd_mistakes=(
        ("the slope of log cosh(yhat - y)", lambda yhat, y: np.tanh(yhat - y)),
        ("the slope of the Huber loss", lambda yhat, y: np.clip(yhat - y, -1, 1)),
        ("2 (yhat - y) clipped to 1", lambda yhat, y: np.clip(2 * (yhat - y), -1, 1)),
        (
            "sigmoid(yhat) - y, as for binary cross-entropy",
            lambda yhat, y: sigmoid(np, yhat) - y,
        ),
        ("the slope of (yhat + y)^2", lambda yhat, y: 2 * (yhat + y)),
        ("(yhat - y)^2 itself, and not its slope", lambda yhat, y: (yhat - y) ** 2),
        ("the slope of (yhat - y)^4", lambda yhat, y: 4 * (yhat - y) ** 3),
    ),
)

LOSSES: MappingProxyType[str, Loss] = MappingProxyType({"squared": SQUARED})
