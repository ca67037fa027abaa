"""Which arrays are the weight and the bias of which layer, by the names that people give them.

`w1 b1 w2 b2`, `fc1.weight fc1.bias`, `0.weight`, `layers.2.bias`, `dense/kernel`, `hidden_w`: the
kind is the last part of a name, with a number after it perhaps, and what is before it is the layer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from compare.errors import UsageError

_KINDS = {"weight": "w", "weights": "w", "kernel": "w", "w": "w"}
_KINDS |= {"bias": "b", "biases": "b", "b": "b"}
_NAME = re.compile(
    rf"(?P<prefix>(?:.*[^A-Za-z0-9])?)(?P<kind>{'|'.join(_KINDS)})_?(?P<number>\d*)", re.IGNORECASE
)


class LayerNames(NamedTuple):
    """The names of one layer's arrays."""

    w: str
    b: str


def find_layers(
    shapes: Mapping[str, Sequence[int]],
    *,
    where: str,
    fits: Callable[[Sequence[LayerNames]], bool],
) -> list[LayerNames]:
    """Groups names into layers, first layer first.

    Layers whose names differ in numbers are ordered by these; layers called by words come in the
    order of the file or of the alphabet, whichever fits.

    Args:
      shapes: name -> shape, in the order of the file.
      where: what it is, for errors.
      fits: whether layers in this order make the network.

    Raises:
      UsageError: that lists every name and shape, if no order or more than one fits.
    """
    found = "found " + (", ".join(f"{k} {list(shape)}" for k, shape in shapes.items()) or "none")
    expected = (
        f"{where}: expected a weight and a bias of every layer and nothing else, such as "
        "w1 b1 w2 b2 or fc1.weight fc1.bias"
    )
    if not shapes:
        raise UsageError(f"{expected}; {found}")
    layers: dict[tuple[str, str], dict[str, str]] = {}
    for name in shapes:
        parsed = _NAME.fullmatch(name)
        if parsed is None:
            raise UsageError(f"{expected}; {name} is neither; {found}")
        kind = _KINDS[parsed["kind"].lower()]
        layer = layers.setdefault((parsed["prefix"], parsed["number"]), {})
        if kind in layer:
            raise UsageError(
                f"{expected}; {layer[kind]} and {name} are both a {kind} of one layer; {found}"
            )
        layer[kind] = name
    for layer in layers.values():
        if len(layer) < 2:
            (alone,) = layer.values()
            raise UsageError(f"{expected}; {alone} is alone; {found}")
    orders = _orders(list(layers))
    named = [[LayerNames(**layers[key]) for key in order] for order in orders]
    fitting = [order for order in named if fits(order)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and len(named) == 1:
        return named[0]  # the caller says what does not fit
    how = "in more than one order" if fitting else "in no order"
    raise UsageError(
        f"{where}: the layers fit {how}; number their names, first layer first; {found}"
    )


def _orders(keys: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The order of the numbers in names; without any, those of the alphabet and of the file."""
    natural = sorted(keys, key=lambda key: _natural("".join(key)))
    if len({re.sub(r"\d+", "0", "".join(key)) for key in keys}) == 1 or natural == keys:
        return [natural]
    return [natural, keys]


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts 10 after 2."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]
