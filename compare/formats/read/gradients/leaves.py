"""Which arrays of a file are gradients, and of how many layers."""

import operator
from collections.abc import Iterator

from compare.formats.read.gradients.by_name import parameter_name
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.layer_names import kind_of, parts_of
from compare.formats.read.numbers import NamedArray, Numbers


def gradients_of(numbers: Numbers, expected: ExpectedGradients) -> Numbers:
    """Returns the arrays of a file that are gradients, each of one layer if names say so.

    Single numbers of other names, as a loss, are left out beside a gradient for every parameter.
    Two arrays called as weights and biases are, with an entry for each layer, those of all layers.
    """
    named = tuple(array for array in numbers.arrays if kind_of(parameter_name(array)))
    notes = [array for array in numbers.arrays if not kind_of(parameter_name(array))]
    if not named or not all(array.name and array.values.size == 1 for array in notes):
        return numbers
    if _are_of_all_layers(named, len(expected.biases)):
        return numbers._replace(arrays=tuple(_by_layer(named)))
    return numbers if len(named) % len(expected.shapes) else numbers._replace(arrays=named)


def _are_of_all_layers(arrays: tuple[NamedArray, ...], layers: int) -> bool:
    parts = [parts_of(parameter_name(array)) for array in arrays]
    axes = {kind_of(parameter_name(array)): array.values.ndim for array in arrays}
    return (
        len(arrays) == 2
        and axes.get("w", 0) >= 3
        and axes.get("b", 0) >= 2
        and not any(part and part["number"] for part in parts)
        and all(array.values.shape[0] == layers for array in arrays)
    )


def _by_layer(arrays: tuple[NamedArray, ...]) -> Iterator[NamedArray]:
    for array in arrays:
        for i in range(len(array.values)):
            yield array.map(operator.itemgetter(i))._replace(name=f"{parameter_name(array)}/{i}")
