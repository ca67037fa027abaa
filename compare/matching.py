"""Which array of one file belongs to which of another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.readers.numbers import NamedArray, Numbers


class Matched(NamedTuple):
    """The same quantity out of both files."""

    name: str
    a: np.ndarray  # [N, ...]; N is 1 where a file does not know of samples
    b: np.ndarray


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
        pair = Matched(p.name or q.name or f"array {place}", p.values, q.values)
        if np.squeeze(pair.a).shape != np.squeeze(pair.b).shape:
            shapes = f"{_shape(pair.a)} and {_shape(pair.b)}"
            notes.append(f"{pair.name}: {shapes} are compared in row-major order.")
        matched.append(_same_shape(pair, by_sample=bool(a.layout and b.layout)))
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


def _same_shape(pair: Matched, *, by_sample: bool) -> Matched:
    """Gives both the shape of the one with more axes, with a sample axis in front."""
    shape = max(pair.a.shape, pair.b.shape, key=len)
    if not by_sample and not (len(shape) == 3 and shape[0] == 1):
        shape = (1, *shape)
    return pair._replace(a=pair.a.reshape(shape), b=pair.b.reshape(shape))


def _transposed(array: NamedArray) -> NamedArray:
    if array.values.ndim < 3:
        return array
    return array._replace(values=np.ascontiguousarray(np.swapaxes(array.values, 1, 2)))


def _joined(arrays: Sequence[NamedArray]) -> NamedArray:
    return NamedArray("all", np.concatenate([array.values.reshape(-1) for array in arrays]))


def _sizes(arrays: Sequence[NamedArray]) -> list[int]:
    return [array.values.size for array in arrays]


def _contents(numbers: Numbers) -> str:
    return ", ".join(f"{array.name or 'array'} {_shape(array.values)}" for array in numbers.arrays)


def _shape(values: np.ndarray) -> str:
    return "x".join(map(str, values.shape)) or "1"
