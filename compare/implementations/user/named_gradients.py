"""Gradients that are found by their names: in dicts, trees, and the attributes of objects."""

import re
import sys
from typing import Any, NamedTuple

import numpy as np

from compare.errors import RAISED, UsageError
from compare.formats.parameter_names import parameter_of
from compare.formats.read.layer_names import is_of_torch, kind_of
from compare.problem.array_likes import array_of
from compare.problem.given_params import number_biases
from compare.problem.trees import Leaf, is_number, take_apart

_GRADIENTS = re.compile("(?:grad|gradient)s?", re.IGNORECASE)  # a key of all of them, or of one
_MOST_NAMED = 8  # arrays that an error shows


class NamedGradients(NamedTuple):
    """What is called the gradient of a weight or of a bias."""

    arrays: dict[str, Any]  # 'layers/0/weight' -> array, or None
    of_torch: bool  # whether they are named and laid out as those of torch and Equinox

    def checked(self, where: str, *, biases: bool = True) -> dict[str, np.ndarray]:
        """Returns NumPy arrays.

        Args:
          where: who returned them, for errors.
          biases: whether any layer has one. None stands for that of a layer that has none.

        Raises:
          UsageError: if one is none, or if there are weights or biases alone.
        """
        arrays = {
            name: _array(name, value, where)
            for name, value in self.arrays.items()
            if kind_of(name) == "w" or (biases and value is not None)
        }
        if biases and len({kind_of(name) for name in arrays}) == 1:
            raise UsageError(
                f"{where}: expected a gradient of every weight and every bias, got "
                f"{', '.join(arrays)} alone"
            )
        return arrays


def named_gradients(returned: Any, *, where: str, updated: bool = False) -> NamedGradients | None:
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
    biases = number_biases([leaf._replace(path=(name,)) for name, _, leaf in known])
    numbers = {leaf.name for leaf in biases}
    known = [one for one in known if one[1] or one[0] in numbers or not is_number(one[2].value)]
    found: dict[str, Any] = {}
    for name, _, leaf in known:
        if name in found:
            raise UsageError(f"{where}: two of its arrays are named as the gradient of {name}")
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


def _array(name: str, value: Any, where: str) -> np.ndarray:
    if value is None:
        raise UsageError(
            f"{where}: {name}: expected an array of numbers: got None; torch leaves .grad None "
            "where backward() has not come"
        )
    return array_of(f"{where}: {name}", value)
