"""The gradients that a file should hold, and how its arrays fit them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.catalogue import LAYOUTS
from compare.formats.layouts import in_layout
from compare.formats.read.gradients.shapes import Shape, fit_shape, fits
from compare.formats.reading import named_parameters
from jaxmlp.base import Grads, Layer, Params


class ExpectedGradients(NamedTuple):
    """The gradients that a file should hold."""

    shapes: tuple[Shape, ...]  # of w1, b1, w2, ... in_out, for one sample
    n: int  # samples
    where: str  # the file, to be named in errors
    biases: tuple[bool, ...]  # whether each layer has one

    @property
    def names(self) -> tuple[str, ...]:
        """w1, b1, w2, ..., without the biases that layers do not have."""
        return named_parameters(self.biases)

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers each parameter has for one sample."""
        return {
            name: int(np.prod(shape)) for name, shape in zip(self.names, self.shapes, strict=True)
        }

    def layouts_of(self, shapes: Sequence[Shape], said: str | None) -> tuple[str, ...]:
        """Returns the layouts that arrays of w1, b1, ... may have, the most likely first.

        Args:
          shapes: of the arrays.
          said: the layout that a user has named, or the format of the file; it is the only one
            if it fits, or if none does.
        """
        likely = LAYOUTS if said is None else (said, *(one for one in LAYOUTS if one != said))
        fitting = tuple(one for one in likely if self._fit(shapes, one))
        weights = [shape for shape in self.shapes if len(shape) == 2]
        if said is not None or all(min(shape) == 1 for shape in weights):
            return fitting[:1]  # a row or a column is the same numbers in both
        return fitting

    def arrange(self, leaves: Sequence[np.ndarray], layout: str) -> Grads:
        """Brings arrays of w1, b1, ... in a layout into [N, n_in, n_out] and [N, n_out].

        The gradient of a bias that there is not is 0.

        Raises:
          UsageError: for an array that does not fit.
        """
        fitted = {}
        for name, leaf, shape in zip(self.names, leaves, self._shapes_in(layout), strict=True):
            split = leaf.reshape(self._split(leaf.shape, shape))
            fitted[name] = fit_shape(split, shape, self.n, f"{self.where}: {name}")
        found = []
        for i in range(1, len(self.biases) + 1):
            dw = in_layout(fitted[f"w{i}"], layout)
            found.append(Layer(dw, fitted.get(f"b{i}", np.zeros_like(dw[:, 0]))))
        return tuple(found)

    def exact(self, shapes: Sequence[Shape]) -> int:
        """Counts arrays of w1, b1, ... that have just the expected shape, in either layout."""
        return sum(
            found in ((self.n, *shape), (self.n, *shape[::-1]), shape, shape[::-1])
            for found, shape in zip(shapes, self.shapes, strict=True)
        )

    def _fit(self, shapes: Sequence[Shape], layout: str) -> bool:
        expected = self._shapes_in(layout)
        return len(shapes) == len(expected) and all(
            fits(self._split(found, shape), shape, self.n)
            for found, shape in zip(shapes, expected, strict=True)
        )

    def _shapes_in(self, layout: str) -> list[Shape]:
        return [shape if layout == "in_out" else shape[::-1] for shape in self.shapes]

    def _split(self, found: Shape, shape: Shape) -> Shape:
        """Gives rows of numbers, as savetxt writes them, the shape that they stand for."""
        size = int(np.prod(shape))
        rows = ((self.n, size), (self.n * size,), (self.n * shape[0], *shape[1:]))
        return (self.n, *shape) if found in rows else found


def expect_gradients(
    params: Params, n: int, where: str, biases: Sequence[bool] = ()
) -> ExpectedGradients:
    """Says which gradients belong to weights and n samples.

    Args:
      params: the weights.
      n: how many samples there are.
      where: the file, to be named in errors.
      biases: whether each layer has one; () where all have.
    """
    has = tuple(biases) or (True,) * len(params)
    shapes = [
        leaf.shape for layer, one in zip(params, has, strict=True) for leaf in layer[: 1 + one]
    ]
    return ExpectedGradients(tuple(shapes), n, where, has)
