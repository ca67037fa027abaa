"""How an array has to be laid out to have its axes as another has them."""

import math
from typing import NamedTuple

import numpy as np


class Layout(NamedTuple):
    """Axes that are split, put in another order and merged.

    Attributes:
      split: the shape in which every axis is one that moves.
      order: of these axes, as of `numpy.transpose`.
      shape: of what is made.
    """

    split: tuple[int, ...]
    order: tuple[int, ...]
    shape: tuple[int, ...]

    def of(self, array: np.ndarray) -> np.ndarray:
        """Lays an array out."""
        return array.reshape(self.split).transpose(self.order).reshape(self.shape)

    def takes(self, array: np.ndarray) -> bool:
        """Whether an array has as many entries as this needs."""
        return array.size == math.prod(self.split)

    @property
    def is_plain(self) -> bool:
        """Whether the entries stay in the order of memory."""
        return self.order == tuple(range(len(self.order)))


def plain(shape: tuple[int, ...]) -> Layout:
    """Returns the layout that only reshapes."""
    return Layout(shape, tuple(range(len(shape))), shape)
