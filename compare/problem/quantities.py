"""The arrays of an answer by the names that reports use; this loads no framework."""

from typing import NamedTuple

import numpy as np


class Quantities(NamedTuple):
    """The arrays of one implementation, by the names that reports use."""

    parameters: dict[str, np.ndarray]  # w1 [N, ...], b1 [N, ...], ...
    prediction: np.ndarray | None  # [N, k]
    loss: np.ndarray | None  # [N]
    printed: bool = False  # whether parameters were read from print

    @property
    def dtype(self) -> np.dtype:
        """Of the first bias; where none is, of the first weights."""
        return self.parameters.get("b1", self.parameters["w1"]).dtype


def name_all(quantities: Quantities) -> dict[str, np.ndarray]:
    """Returns w1, b1, ..., and prediction and loss where there are any."""
    more = {"prediction": quantities.prediction, "loss": quantities.loss}
    return {**quantities.parameters, **{k: v for k, v in more.items() if v is not None}}
