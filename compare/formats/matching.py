"""Which array of one file belongs to which of another."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.parameter_names import is_weight, number_layers, plain_name
from compare.formats.read.numbers import NamedArray, Numbers, join


class ArrayPair(NamedTuple):
    """The same quantity from both files."""

    name: str
    a: np.ndarray  # [N, ...]; N is 1 where a file does not know of samples
    b: np.ndarray
    half_a: np.ndarray  # half a unit of the last printed digit of a; 0 where it is exact
    half_b: np.ndarray

    @property
    def half_units(self) -> np.ndarray:
        """What two prints of one number may be apart, [N, ...]; 0 where both are exact."""
        return self.half_a + self.half_b

    def widen(self) -> "ArrayPair":
        """Returns the pair in float64, to be subtracted."""
        return self._replace(a=self.a.astype(np.float64), b=self.b.astype(np.float64))


def match_arrays(a: Numbers, b: Numbers) -> tuple[list[ArrayPair], list[str]]:
    """Pairs the arrays of two files: by name if both files name the same, else by order.

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
    left: Sequence[NamedArray] = a.arrays
    right = _in_layout_of(a, b, _ordered_like(a, b), notes)
    if a.by_sample and b.by_sample and _shapes(left) != _shapes(right):
        _refuse("parameters of the same shapes", a, b)
    if _stand_in_another_order(left, right):
        notes.append("Sizes show another order of arrays; those of one size are compared in turn.")
        right = _in_order_of_sizes(right, left)
    # Where the arrays are of other sizes, both are cut where either is.
    cut = _sizes(left) != _sizes(right)
    if cut:
        _check_one_sample(a, b)
        notes.append("The arrays are not split alike; all numbers are compared in file order.")
        left, right = _cut_alike(left, right)
    pairs = []
    for place, (p, q) in enumerate(zip(left, right, strict=True), start=1):
        name = p.name or q.name or f"array {place}"
        if not cut and not _same_shapes([p], [q]):
            shapes = f"{_shape(p.values)} and {_shape(q.values)}"
            notes.append(f"{name}: {shapes} are compared in row-major order.")
        pairs.append(_pair(name, p, q, by_sample=a.by_sample and b.by_sample))
    return pairs, notes


def _ordered_like(a: Numbers, b: Numbers) -> tuple[NamedArray, ...]:
    """Returns the arrays of b in the order of a's, if their names say which are the same."""
    for mine, theirs in zip(_names(a), _names(b), strict=True):
        if mine and theirs and set(mine) == set(theirs):
            if len(mine) == len(theirs) == len(set(mine)):
                return tuple(b.arrays[theirs.index(name)] for name in mine)
            break  # names that repeat say nothing
    if a.by_sample and b.by_sample:
        _refuse("the same parameters", a, b)
    return b.arrays


def _names(numbers: Numbers) -> Iterator[list[str] | None]:
    """Yields the names of the arrays as they are, of their parameters, and by the layers' order."""
    names = [name for name in numbers.names if name]
    complete = len(names) == len(numbers.names)
    yield names if complete else None
    yield list(map(plain_name, names)) if complete else None
    yield number_layers(names) if complete else None


def _in_layout_of(
    a: Numbers, b: Numbers, arrays: Sequence[NamedArray], notes: list[str]
) -> Sequence[NamedArray]:
    """Returns the arrays of b with matrices in a's layout, unless shapes show that they are."""
    if not a.layout or not b.layout or a.layout == b.layout:
        return arrays
    turned = tuple(map(_transposed, arrays))
    if _same_shapes(a.arrays, arrays) and not _same_shapes(a.arrays, turned):
        return arrays
    notes.append(f"{b.path} is {b.layout}; its matrices were transposed to {a.layout}.")
    return turned


