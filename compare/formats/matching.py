"""Which array of one file belongs to which of another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray, Numbers


class Matched(NamedTuple):
    """The same quantity out of both files."""

    name: str
    a: np.ndarray  # [N, ...]; N is 1 where a file does not know of samples
    b: np.ndarray
    half_units: np.ndarray  # of the last printed digits of a and b together; 0 where both are exact


def match(a: Numbers, b: Numbers) -> tuple[list[Matched], list[str]]:
    """Puts arrays side by side: by name if both files have the same names, else by order.

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
    if a.layout and b.layout and a.layout != b.layout:
        notes.append(f"{b.path} is {b.layout}; its matrices were transposed to {a.layout}.")
        b = b._replace(arrays=tuple(map(_transposed, b.arrays)))
    left, right = a.arrays, _ordered_like(a, b)
    if a.layout and b.layout and [p.values.shape for p in left] != [q.values.shape for q in right]:
        _refuse("parameters of the same shapes", a, b)
    if _sizes(left) != _sizes(right):
        _check_one_sample(a, b)
        notes.append("The arrays are not split alike; all numbers are compared in file order.")
        left, right = (_joined(left),), (_joined(right),)
    matched = []
    for place, (p, q) in enumerate(zip(left, right, strict=True), start=1):
        name = p.name or q.name or f"array {place}"
        if np.squeeze(p.values).shape != np.squeeze(q.values).shape:
            shapes = f"{_shape(p.values)} and {_shape(q.values)}"
            notes.append(f"{name}: {shapes} are compared in row-major order.")
        matched.append(_side_by_side(name, p, q, by_sample=bool(a.layout and b.layout)))
    return matched, notes


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


def _side_by_side(name: str, p: NamedArray, q: NamedArray, *, by_sample: bool) -> Matched:
    """Gives both the shape of the one with more axes, with a sample axis in front."""
    shape = max(p.values.shape, q.values.shape, key=len)
    if not by_sample and not (len(shape) == 3 and shape[0] == 1):
        shape = (1, *shape)
    half_units = _half_unit(p).reshape(shape) + _half_unit(q).reshape(shape)
    return Matched(name, p.values.reshape(shape), q.values.reshape(shape), half_units)


def _transposed(array: NamedArray) -> NamedArray:
    if array.values.ndim < 3:
        return array
    values, half_unit = (
        np.ascontiguousarray(np.swapaxes(each, 1, 2)) for each in (array.values, _half_unit(array))
    )
    return array._replace(values=values, half_unit=half_unit)


def _joined(arrays: Sequence[NamedArray]) -> NamedArray:
    values = np.concatenate([array.values.reshape(-1) for array in arrays])
    return NamedArray("all", values, np.concatenate([_half_unit(a).reshape(-1) for a in arrays]))


def _half_unit(array: NamedArray) -> np.ndarray:
    return np.zeros(array.values.shape) if array.half_unit is None else array.half_unit


def _sizes(arrays: Sequence[NamedArray]) -> list[int]:
    return [array.values.size for array in arrays]


def _contents(numbers: Numbers) -> str:
    return ", ".join(f"{array.name or 'array'} {_shape(array.values)}" for array in numbers.arrays)


def _shape(values: np.ndarray) -> str:
    return "x".join(map(str, values.shape)) or "1"
