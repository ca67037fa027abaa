"""Which array of one file belongs to which of another."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.parameter_names import is_weight, number_layers, parameter_of, plain_name
from compare.formats.read.layer_names import kind_of
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.splitting import cut_alike, stacked_alike

_BY_PLACE = "The arrays have other names; they are compared in file order."
_BY_SIZE = "Arrays are matched by size, and those of one size in file order."


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


class Matching(NamedTuple):
    """One way to pair all arrays of two files."""

    pairs: tuple[ArrayPair, ...]
    notes: tuple[str, ...]  # one for every decision that was taken to make them


def matchings(a: Numbers, b: Numbers) -> Iterator[Matching]:
    """Pairs the arrays of two files in every way that there may be, the most likely first.

    They are paired by name if both files name the same, else in file order; where that pairs arrays
    of other sizes, they may be paired by size as well.

    Raises:
      UsageError: if the files do not hold as many numbers, or dumps not the same parameters.
    """
    if a.size != b.size:
        raise UsageError(
            f"expected as many numbers in both files, got {a.size} in {a.path} "
            f"({_contents(a)}) and {b.size} in {b.path} ({_contents(b)}){_per_sample(a, b)}"
        )
    notes: list[str] = []
    if a.layout and b.layout and a.layout != b.layout:
        turned = tuple(map(_transposed, b.arrays))
        as_they_are = _same_shapes(a.arrays, b.arrays) and not _same_shapes(a.arrays, turned)
        if not as_they_are:
            notes.append(f"{b.path} is {b.layout}; its matrices were transposed to {a.layout}.")
            b = b._replace(arrays=turned)
    whole = a, b
    a, b = stacked_alike(a, b)
    by_sample = (a.by_sample and b.by_sample) or a is not whole[0] or b is not whole[1]
    for right, why in _orders(a, b):
        found = _match(a, b._replace(arrays=right), by_sample=by_sample)
        yield found._replace(notes=(*notes, *why, *found.notes))


def _match(a: Numbers, b: Numbers, *, by_sample: bool) -> Matching:
    """Pairs arrays that are in one order."""
    left: Sequence[NamedArray] = a.arrays
    right: Sequence[NamedArray] = b.arrays
    if a.by_sample and b.by_sample and _shapes(left) != _shapes(right):
        _refuse("parameters of the same shapes", a, b)
    # Where the arrays are of other sizes, both are cut where either is.
    notes = []
    cut = _sizes(left) != _sizes(right)
    if cut:
        _check_one_sample(a, b)
        notes.append("The arrays are not split alike; all numbers are compared in file order.")
        left, right = cut_alike(left, right)
    pairs = []
    both = list(zip(left, right, strict=True))
    by_sample = not cut and _have_samples(both, known=by_sample)
    for place, (p, q) in enumerate(both, start=1):
        name = p.name or q.name or f"array {place}"
        if not cut and not _same_shapes([p], [q]):
            shapes = f"{_shape(p.values)} and {_shape(q.values)}"
            notes.append(f"{name}: {shapes} are compared in row-major order.")
        pairs.append(_pair(name, p, q, by_sample=by_sample))
    return Matching(tuple(pairs), tuple(notes))


def _orders(a: Numbers, b: Numbers) -> Iterator[tuple[tuple[NamedArray, ...], tuple[str, ...]]]:
    """Yields the arrays of b in the orders that may be those of a's, and what to say of each."""
    for mine, theirs in zip(_names(a), _names(b), strict=True):
        if mine and theirs and set(mine) == set(theirs):
            if len(mine) == len(theirs) == len(set(mine)):
                yield tuple(b.arrays[theirs.index(name)] for name in mine), ()
            else:
                yield b.arrays, ()  # names that repeat say nothing
            return
    if a.by_sample and b.by_sample:
        _refuse("the same parameters", a, b)
    kinds, its = _kinds(a, b), _kinds(b, a)
    permuted = kinds != its and sorted(kinds) == sorted(its)
    if not permuted or not all(kind for kind, _ in kinds):
        named = None not in (*a.names, *b.names) and _sizes(a.arrays) == _sizes(b.arrays)
        yield b.arrays, (_BY_PLACE,) if named else ()
    if permuted:
        left = list(zip(its, b.arrays, strict=True))
        found = []
        for kind in kinds:
            found.append(left.pop([its for its, _ in left].index(kind))[1])
        yield tuple(found), (_BY_SIZE,)


def _kinds(numbers: Numbers, others: Numbers) -> list[tuple[str, tuple[int, ...]]]:
    """Returns what each array is of, weights or biases, if all names say so, and how large it is.

    That is its shape if both files hold the same shapes, else its size.
    """
    kinds = [[kind_of(parameter_of(name or "")) for name in one.names] for one in (numbers, others)]
    said = None not in (*kinds[0], *kinds[1])
    shapes = _shapes(numbers.arrays)
    if sorted(shapes) != sorted(_shapes(others.arrays)):
        shapes = [(size,) for size in _sizes(numbers.arrays)]
    return [
        (str(kind) if said else "", shape) for kind, shape in zip(kinds[0], shapes, strict=True)
    ]


def _have_samples(pairs: Sequence[tuple[NamedArray, NamedArray]], *, known: bool) -> bool:
    """Whether the first axis of all arrays is that of samples.

    Args:
      pairs: of arrays.
      known: whether files say that there is one; else arrays look like [N, in, out] and [N, out].
    """
    both = [array for pair in pairs for array in pair]
    if len({array.values.shape[:1] for array in both}) > 1:
        return False
    axes = {array.values.ndim for array in both}
    kinds = {(kind_of(parameter_of(array.name or "")), array.values.ndim) for array in both}
    return known or (3 in axes <= {2, 3} and not kinds & {("w", 2), ("b", 3)})


def _names(numbers: Numbers) -> Iterator[list[str] | None]:
    """Yields the names of the arrays as they are, of their parameters, and by the layers' order."""
    names = [name for name in numbers.names if name]
    complete = len(names) == len(numbers.names)
    yield names if complete else None
    yield list(map(plain_name, names)) if complete else None
    yield number_layers(names) if complete else None


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


def _per_sample(a: Numbers, b: Numbers) -> str:
    """Says what to do where one file seems to hold an array of each sample, and the other one."""
    few, many = sorted((a, b), key=lambda one: one.size)
    n = many.size // few.size
    if sorted(_sizes(many.arrays)) != sorted(n * size for size in _sizes(few.arrays)):
        return ""
    return f"; if {many.path} is of {n} samples, compare the sum or the mean over them"


def _contents(numbers: Numbers) -> str:
    return ", ".join(f"{array.name or 'array'} {_shape(array.values)}" for array in numbers.arrays)


def _shapes(arrays: Sequence[NamedArray]) -> list[tuple[int, ...]]:
    return [array.values.shape for array in arrays]


def _same_shapes(left: Sequence[NamedArray], right: Sequence[NamedArray]) -> bool:
    """Whether the shapes are the same but for axes of size 1, in any order."""
    shapes = [sorted(np.squeeze(one.values).shape for one in side) for side in (left, right)]
    return shapes[0] == shapes[1]


def _sizes(arrays: Sequence[NamedArray]) -> list[int]:
    return [array.values.size for array in arrays]


def _shape(values: np.ndarray) -> str:
    return "x".join(map(str, values.shape)) or "1"
