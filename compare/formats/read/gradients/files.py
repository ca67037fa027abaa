"""Gradients from a file: a dump of ours, a print, or arrays.

Shape letters: N samples, n_in and n_out the two sides of a layer.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import computed_dtype
from compare.formats.dtypes import FLOAT_DTYPES, largest_of
from compare.formats.read.arrays import FORMATS, read_arrays
from compare.formats.read.gradients.by_count import Arrangement, order_by_count
from compare.formats.read.gradients.by_name import order_by_name
from compare.formats.read.gradients.expected import ExpectedGradients, expect_gradients
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.text import read_text
from jaxmlp.base import Grads, Layer, Params, parameter_names


class FileGradients(NamedTuple):
    """The gradients of a file, and how they were understood."""

    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out]
    printed: Grads | None  # half a unit of the last printed digit of each; None: not from print
    order: str | None  # of the parameters, where they were not told apart by name


def read_gradients(
    path: str, params: Params, *, n: int, layout: str, dtype: np.dtype
) -> FileGradients:
    """Reads the per-sample gradients of n samples.

    Args:
      path: a dump of ours, a print, `.npz`, a `.pt` of named tensors, or `.safetensors`.
      params: the weights.
      n: N.
      layout: of matrices where the file does not say and their shapes do not tell.
      dtype: of the arithmetic, where the numbers were read from print or wider arrays hold them.

    Raises:
      UsageError: if it cannot be read, or does not hold these gradients.
    """
    expected = expect_gradients(params, n, f"--gradients {path}")
    numbers = _read(path)
    _check_floats(numbers, expected.where)
    # Find the array of each parameter, and whether its matrices are transposed.
    layout = numbers.layout or layout
    leaves, order = _arrange(numbers, expected, layout)
    layout = expected.layout_of([leaf.values.shape for leaf in leaves], layout)
    values = expected.arrange([leaf.values for leaf in leaves], layout)
    if not numbers.printed:
        narrow = computed_dtype([leaf for layer in values for leaf in layer], dtype)
        return FileGradients(_cast(values, narrow), None, None)
    _check_range(values, dtype, expected.where)
    units = expected.arrange([leaf.half_units for leaf in leaves], layout)
    return FileGradients(_cast(values, dtype), units, order)


def _read(path: str) -> Numbers:
    if Path(path).suffix.lower() in FORMATS:
        found = read_arrays(path, option="--gradients")
        arrays = tuple(NamedArray(name, array) for name, array in found.named.items())
        return Numbers(path, arrays, found.layout, ordered=found.ordered)
    try:
        return read_text(path)
    except UsageError as error:
        raise UsageError(f"--gradients {error}") from None


def _check_floats(numbers: Numbers, where: str) -> None:
    for array in numbers.arrays:
        if array.values.dtype.name not in FLOAT_DTYPES:
            raise UsageError(
                f"{where}: {array.name}: expected floating-point numbers "
                f"({', '.join(FLOAT_DTYPES)}), got {array.values.dtype}"
            )


def _arrange(numbers: Numbers, expected: ExpectedGradients, layout: str) -> Arrangement:
    """Tells parameters apart by name or, in a print whose words are no such names, by count."""
    try:
        return Arrangement(order_by_name(numbers, expected, layout), None)
    except UsageError:
        if not numbers.printed:
            raise
        return order_by_count(numbers.arrays, expected)


def _check_range(grads: Grads, dtype: np.dtype, where: str) -> None:
    """Refuses printed numbers that the arithmetic does not have, as it cannot have made them."""
    largest = largest_of(dtype)
    leaves = [leaf for layer in grads for leaf in layer]
    for name, leaf in zip(parameter_names(len(grads)), leaves, strict=True):
        if (np.isfinite(leaf) & (np.abs(leaf) > largest)).any():
            raise UsageError(f"{where}: {name} has numbers too large for {dtype}")


def _cast(grads: Grads, dtype: np.dtype) -> Grads:
    return tuple(Layer(w.astype(dtype), b.astype(dtype)) for w, b in grads)
