"""Printed gradients without names: told apart by how many numbers there are, and in what order."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray
from compare.formats.read.shaped import one_gradient
from jaxmlp.base import Params, parameter_names


def by_count(
    arrays: Sequence[NamedArray], params: Params, n: int, where: str
) -> tuple[list[NamedArray], str]:
    """Tells parameters apart by how many numbers they have.

    They come as w1 b1 w2 b2 or w1 w2 b1 b2, whichever has more of the right shapes, with an array
    for each parameter or for each of every sample; however else the numbers are arranged, they are
    taken sample by sample, w1 b1 w2 b2.
    """
    names = parameter_names(len(params))
    sizes = dict(zip(names, (leaf.size for layer in params for leaf in layer), strict=True))
    found = [array.values.size for array in arrays]
    one_sample = sum(sizes.values())
    possible = []
    for order in (names, names[::2] + names[1::2]):
        expected = [sizes[name] for name in order]
        if found == [n * size for size in expected]:
            possible.append((_sorted(order, arrays), " ".join(order)))
        elif found == expected * n:
            groups = [arrays[i :: len(names)] for i in range(len(names))]
            stacks = [stacked(group, None) for group in groups]
            possible.append((_sorted(order, stacks), " ".join(order)))
    if possible:  # as w2 may be as large as b1, shapes count too
        return max(possible, key=lambda one: _fitting(one[0], params, n))
    if sum(found) == n * one_sample:
        return _split(arrays, sizes, n), " ".join(names)
    shapes = [list(leaf.shape) for layer in params for leaf in layer]
    each = ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
    said = (
        f"{where}: expected {n} x {one_sample} numbers, for every sample {each}; found "
        f"{sum(found)} in arrays of {', '.join(map(str, found))}"
    )
    if sum(found) == one_sample:
        raise UsageError(f"{said}, which is {one_gradient(n)}")
    if sum(found) % one_sample == 0:
        said += f"; pass --samples={sum(found) // one_sample} if those are the samples"
    raise UsageError(said)


def _fitting(leaves: Sequence[NamedArray], params: Params, n: int) -> int:
    """How many arrays of w1, b1, ... have exactly the shape of theirs, in some layout."""
    shapes = [leaf.shape for layer in params for leaf in layer]
    return sum(
        leaf.values.shape in ((n, *shape), (n, *shape[::-1]))
        for leaf, shape in zip(leaves, shapes, strict=True)
    )


def _sorted(order: Sequence[str], arrays: Sequence[NamedArray]) -> list[NamedArray]:
    """Brings arrays that stand for these names into the order w1, b1, w2, ..."""
    by_name = dict(zip(order, arrays, strict=True))
    return [by_name[name] for name in parameter_names(len(order) // 2)]


def alike(arrays: Sequence[NamedArray]) -> bool:
    """Whether all have one shape."""
    return len({array.values.shape for array in arrays}) == 1


def stacked(arrays: Sequence[NamedArray], name: str | None) -> NamedArray:
    """Puts the arrays of several samples into one; they were printed."""
    values = np.stack([array.values.reshape(-1) for array in arrays])
    units = [array.half_unit.reshape(-1) for array in arrays if array.half_unit is not None]
    shape = (len(arrays), *arrays[0].values.shape)
    return NamedArray(name, values.reshape(shape), np.stack(units).reshape(shape))


def _split(arrays: Sequence[NamedArray], sizes: dict[str, int], n: int) -> list[NamedArray]:
    """Cuts samples of all parameters in a row."""
    ends = np.cumsum(list(sizes.values()))[:-1]

    def cut(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
        whole = np.concatenate([part.reshape(-1) for part in parts]).reshape(n, -1)
        return np.split(whole, ends, axis=1)

    units = [array.half_unit for array in arrays if array.half_unit is not None]
    return [
        NamedArray(None, *both)
        for both in zip(cut([array.values for array in arrays]), cut(units), strict=True)
    ]
