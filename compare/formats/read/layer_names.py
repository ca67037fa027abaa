"""Weights and biases paired into layers by the names of their arrays."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from compare.errors import UsageError
from compare.formats.layouts import in_layout

Layers: TypeAlias = list[tuple[np.ndarray, np.ndarray]]  # (w, b)

_NAME = re.compile(
    r"(?P<prefix>(?:.*[./_:\- ])?)(?P<kind>weights?|kernel|w|bias(?:es)?|b)"
    r"[./_:\-]?(?P<number>\d*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"([0-9]{1,9})")
_MOST_UNORDERED = 7  # layers that are tried in every order


def find_layers(
    arrays: Mapping[str, np.ndarray],
    *,
    layout: str,
    where: str,
    fits: Callable[[Layers], bool],
    ordered: bool = True,
) -> Layers:
    """Pairs weights with biases and puts the layers in order.

    A name ends in weight, kernel, w, bias or b, with or without a number after it. What stands
    before it names the layer, together with that number. Layers whose names differ in numbers only
    are ordered by these. Others may be in alphabetical order or in that of the file, whichever
    fits.

    Args:
      arrays: name -> array, which may have leading axes beside those of a weight or a bias.
      layout: of the matrices, 'in_out' or 'out_in'; a kernel is always in_out.
      where: the file, to be named in errors.
      fits: tells whether layers in this order can be the network.
      ordered: whether the order of `arrays` was chosen; where it was not, every order is tried.

    Returns:
      (w, b) of every layer, w in `layout`. Where no order fits, they are in that of the file, so
      that the caller can say what is wrong with it.

    Raises:
      UsageError: if names do not pair up, or more than one order fits.
    """
    pairs = _pair(arrays, where)

    def layers(order: Sequence[str]) -> Layers:
        named = [pairs[name] for name in order]
        return [(_from_kernel(arrays[w], w, layout), arrays[b]) for w, b in named]

    natural = sorted(pairs, key=_natural)
    if len({_words(name) for name in pairs}) == 1:
        return layers(natural)
    if ordered:
        orders = [natural] if natural == list(pairs) else [natural, list(pairs)]
    else:
        orders = _every_order(natural)
    fitting = [order for order in orders if fits(layers(order))]
    if len(fitting) > 1 or not orders:
        raise UsageError(
            f"{where}: its layers may stand in more than one order; expected numbers that say it, "
            f"such as w1 b1 w2 b2 or fc1.weight fc1.bias; found {describe(arrays)}"
        )
    return layers(fitting[0] if fitting else list(pairs))


def describe(arrays: Mapping[str, np.ndarray]) -> str:
    """Returns a list of names and shapes, as text."""
    names = {name: name if name.isprintable() and name else repr(name) for name in arrays}
    return ", ".join(f"{names[k]} {list(v.shape)}" for k, v in arrays.items()) or "no array"


def _pair(arrays: Mapping[str, np.ndarray], where: str) -> dict[str, tuple[str, str]]:
    """Returns layer -> names of its weight and bias, in the order of their first appearance."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in arrays:
        parts = _NAME.fullmatch(name)
        if parts is None:
            raise _unpaired(arrays, where)
        kind = "b" if parts["kind"].lower().startswith("b") else "w"
        layer = parts["prefix"] + re.sub("^0+(?=.)", "", parts["number"])
        found.setdefault(layer, {"w": [], "b": []})[kind].append(name)
    if not found or any(len(one["w"]) != 1 or len(one["b"]) != 1 for one in found.values()):
        raise _unpaired(arrays, where)
    return {layer: (one["w"][0], one["b"][0]) for layer, one in found.items()}


def _unpaired(arrays: Mapping[str, np.ndarray], where: str) -> UsageError:
    return UsageError(
        f"{where}: expected a weight and a bias for every layer and no other array, with names "
        f"such as w1 b1 w2 b2 or fc1.weight fc1.bias; found {describe(arrays)}"
    )


def _from_kernel(w: np.ndarray, name: str, layout: str) -> np.ndarray:
    """Turns a kernel of Flax or Keras, which is in_out, into the layout; leaves other matrices."""
    parts = _NAME.fullmatch(name)
    is_kernel = parts is not None and parts["kind"].lower() == "kernel"
    return in_layout(w, layout) if is_kernel and w.ndim > 1 else w


def _natural(layer: str) -> list[Any]:
    """Returns a key to sort by: text, number, text, ..., so that 10 comes after 2."""
    return [int(part) if i % 2 else part for i, part in enumerate(_NUMBER.split(layer))]


def _words(layer: str) -> tuple[str, ...]:
    """Returns the parts of a name between its numbers."""
    return tuple(_NUMBER.split(layer)[::2])


def _every_order(natural: Sequence[str]) -> list[list[str]]:
    """Returns every order in which layers whose names differ in numbers only go by these.

    Returns none if there are too many layers to try every order.
    """
    words = [_words(layer) for layer in natural]
    orders: list[list[str]] = []
    if len(words) > _MOST_UNORDERED:
        return orders
    for arrangement in sorted(set(itertools.permutations(words))):
        left = {word: iter([n for n in natural if _words(n) == word]) for word in words}
        orders.append([next(left[word]) for word in arrangement])
    return orders
