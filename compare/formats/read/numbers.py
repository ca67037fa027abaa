"""What a file of numbers holds: arrays in the file's order, some of them named."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.formats.read.layer_names import Ordering


class NamedArray(NamedTuple):
    """One array of a file."""

    name: str | None
    values: np.ndarray  # [N, ...] from our dumps, any shape from a print
    half_unit: np.ndarray | None = None  # of the last printed digit, like values; None: exact
    bordered: bool = False  # whether brackets say where it begins and ends
    integers: bool = False  # whether it was printed as integers are

    @property
    def half_units(self) -> np.ndarray:
        """The half units of all values, 0 where these are exact."""
        return np.zeros(self.values.shape) if self.half_unit is None else self.half_unit

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> "NamedArray":
        """Applies a function that moves entries to the values and to their half units."""
        half_unit = None if self.half_unit is None else change(self.half_unit)
        return self._replace(values=change(self.values), half_unit=half_unit)


class Numbers(NamedTuple):
    """All arrays of one file."""

    path: str
    arrays: tuple[NamedArray, ...]
    layout: str | None  # of the matrices; None where the file does not say
    ordering: Ordering = "kept"  # what the order of the arrays means
    by_sample: bool = False  # whether the first axis of every array is that of samples: our dumps

    @property
    def names(self) -> tuple[str | None, ...]:
        """The name of each array."""
        return tuple(array.name for array in self.arrays)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(array.values.size for array in self.arrays)

    @property
    def printed(self) -> bool:
        """Whether any number was read from a print, which hides digits."""
        return any(array.half_unit is not None for array in self.arrays)


def join(arrays: Sequence[NamedArray], name: str | None = None) -> NamedArray:
    """Puts the numbers of several arrays into one row, in order."""
    values = np.concatenate([array.values.reshape(-1) for array in arrays])
    if all(array.half_unit is None for array in arrays):
        return NamedArray(name, values)
    half_unit = np.concatenate([array.half_units.reshape(-1) for array in arrays])
    return NamedArray(name, values, half_unit, integers=all(one.integers for one in arrays))


def stack(arrays: Sequence[NamedArray], name: str | None = None) -> NamedArray:
    """Stacks arrays of the same size along a new first axis, in the shape of the first one."""
    shape = (len(arrays), *arrays[0].values.shape)
    return join(arrays, name).map(lambda row: row.reshape(shape))
