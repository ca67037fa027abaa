"""Printed gradients without names, told apart by how many numbers they have."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from compare.errors import UsageError
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.gradients.shapes import one_gradient
from compare.formats.read.numbers import NamedArray, join, stack


class Arrangement(NamedTuple):
    """Arrays as gradients, and the order that was assumed to find them."""

    leaves: list[NamedArray]  # of w1, b1, w2, ...
    order: str | None  # such as 'w1 w2 b1 b2'; None where names told them apart


def order_by_count(arrays: Sequence[NamedArray], expected: ExpectedGradients) -> Arrangement:
    """Tells parameters apart by how many numbers they have.

    They may come as w1 b1 w2 b2 or w1 w2 b1 b2, whichever has more of the right shapes, with an
    array for each parameter or for each parameter of each sample. Numbers that are arranged in any
    other way are read sample by sample, w1 b1 w2 b2.

    Raises:
      UsageError: if there are not as many numbers as expected.
    """
    names = expected.names
    orders = (names, names[::2] + names[1::2])
    found = [one for order in orders if (one := _arrange(arrays, order, expected)) is not None]
    if found:  # w2 may be as large as b1, so shapes count too
        return max(found, key=lambda one: _fitting(one.leaves, expected))
    numbers, per_sample = sum(_counts(arrays)), sum(expected.sizes.values())
    if numbers != expected.n * per_sample:
        raise _wrong_count(arrays, expected)
    return Arrangement(_split(arrays, expected), " ".join(names))


def _arrange(
    arrays: Sequence[NamedArray], order: Sequence[str], expected: ExpectedGradients
) -> Arrangement | None:
    """Takes arrays for parameters in this order, if they have as many numbers as those."""
    sizes = [expected.sizes[name] for name in order]
    if _counts(arrays) == [expected.n * size for size in sizes]:
        leaves = list(arrays)
    elif _counts(arrays) == sizes * expected.n:
        leaves = [stack(arrays[i :: len(order)]) for i in range(len(order))]
    else:
        return None
    by_name = dict(zip(order, leaves, strict=True))
    return Arrangement([by_name[name] for name in expected.names], " ".join(order))


def _counts(arrays: Sequence[NamedArray]) -> list[int]:
    return [array.values.size for array in arrays]


def _fitting(leaves: Sequence[NamedArray], expected: ExpectedGradients) -> int:
    """How many arrays of w1, b1, ... have exactly the expected shape, in either layout."""
    return sum(
        leaf.values.shape in ((expected.n, *shape), (expected.n, *shape[::-1]))
        for leaf, shape in zip(leaves, expected.shapes, strict=True)
    )


def _split(arrays: Sequence[NamedArray], expected: ExpectedGradients) -> list[NamedArray]:
    """Cuts numbers that are all parameters of one sample after the other."""
    rows = join(arrays).map(lambda row: row.reshape(expected.n, -1))

    def cut(start: int, stop: int) -> NamedArray:
        return rows.map(lambda row: row[:, start:stop])

    ends = itertools.accumulate(expected.sizes.values(), initial=0)
    return [cut(start, stop) for start, stop in itertools.pairwise(ends)]


def _wrong_count(arrays: Sequence[NamedArray], expected: ExpectedGradients) -> UsageError:
    counts, per_sample = _counts(arrays), sum(expected.sizes.values())
    each = ", ".join(
        f"{name} {list(shape)}" for name, shape in zip(expected.names, expected.shapes, strict=True)
    )
    said = (
        f"{expected.where}: expected {expected.n} x {per_sample} numbers, for every sample {each}; "
        f"found {sum(counts)} in arrays of {', '.join(map(str, counts))}"
    )
    if sum(counts) == per_sample:
        return UsageError(f"{said}, which is {one_gradient(expected.n)}")
    if sum(counts) % per_sample == 0:
        said += f"; pass --samples={sum(counts) // per_sample} if those are the samples"
    return UsageError(said)
