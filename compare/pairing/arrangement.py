"""How an array of one program is made of the entries of arrays of another."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import numpy as np


class Term(Protocol):
    """Entries of some arrays in another order: `Axes` of one array, or `Entries` of any."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the arrays."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that is made."""

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Takes the entries."""

    def pull_back(
        self, slope: np.ndarray, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns the gradients by the sources, in their shapes.

        Args:
          slope: the gradient by the array that is made.
          arrays: the sources.
        """


@dataclasses.dataclass(frozen=True)
class Axes:
    """One array, reshaped, with its axes in another order, and reshaped again.

    Attributes:
      source: name of the array.
      split: the shape that it is first given.
      axes: the order of the axes of `split`, as of `numpy.transpose`.
      shape: of the array that is made.
    """

    source: str
    split: tuple[int, ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of the array."""
        return (self.source,)

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Takes the entries."""
        return arrays[self.source].reshape(self.split).transpose(self.axes).reshape(self.shape)

    def pull_back(
        self, slope: np.ndarray, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns the gradient by the array, in its shape."""
        split = slope.reshape([self.split[axis] for axis in self.axes])
        back = sorted(range(len(self.axes)), key=lambda axis: self.axes[axis])
        return {self.source: split.transpose(back).reshape(arrays[self.source].shape)}


@dataclasses.dataclass(frozen=True, eq=False)
class Entries:
    """Any entries of some arrays.

    Attributes:
      sources: names of the arrays.
      positions: integers of the shape of the array that is made: which entry each one is, counted
        through the sources one after another, each in the order of its indices; `NOTHING` for 0.
    """

    NOTHING: ClassVar[int] = -1

    sources: tuple[str, ...]
    positions: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that is made."""
        return self.positions.shape

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Takes the entries."""
        flat = [np.ravel(arrays[name]) for name in self.sources]
        nothing = np.zeros(1, flat[0].dtype)  # is last, at -1
        return np.concatenate([*flat, nothing])[self.positions]

    def pull_back(
        self, slope: np.ndarray, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns the gradients by the sources, of which an entry may come several times."""
        ends = np.cumsum([arrays[name].size for name in self.sources])
        total = np.zeros(int(ends[-1]) + 1, slope.dtype)  # the last is of nothing
        np.add.at(total, self.positions.ravel(), slope.ravel())
        parts = zip(self.sources, np.split(total, ends), strict=False)
        return {name: part.reshape(arrays[name].shape) for name, part in parts}


@dataclasses.dataclass(frozen=True, eq=False)
class Arrangement:
    """How one array is made: the sum of terms, most often of one, times a number, plus constants.

    Attributes:
      terms: each of the shape of the array.
      offset: what is added, of that shape; None for nothing. A framework that adds 1 to the forget
        gate of an LSTM in its code has a bias that is smaller by 1.
      factor: what the sum of the terms is multiplied by. A program may have the scale of its
        attention in its weights.
    """

    terms: tuple[Term, ...]
    offset: np.ndarray | None = None
    factor: float = 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that is made."""
        return self.terms[0].shape

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all arrays that it is made of."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.sources))

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Makes the array, in the dtype of what it is made of."""
        found = self.terms[0].of(arrays)
        for term in self.terms[1:]:
            found = found + term.of(arrays)
        if self.factor != 1:
            found = found * found.dtype.type(self.factor)
        return found if self.offset is None else found + self.offset.astype(found.dtype)

    def pull_back(
        self, slope: np.ndarray, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns the gradients by the arrays that it is made of, in their shapes.

        Args:
          slope: the gradient by the array that is made.
          arrays: those that it is made of.
        """
        scaled = slope if self.factor == 1 else slope * slope.dtype.type(self.factor)
        return _added_up(term.pull_back(scaled, arrays) for term in self.terms)


def pulled_back(
    arrangements: Mapping[str, Arrangement],
    slopes: Mapping[str, np.ndarray],
    arrays: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Returns the gradients by all arrays that some are made of, in their shapes.

    Args:
      arrangements: name -> how an array is made.
      slopes: the gradients by arrays that are made; of others they are left out.
      arrays: those that they are made of.
    """
    known = ((arrangements[name], one) for name, one in slopes.items() if name in arrangements)
    return _added_up(arrangement.pull_back(one, arrays) for arrangement, one in known)


def _added_up(parts: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for part in parts:
        for name, one in part.items():
            found[name] = found[name] + one if name in found else one
    return found


def rearranged(name: str, array: np.ndarray, axes: tuple[int, ...] | None = None) -> Arrangement:
    """Returns the arrangement of an array with its axes in another order.

    Args:
      name: of the array.
      array: of its shape.
      axes: as of `numpy.transpose`; None for the array as it is.
    """
    order = tuple(range(array.ndim)) if axes is None else axes
    shape = tuple(array.shape[axis] for axis in order)
    return Arrangement((Axes(name, array.shape, order, shape),))
