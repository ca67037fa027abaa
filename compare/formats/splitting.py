"""The arrays of two files, split alike: cut where either file does, or stacked by sample."""

import itertools
from collections.abc import Sequence

from compare.formats.parameter_names import plain_name
from compare.formats.read.numbers import NamedArray, Numbers, join, stack


def cut_alike(
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


def stacked_alike(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """Stacks the arrays of one name, where every name comes once for each sample.

    Returns:
      Files of as many arrays as one another; the same files if that cannot be.
    """
    found = _stacked(a), _stacked(b)
    return found if len(found[0].arrays) == len(found[1].arrays) else (a, b)


def _stacked(numbers: Numbers) -> Numbers:
    groups: dict[str, list[NamedArray]] = {}
    for array in numbers.arrays:
        groups.setdefault(plain_name(array.name or ""), []).append(array)
    samples = {len(group) for group in groups.values()}
    alike = all(len({one.values.shape for one in group}) == 1 for group in groups.values())
    if "" in groups or samples == {1} or len(samples) > 1 or not alike:
        return numbers
    return numbers._replace(arrays=tuple(stack(group, group[0].name) for group in groups.values()))
