"""Gradients that are found by their names: in dicts, trees, and the attributes of objects."""

import dataclasses
import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.errors import RAISED, UsageError
from compare.formats.parameter_names import parameter_of
from compare.formats.read.gradients.by_name import readings_by_name
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.layer_names import is_kernel, is_of_torch, kind_of
from compare.formats.read.numbers import NamedArray
from compare.formats.reading import Reading
from compare.problem.array_likes import array_of
from compare.problem.trees import Leaf, is_number, take_apart

_GRADIENTS = re.compile("(?:grad|gradient)s?", re.IGNORECASE)  # a key of all of them, or of one
_MOST_NAMED = 8  # arrays that an error shows


class NamedGradients(NamedTuple):
    """What is called the gradient of a weight or of a bias."""

    arrays: dict[str, Any]  # 'layers/0/weight' -> array, or None
    of_torch: bool  # whether they are named and laid out as those of torch and Equinox


def named_gradients(returned: Any, *, updated: bool = False) -> NamedGradients | None:
    """Finds arrays whose names are those of gradients, or else of weights and biases.

    An object that holds both its weights and their gradients, as `w1` and `dw1` or as a tensor
    and its `.grad`, means the latter, unless updated weights are looked for.

    Returns:
      None if there are no such names.

    Raises:
      UsageError: if two have the same name.
    """
    try:
        leaves = take_apart(returned).leaves
    except RAISED:  # whatever an object of a user's own raises
        return None
    named = [(*_name(leaf), leaf) for leaf in leaves]
    known = [(name, marked, leaf) for name, marked, leaf in named if kind_of(name) is not None]
    if any(marked != updated for _, marked, _ in known):
        known = [one for one in known if one[1] != updated]
    known = [one for one in known if not is_number(one[2].value)]
    found: dict[str, Any] = {}
    for name, _, leaf in known:
        if name in found:
            raise UsageError(f"two of its arrays are named as the gradient of {name}")
        found[name] = leaf.value if updated else _gradient(leaf.value)
    if not found:
        return None
    of_torch = all(leaf.of_torch for _, _, leaf in known) and any(map(is_of_torch, found))
    return NamedGradients(found, of_torch)


def named_words(returned: Any) -> str:
    """Names the arrays of a tree with their shapes, for an error; '' where there are none."""
    try:
        leaves = take_apart(returned).leaves
        by_name = [one for one in leaves if any(isinstance(part, str) for part in one.path)]
        shown = [f"{one.name} {list(np.shape(one.value))}" for one in by_name]
    except RAISED:  # whatever an object of a user's own raises
        return ""
    more = [f"and {len(shown) - _MOST_NAMED} more"] if len(shown) > _MOST_NAMED else []
    return ", ".join(shown[:_MOST_NAMED] + more)


def gradient_of(value: Any) -> Any:
    """Returns the .grad of a torch parameter that has one, and anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor) and value.is_leaf:
        return value if value.grad is None else value.grad
    return value


def readings_of(
    arrays: Mapping[str, np.ndarray],
    expected: ExpectedGradients,
    layout: str | None,
    weights: Reading | None,
) -> list[Reading]:
    """Returns every way to read named gradients; errors are as in `readings_by_name`.

    Args:
      arrays: name -> gradient.
      expected: what they should be.
      layout: of the matrices, where the names of the weights do not say it.
      weights: how the weights were read, if they had names: the same names mean the same.
    """
    if weights is not None and _same_names(weights, arrays):
        place = dict(zip(weights.arrays, weights.order, strict=True))
        order = tuple(place[name] for name in arrays)
        return [Reading(order, tuple(arrays), weights.layout, weights.layers)]
    named = [NamedArray(name, array) for name, array in arrays.items()]
    layers = () if weights is None else weights.layers
    return readings_by_name(named, expected, layout, ordering="kept", layers=layers)


def pairs_by_name(
    named: NamedGradients,
    expected: ExpectedGradients,
    layout: str,
    weights: Reading | None,
) -> list[tuple[Any, Any]]:
    """Returns (dw, db) of every layer, dw in a layout, of what is called again for every sample.

    Args:
      named: the gradients.
      expected: what they should be.
      layout: that is asked for; names of torch and Flax, and those of the weights, say their own.
      weights: as in `readings_of`.

    Raises:
      UsageError: if names do not say which gradient is which.
    """
    arrays = {name: _array(name, value, expected.where) for name, value in named.arrays.items()}
    if len({kind_of(name) for name in arrays}) == 1:
        raise UsageError(
            f"{expected.where}: expected a gradient of every weight and every bias, got "
            f"{', '.join(arrays)} alone"
        )
    said = "out_in" if named.of_torch else layout
    readings = readings_of(arrays, expected, said, weights)
    if len({one.order for one in readings}) > 1:
        raise UsageError(
            f"{expected.where}: the layers {', '.join(readings[0].layers)} may stand in more than "
            "one order; expected names that say it, such as dW1 db1 dW2 db2, or a list of pairs"
        )
    reading = readings[0]
    if weights is None or not _same_names(weights, arrays):
        reading = dataclasses.replace(reading, layout=said)
    places = dict(zip(reading.order, reading.arrays, strict=True))
    names = [places[name] for name in expected.names]
    return [
        (_turned(arrays[w], "in_out" if is_kernel(w) else reading.layout, layout), arrays[b])
        for w, b in zip(names[::2], names[1::2], strict=True)
    ]


def _same_names(weights: Reading, arrays: Mapping[str, np.ndarray]) -> bool:
    return set(weights.arrays) == set(arrays)


def _array(name: str, value: Any, where: str) -> np.ndarray:
    if value is None:
        raise UsageError(
            f"{where}: {name}: expected an array of numbers: got None; torch leaves .grad None "
            "where backward() has not come"
        )
    return array_of(f"{where}: {name}", value)


def _turned(dw: np.ndarray, held: str, layout: str) -> np.ndarray:
    return dw if held == layout or dw.ndim < 2 else np.swapaxes(dw, -1, -2)


def _name(leaf: Leaf) -> tuple[str, bool]:
    """Returns the name of the parameter of which a leaf is called the gradient, and if it is."""
    parts = [part for part in leaf.path if not _is_mark(part)]
    marked = len(parts) < len(leaf.path)
    for i in range(len(parts) - 1, -1, -1):
        if isinstance(parts[i], str):
            plain = parameter_of(str(parts[i]))
            marked |= plain != parts[i]
            parts[i] = plain
            break
    return "/".join(map(str, parts)), marked


def _is_mark(part: str | int) -> bool:
    return isinstance(part, str) and _GRADIENTS.fullmatch(part) is not None


def _gradient(value: Any) -> Any:
    """Returns what a leaf of a tree stands for; a parameter without .grad has no gradient."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Parameter):
        return value.grad
    return gradient_of(value)
