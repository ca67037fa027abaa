"""Gradients told apart by the names of their arrays."""

import re
from collections.abc import Mapping

import numpy as np

from compare.errors import UsageError
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.layer_names import Layers, find_layers
from compare.formats.read.numbers import NamedArray, Numbers, stack

_PREFIX = re.compile(r"^(?:dL?[/_]?d|d_?|grad[_.]?)(?=[wb]_?\d*$)", re.IGNORECASE)  # dL/dw1, dw1
_SUFFIX = re.compile(r"[._]grad$")  # fc1.weight.grad


def order_by_name(numbers: Numbers, expected: ExpectedGradients, layout: str) -> list[NamedArray]:
    """Finds the arrays of w1, b1, w2, ...; a print may repeat the names for every sample.

    Raises:
      UsageError: if the names are not those of these layers.
    """
    named = _by_parameter(numbers, expected)
    if {name.rstrip("0123456789") for name in named} in ({"w"}, {"b"}):
        raise UsageError(
            f"{expected.where}: expected weights and biases in one file, got {' '.join(named)}, "
            "one half of what --split_dumps writes; write it without"
        )

    def fits(layers: Layers) -> bool:
        return expected.fit_either([leaf.shape for layer in layers for leaf in layer])

    def in_order(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        layers = find_layers(
            arrays, layout=layout, where=expected.where, fits=fits, ordered=numbers.ordered
        )
        return [leaf for layer in layers for leaf in layer]

    values = in_order({name: array.values for name, array in named.items()})
    if len(values) != len(expected.shapes):
        raise UsageError(
            f"{expected.where}: expected {len(expected.shapes) // 2} layers, "
            f"found {len(values) // 2}"
        )
    if not numbers.printed:
        return [NamedArray(None, leaf) for leaf in values]
    units = in_order({name: array.half_units for name, array in named.items()})
    return [NamedArray(None, *both) for both in zip(values, units, strict=True)]


def _by_parameter(numbers: Numbers, expected: ExpectedGradients) -> dict[str, NamedArray]:
    """Returns parameter -> array, with the arrays of all samples stacked if each has its own."""
    groups: dict[str, list[NamedArray]] = {}
    for array in numbers.arrays:
        parameter = _SUFFIX.sub("", _PREFIX.sub("", array.name or ""))
        groups.setdefault(parameter, []).append(array)
    if (
        numbers.printed
        and expected.n > 1
        and all(_repeated(g, expected.n) for g in groups.values())
    ):
        return {parameter: stack(group, parameter) for parameter, group in groups.items()}
    for group in groups.values():
        if len(group) > 1:
            names = " and ".join(str(array.name) for array in group)
            raise UsageError(
                f"{expected.where}: {names} are named as if they were the same gradient"
            )
    return {parameter: group[0] for parameter, group in groups.items()}


def _repeated(arrays: list[NamedArray], n: int) -> bool:
    """Whether there are n arrays of one shape."""
    return len(arrays) == n and len({array.values.shape for array in arrays}) == 1
