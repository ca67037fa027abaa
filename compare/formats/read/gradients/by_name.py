"""Gradients told apart by the names of their arrays."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from compare.errors import UsageError
from compare.formats.parameter_names import parameter_of
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.layer_names import (
    NamedLayer,
    Ordering,
    describe,
    is_kernel,
    order_layers,
)
from compare.formats.read.numbers import NamedArray
from compare.formats.reading import Reading, named_parameters


def parameter_name(array: NamedArray) -> str:
    """Returns the name of the parameter that an array is called the gradient of, '' if none."""
    return parameter_of(array.name or "")


def readings_by_name(
    arrays: Sequence[NamedArray],
    expected: ExpectedGradients,
    layout: str | None,
    *,
    ordering: Ordering,
    layers: Sequence[str],
) -> list[Reading]:
    """Finds the orders of layers that names allow, and the layouts that shapes allow.

    Args:
      arrays: one for each parameter.
      expected: the gradients.
      layout: of the matrices, if it was said; a kernel of Flax is in_out.
      ordering: what is known of the order of the arrays.
      layers: the names of the layers from the first to the last, if the weights had names: the same
        names mean the same layers.

    Returns:
      The readings that fit, the most likely first; where none does, the most likely one, so that
      it can be said what is wrong with it.

    Raises:
      UsageError: if the names are not those of these layers.
    """
    named = {parameter_name(array): array for array in arrays}
    _check_whole(named, expected)
    values = {name: array.values for name, array in named.items()}
    orders = order_layers(values, where=expected.where, ordering=ordering)
    if len(orders.natural) != len(expected.biases):
        raise UsageError(
            f"{expected.where}: expected {len(expected.biases)} layers, found {len(orders.natural)}"
        )
    by_label = {layer.label: layer for layer in orders.natural}
    candidates = orders.candidates()
    if layers and set(layers) == set(by_label):
        candidates = iter([tuple(by_label[label] for label in layers)])
    kernels = all(is_kernel(layer.weight) for layer in orders.natural)
    said = "in_out" if kernels else layout
    found = []
    for order in candidates:
        if _biases(order) != expected.biases:
            continue
        shapes = [values[name].shape for layer in order for name in layer.arrays]
        found += [_reading(list(named), order, held) for held in expected.layouts_of(shapes, said)]
    if not found:
        _check_biases(_biases(orders.in_file), values, expected)
    return found or [_reading(list(named), orders.in_file, said or "in_out")]


def _biases(order: Sequence[NamedLayer]) -> tuple[bool, ...]:
    return tuple(layer.bias is not None for layer in order)


def _check_biases(
    found: tuple[bool, ...], arrays: Mapping[str, np.ndarray], expected: ExpectedGradients
) -> None:
    """Checks that there is a gradient for every bias of the network, and for no other."""
    for i, (there, should) in enumerate(zip(found, expected.biases, strict=True), start=1):
        if there != should:
            said = "a bias in layer {}, as in the network" if should else "no bias in layer {}"
            raise UsageError(
                f"{expected.where}: expected the gradient of {said.format(i)}, found "
                f"{describe(arrays)}"
            )


def _check_whole(names: Collection[str], expected: ExpectedGradients) -> None:
    """Checks that the file is not one of the two that --split_dumps writes."""
    kinds = {name.rstrip("0123456789") for name in names}
    if any(expected.biases) and kinds in ({"w"}, {"b"}):
        raise UsageError(
            f"{expected.where}: expected weights and biases in one file, got {' '.join(names)}, "
            "one half of what --split_dumps writes; write it without"
        )


def _reading(names: Sequence[str], order: Sequence[NamedLayer], layout: str) -> Reading:
    arrays = [name for layer in order for name in layer.arrays]
    parameter = dict(zip(arrays, named_parameters(_biases(order)), strict=True))
    labels = tuple(layer.label for layer in order)
    layers = labels if not all(map(str.isdecimal, labels)) else ()
    return Reading(tuple(parameter[name] for name in names), tuple(names), layout, layers)
