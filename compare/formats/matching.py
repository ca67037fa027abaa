"""Which array of one file belongs to which of another."""

from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray, Numbers, join


class ArrayPair(NamedTuple):
    """The same quantity from both files."""

    name: str
    a: np.ndarray  # [N, ...]; N is 1 where a file does not know of samples
    b: np.ndarray
    half_units: np.ndarray  # of the last printed digits of a and b together; 0 where both are exact

    def widen(self) -> "ArrayPair":
        """Returns the pair in float64, to be subtracted."""
        return self._replace(a=self.a.astype(np.float64), b=self.b.astype(np.float64))


def match_arrays(a: Numbers, b: Numbers) -> tuple[list[ArrayPair], list[str]]:
    """Pairs the arrays of two files: by name if both files have the same names, else by order.

    Returns:
      The pairs of arrays, and a note for every decision that was taken to make them.

    Raises:
      UsageError: if the files do not hold as many numbers, or dumps not the same parameters.
    """
    if a.size != b.size:
        raise UsageError(
            f"expected as many numbers in both files, got {a.size} in {a.path} "
            f"({_contents(a)}) and {b.size} in {b.path} ({_contents(b)})"
        )
    notes: list[str] = []
    # Bring dumps into one layout and one order.
    if a.layout and b.layout and a.layout != b.layout:
        notes.append(f"{b.path} is {b.layout}; its matrices were transposed to {a.layout}.")
        b = b._replace(arrays=tuple(map(_transposed, b.arrays)))
    left, right = a.arrays, _ordered_like(a, b)
    if a.layout and b.layout and [p.values.shape for p in left] != [q.values.shape for q in right]:
        _refuse("parameters of the same shapes", a, b)
    # Where the arrays are of other sizes, all numbers are one array.
    if [p.values.size for p in left] != [q.values.size for q in right]:
        _check_one_sample(a, b)
        notes.append("The arrays are not split alike; all numbers are compared in file order.")
        left, right = (join(left, "all"),), (join(right, "all"),)
    pairs = []
    for place, (p, q) in enumerate(zip(left, right, strict=True), start=1):
        name = p.name or q.name or f"array {place}"
        if np.squeeze(p.values).shape != np.squeeze(q.values).shape:
            shapes = f"{_shape(p.values)} and {_shape(q.values)}"
            notes.append(f"{name}: {shapes} are compared in row-major order.")
        pairs.append(_pair(name, p, q, by_sample=bool(a.layout and b.layout)))
    return pairs, notes


def _ordered_like(a: Numbers, b: Numbers) -> tuple[NamedArray, ...]:
    same_names = sorted(map(str, a.names)) == sorted(map(str, b.names))
    if same_names and None not in a.names and len(set(a.names)) == len(a.names):
        return tuple(sorted(b.arrays, key=lambda array: a.names.index(array.name)))
    if a.layout and b.layout:
        _refuse("the same parameters", a, b)
    return b.arrays


def _check_one_sample(a: Numbers, b: Numbers) -> None:
    """A print does not say which numbers belong to one sample, so a dump must have only one."""
    if any(numbers.layout and len(numbers.arrays[0].values) > 1 for numbers in (a, b)):
        _refuse("arrays of the same sizes", a, b)


def _refuse(expected: str, a: Numbers, b: Numbers) -> None:
    raise UsageError(
        f"expected {expected} in both files, got {_contents(a)} in {a.path} and {_contents(b)} in "
        f"{b.path}"
    )


def _pair(name: str, p: NamedArray, q: NamedArray, *, by_sample: bool) -> ArrayPair:
    """Gives both the shape of the one with more axes, with a sample axis in front."""
    shape = max(p.values.shape, q.values.shape, key=len)
    if not by_sample and not (len(shape) == 3 and shape[0] == 1):
        shape = (1, *shape)
    half_units = p.half_units.reshape(shape) + q.half_units.reshape(shape)
    return ArrayPair(name, p.values.reshape(shape), q.values.reshape(shape), half_units)


def _transposed(array: NamedArray) -> NamedArray:
    """Transposes the matrices [N, rows, columns] of a dump, not its biases [N, columns]."""
    if array.values.ndim < 3:
        return array
    return array.map(lambda matrices: np.ascontiguousarray(np.swapaxes(matrices, 1, 2)))


def _contents(numbers: Numbers) -> str:
    return ", ".join(f"{array.name or 'array'} {_shape(array.values)}" for array in numbers.arrays)


def _shape(values: np.ndarray) -> str:
    return "x".join(map(str, values.shape)) or "1"
