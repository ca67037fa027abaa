"""Gradients from a file: a dump of ours, a print, or arrays.

Shape letters: N samples, n_in and n_out the two sides of a layer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import computed_dtype
from compare.formats.dtypes import FLOAT_DTYPES, largest_of
from compare.formats.read.arrays import FORMATS, read_arrays
from compare.formats.read.files import read_numbers
from compare.formats.read.gradients.by_count import (
    WHOLE,
    leaves_in_order,
    readings_by_count,
    readings_in_any_order,
)
from compare.formats.read.gradients.by_name import parameter_name, readings_by_name
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.gradients.leaves import gradients_of
from compare.formats.read.numbers import NamedArray, Numbers, stack
from compare.formats.read.text import read_text
from compare.formats.reading import Reading
from jaxmlp.base import Grads, Layer, parameter_names

_MOST_TIMES = 4  # as many numbers as there should be may be read, to say what is wrong
_TEXT_OF_NUMBER, _TEXT_BESIDE = 256, 2**24  # bytes of a printed number, and of what else there is
_NO_NAME = re.compile(r"arr_\d+|(?:\[\d+\])+")  # by numpy.savez(path, *arrays), and by keystr


class FileGradients(NamedTuple):
    """The gradients of some samples, out of a file."""

    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out]
    printed: Grads | None  # half a unit of the last printed digit of each; None: not from print


class GradientFile(NamedTuple):
    """What a file holds: an array for each parameter, or for all."""

    numbers: Numbers
    arrays: tuple[NamedArray, ...]  # those of all samples stacked, if each had its own
    dtype: np.dtype  # of the arithmetic

    def readings(
        self, expected: ExpectedGradients, layout: str | None, layers: Sequence[str] = ()
    ) -> list[Reading]:
        """Returns every way to read the file, the most likely first.

        Args:
          expected: the gradients that it should hold.
          layout: of the matrices, if a user has said it and the file does not.
          layers: the names of the layers of the weights, if they have any.

        Raises:
          UsageError: if it does not hold these gradients.
        """
        said = self.numbers.layout or layout
        named = self._readings_by_name(expected, said, layers)
        return readings_by_count(self.arrays, expected, said) if named is None else named

    def further_readings(
        self, expected: ExpectedGradients, layout: str | None, right: Callable[[], Grads]
    ) -> list[Reading]:
        """Returns readings in whatever orders come near to the right ones, where no names say one.

        Args:
          expected: the gradients that it should hold.
          layout: of the matrices, if a user has said it and the file does not.
          right: returns the gradients of the first samples.

        Raises:
          UsageError: as `readings` does.
        """
        said = self.numbers.layout or layout
        if self._readings_by_name(expected, said) is not None:
            return []
        return readings_in_any_order(self.arrays, expected, said, right())

    def unread_names(self, reading: Reading) -> tuple[str, ...]:
        """Returns the names of a print of which a reading makes nothing."""
        names = tuple(dict.fromkeys(array.name for array in self.arrays if array.name))
        return names if reading.arrays == WHOLE and len(names) > 1 else ()

    def take(
        self, reading: Reading, expected: ExpectedGradients, rows: slice = slice(None)
    ) -> FileGradients:
        """Returns the gradients of some samples by one of the readings.

        Raises:
          UsageError: for an array that does not fit, and printed numbers that the arithmetic does
            not have.
        """
        leaves = leaves_in_order(self.arrays, reading, expected)
        assert leaves is not None
        values = _rows(expected.arrange([one.values for one in leaves], reading.layout), rows)
        if not self.numbers.printed:
            return FileGradients(_cast(values, self.dtype), None)
        _check_range(values, self.dtype, expected.where)
        units = _rows(expected.arrange([one.half_units for one in leaves], reading.layout), rows)
        return FileGradients(_cast(values, self.dtype), units)

    def _readings_by_name(
        self, expected: ExpectedGradients, layout: str | None, layers: Sequence[str] = ()
    ) -> list[Reading] | None:
        """Returns the readings that names allow, None if there are none or they are not read."""
        try:
            _check_distinct(self.arrays, expected.where)
            return readings_by_name(
                self.arrays, expected, layout, ordering=self.numbers.ordering, layers=layers
            )
        except UsageError:
            if not self.numbers.printed and any(self.numbers.names):
                raise
            return None


def read_gradients(path: str, expected: ExpectedGradients, dtype: np.dtype) -> GradientFile:
    """Reads a file of per-sample gradients.

    Args:
      path: a dump of ours, a print, arrays in any format, or a folder with an array in each file.
      expected: what it should hold.
      dtype: of the arithmetic, where the numbers were read from print or wider arrays hold them.

    Raises:
      UsageError: if it cannot be read, or holds far more numbers.
    """
    numbers = gradients_of(_read(path, expected), expected)
    if not numbers.arrays:
        raise UsageError(f"{expected.where}: expected numbers, found none")
    for array in numbers.arrays:
        if array.values.dtype.name not in FLOAT_DTYPES:
            raise UsageError(
                f"{expected.where}: {array.name}: expected floating-point numbers "
                f"({', '.join(FLOAT_DTYPES)}), got {array.values.dtype}"
            )
    if not numbers.printed:
        dtype = computed_dtype([array.values for array in numbers.arrays], dtype)
    return GradientFile(numbers, _stacked(numbers, expected), dtype)


def _read(path: str, expected: ExpectedGradients) -> Numbers:
    enough = expected.n * sum(expected.sizes.values())

    def check(named: Mapping[str, np.ndarray]) -> None:
        found = sum(array.size for array in named.values())
        if found > _MOST_TIMES * enough:
            raise UsageError(
                f"{expected.where}: expected {enough:,} numbers, got {found:,} in {len(named):,} "
                "arrays"
            )

    if Path(path).suffix.lower() in FORMATS:
        found = read_arrays(path, option="--gradients", check=check)
        arrays = tuple(
            NamedArray(None if _NO_NAME.fullmatch(name) else name, array)
            for name, array in found.named.items()
        )
        return Numbers(path, arrays, found.layout, ordering=found.ordering)
    try:
        if Path(path).is_dir():
            return read_numbers(path)
        return read_text(path, at_most=_TEXT_OF_NUMBER * enough + _TEXT_BESIDE)
    except UsageError as error:
        raise UsageError(f"--gradients {error}") from None


def _stacked(numbers: Numbers, expected: ExpectedGradients) -> tuple[NamedArray, ...]:
    """Stacks the arrays of a print that has a parameter of every sample by itself."""
    arrays, n, parameters = numbers.arrays, expected.n, len(expected.shapes)
    if not numbers.printed or n == 1:
        return arrays
    by_name: dict[str, list[NamedArray]] = {}
    for i, array in enumerate(arrays):
        by_name.setdefault(parameter_name(array) or f"array {i}", []).append(array)
    by_place = [arrays[i::parameters] for i in range(parameters)]
    for groups in (list(by_name.values()), by_place):
        if all(len(one) == n and len({p.values.shape for p in one}) == 1 for one in groups):
            return tuple(stack(group, group[0].name) for group in groups)
    return arrays


def _check_distinct(arrays: Sequence[NamedArray], where: str) -> None:
    first: dict[str, NamedArray] = {}
    for array in arrays:
        other = first.setdefault(parameter_name(array), array)
        if other is not array:
            raise UsageError(
                f"{where}: {other.name} and {array.name} are named as if they were the same "
                "gradient"
            )


def _check_range(grads: Grads, dtype: np.dtype, where: str) -> None:
    """Refuses printed numbers that the arithmetic does not have, as it cannot have made them."""
    largest = largest_of(dtype)
    leaves = [leaf for layer in grads for leaf in layer]
    for name, leaf in zip(parameter_names(len(grads)), leaves, strict=True):
        if (np.isfinite(leaf) & (np.abs(leaf) > largest)).any():
            raise UsageError(f"{where}: {name} has numbers too large for {dtype}")


def _rows(grads: Grads, rows: slice) -> Grads:
    return tuple(Layer(w[rows], b[rows]) for w, b in grads)


def _cast(grads: Grads, dtype: np.dtype) -> Grads:
    return tuple(Layer(w.astype(dtype), b.astype(dtype)) for w, b in grads)
