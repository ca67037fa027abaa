"""Which named gradient is that of which parameter, and in which layout."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.errors import UsageError
from compare.formats.read.gradients.by_name import readings_by_name
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.layer_names import is_kernel
from compare.formats.read.numbers import NamedArray
from compare.formats.reading import Reading
from compare.implementations.user.named_gradients import NamedGradients

Pairs = list[tuple[np.ndarray, np.ndarray | None]]  # (dw, db) of every layer, or (dw, None)


def readings_of(
    named: NamedGradients,
    expected: ExpectedGradients,
    layout: str | None,
    weights: Reading | None,
) -> list[Reading]:
    """Returns every way to read named gradients; errors are as in `readings_by_name`.

    Args:
      named: the gradients.
      expected: what they should be.
      layout: of the matrices, where neither names of torch nor those of the weights say it.
      weights: how the weights were read, if they had names: the same names mean the same.
    """
    arrays = named.checked(expected.where, biases=any(expected.biases))
    if weights is not None and _same_names(weights, arrays):
        place = dict(zip(weights.arrays, weights.order, strict=True))
        order = tuple(place[name] for name in arrays)
        return [Reading(order, tuple(arrays), weights.layout, weights.layers)]
    said = "out_in" if named.of_torch else layout
    layers = () if weights is None else weights.layers
    listed = [NamedArray(name, array) for name, array in arrays.items()]
    return readings_by_name(listed, expected, said, ordering="kept", layers=layers)


def only_reading(
    named: NamedGradients, expected: ExpectedGradients, layout: str, weights: Reading | None
) -> Reading:
    """Returns the reading of what is called again for every sample, in the layout asked for.

    Raises:
      UsageError: if names do not say which gradient is which.
    """
    readings = readings_of(named, expected, layout, weights)
    if len({one.order for one in readings}) > 1:
        raise UsageError(
            f"{expected.where}: the layers {', '.join(readings[0].layers)} may stand in more than "
            "one order; expected names that say it, such as dW1 db1 dW2 db2, or a list of pairs"
        )
    if weights is not None and _same_names(weights, readings[0].arrays):
        return readings[0]
    return dataclasses.replace(readings[0], layout="out_in" if named.of_torch else layout)


def pairs_by_name(
    named: NamedGradients, reading: Reading, expected: ExpectedGradients, layout: str
) -> Pairs:
    """Returns (dw, db) of every layer, dw in a layout.

    Raises:
      UsageError: if one is missing.
    """
    arrays = named.checked(expected.where, biases=any(expected.biases))
    places = dict(zip(reading.order, reading.arrays, strict=True))
    missing = [name for name in expected.names if name not in places]
    if missing:
        raise UsageError(
            f"{expected.where}: expected a gradient of every weight and every bias, got none of "
            f"{', '.join(missing)} among {', '.join(arrays)}"
        )
    pairs: Pairs = []
    for i, has in enumerate(expected.biases, start=1):
        name = places[f"w{i}"]
        held = "in_out" if is_kernel(name) else reading.layout
        db = arrays[places[f"b{i}"]] if has else None
        pairs.append((_turned(arrays[name], held, layout), db))
    return pairs


def _same_names(weights: Reading, arrays: Mapping[str, np.ndarray] | tuple[str, ...]) -> bool:
    return set(weights.arrays) == set(arrays)


def _turned(dw: np.ndarray, held: str, layout: str) -> np.ndarray:
    return dw if held == layout or dw.ndim < 2 else np.swapaxes(dw, -1, -2)