def _stand_in_another_order(left: Sequence[NamedArray], right: Sequence[NamedArray]) -> bool:
    """Whether arrays have the same sizes in another order; lines of numbers do not end arrays."""
    sizes = _sizes(left), _sizes(right)
    whole = all(one.bordered or one.half_unit is None for one in (*left, *right))
    return whole and sizes[0] != sizes[1] and sorted(sizes[0]) == sorted(sizes[1])


def _in_order_of_sizes(
    arrays: Sequence[NamedArray], others: Sequence[NamedArray]
) -> list[NamedArray]:
    """Returns arrays in the order of others of their shapes, or sizes if these have other shapes.

    Those of one shape stay in the order they have.
    """
    shaped = sorted(_shapes(arrays)) == sorted(_shapes(others))
    left: dict[tuple[int, ...], list[NamedArray]] = {}

    def key(one: NamedArray) -> tuple[int, ...]:
        return one.values.shape if shaped else (one.values.size,)

    for one in reversed(arrays):
        left.setdefault(key(one), []).append(one)
    return [left[key(one)].pop() for one in others]


def _cut_alike(
    left: Sequence[NamedArray], right: Sequence[NamedArray]
) -> tuple[list[NamedArray], list[NamedArray]]:
    """Cuts the numbers of both files wherever an array of either ends."""
    ends = [set(itertools.accumulate(one.values.size for one in side)) for side in (left, right)]
    borders = list(itertools.pairwise(sorted({0}.union(*ends))))
    return _cut(left, borders), _cut(right, borders)


def _cut(arrays: Sequence[NamedArray], borders: Sequence[tuple[int, int]]) -> list[NamedArray]:
    """Returns the numbers between borders: an array as it is where it lies between two of them."""
    starts = itertools.accumulate((one.values.size for one in arrays), initial=0)
    whole = {(i, i + one.values.size): one for i, one in zip(starts, arrays, strict=False)}
    row = join(arrays)

    def piece(start: int, stop: int) -> NamedArray:
        return whole.get((start, stop)) or row.map(lambda numbers: numbers[start:stop])

    return [piece(*border) for border in borders]


def _check_one_sample(a: Numbers, b: Numbers) -> None:
    """A print does not say which numbers belong to one sample, so a dump must have only one."""
    if any(numbers.by_sample and len(numbers.arrays[0].values) > 1 for numbers in (a, b)):
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
    arrays = (p.values, q.values, _half_units(p, q), _half_units(q, p))
    return ArrayPair(name, *(array.reshape(shape) for array in arrays))


def _half_units(one: NamedArray, other: NamedArray) -> np.ndarray:
    """Returns the half units of one array: integers are exact unless they may be rounded others.

    Those that %.0f prints look the same, so they are exact only where the other array holds nothing
    but whole numbers too.
    """
    finite = other.values[np.isfinite(other.values)]
    exact = one.integers and np.array_equal(finite, np.round(finite))
    return np.zeros(one.values.shape) if exact else one.half_units


def _transposed(array: NamedArray) -> NamedArray:
    """Transposes matrices of weights, [rows, columns] or [N, rows, columns], and no biases."""
    if array.values.ndim < 2 or not is_weight(array.name):
        return array
    return array.map(lambda matrices: np.ascontiguousarray(np.swapaxes(matrices, -1, -2)))


def _contents(numbers: Numbers) -> str:
    return ", ".join(f"{array.name or 'array'} {_shape(array.values)}" for array in numbers.arrays)


def _shapes(arrays: Sequence[NamedArray]) -> list[tuple[int, ...]]:
    return [array.values.shape for array in arrays]


def _same_shapes(left: Sequence[NamedArray], right: Sequence[NamedArray]) -> bool:
    """Whether the shapes are the same but for axes of size 1."""
    shapes = ([np.squeeze(one.values).shape for one in side] for side in (left, right))
    return next(shapes) == next(shapes)


def _sizes(arrays: Sequence[NamedArray]) -> list[int]:
    return [array.values.size for array in arrays]


def _shape(values: np.ndarray) -> str:
    return "x".join(map(str, values.shape)) or "1"
