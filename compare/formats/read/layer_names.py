"""Weights and biases paired into layers by their names, and the orders that layers may have."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.tree_paths import slashed

_NAME = re.compile(
    r"(?P<prefix>(?:.*[./_:\- ])?)(?P<kind>weights?|kernel|w|bias(?:es)?|b)"
    r"[./_:\-]?(?P<number>\d*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"([0-9]{1,9})")
_COUNT = re.compile(r"_?[0-9]+")
# Flax numbers layers without a name as they are made: Dense_0 of Dense(1)(Dense(8)(x)) is the last.
_BY_FLAX = re.compile(r"(?:.*[./])?[A-Z][A-Za-z]*_\d+[./]", re.ASCII | re.DOTALL)
# So does Haiku, whose first has no number: linear, linear_1. In mlp/~/linear it is by __init__.
_BY_HAIKU = re.compile(r"(?:[^~]*/)?linear(?:_\d+)?/", re.ASCII)
_BY_TORCH = re.compile(r"(?:.*[^a-z])?weight(?:[._]grad)?", re.IGNORECASE | re.DOTALL)
_MOST_PERMUTED = 7  # layers that are tried in every order
_MOST_LISTED = 20  # arrays that are named in an error


# Of the arrays of a file: chosen by the author of a module, kept as they were given, after JAX may
# have sorted them by name, or sorted by the format.
Ordering = Literal["chosen", "kept", "sorted"]


class NamedLayer(NamedTuple):
    """The arrays of one layer."""

    name: str  # what their two names have in common; '' where that is nothing
    weight: str
    bias: str | None  # None for a layer without one

    @property
    def arrays(self) -> tuple[str, ...]:
        """The weight, and the bias if there is one."""
        return (self.weight,) if self.bias is None else (self.weight, self.bias)

    @property
    def label(self) -> str:
        """The name for a sentence: 'hidden' of 'params/hidden/', '1' where there is no more."""
        return self.name.removeprefix("params/").strip("./_:- ") or self.weight


class LayerOrders(NamedTuple):
    """Layers, and what their names say of their order."""

    in_file: tuple[NamedLayer, ...]
    natural: tuple[NamedLayer, ...]  # by the alphabet, and by number within
    said: bool  # whether they differ in numbers alone that somebody has chosen
    by_flax: bool  # whether Flax or Haiku has numbered them
    ordering: Ordering

    def candidates(self) -> Iterator[tuple[NamedLayer, ...]]:
        """Yields every order that there may be, the most likely first."""
        likely = [self.natural]
        if self.by_flax:
            likely.append(self.natural[::-1])
        elif self.ordering != "sorted" and not self.said:
            likely.insert(0, self.in_file)
        likely = list(dict.fromkeys(likely))
        yield from likely
        # An order that is not that of the alphabet is somebody's own.
        own = self.said or self.ordering == "chosen" or self.in_file != self.natural
        open_to_any = self.by_flax or self.ordering == "sorted" or not own
        if open_to_any and len(self.natural) <= _MOST_PERMUTED:
            groups = [one.name if self.by_flax else _words(one) for one in self.natural]
            yield from (one for one in _every_order(self.natural, groups) if one not in likely)


def order_layers(
    arrays: Mapping[str, np.ndarray], *, where: str, ordering: Ordering = "kept"
) -> LayerOrders:
    """Pairs weights with their biases, and finds out what is known of the order of the layers.

    A name ends in weight, kernel, w, bias or b, with or without a number after it. What stands
    before it names the layer, together with that number. It may be a name of keystr, such as
    ['params']['Dense_0']['kernel']. Layers whose names differ in numbers only are ordered by these,
    unless Flax or Haiku has numbered them. Others may be in any order.

    Args:
      arrays: name -> array, of which shapes are looked at for errors alone.
      where: the file, to be named in errors.
      ordering: what is known of the order of `arrays`.

    Raises:
      UsageError: if names do not pair up.
    """
    layers = _pair(arrays, where)
    numbered = _differ_in_numbers(layers)
    by_flax = numbered and all(_BY_FLAX.fullmatch(one.name) for one in layers)
    by_flax = by_flax and all(is_kernel(one.weight) for one in layers)
    by_haiku = all(_BY_HAIKU.fullmatch(one.name) for one in layers)
    by_flax |= numbered and by_haiku and not all(map(_numbers, layers))
    natural = sorted(layers, key=_numbers if numbered else _natural)
    said = numbered and not by_flax
    return LayerOrders(tuple(layers), tuple(natural), said, by_flax, ordering)


def parts_of(name: str) -> re.Match[str] | None:
    """Returns prefix, kind and number of the name of a weight or a bias, None for any other."""
    return _NAME.fullmatch(slashed(name))


def is_kernel(name: str) -> bool:
    """Whether a name is that of a matrix of Flax or Keras, which is in_out in any file."""
    parts = parts_of(name)
    return parts is not None and parts["kind"].lower() == "kernel"


def is_of_torch(name: str) -> bool:
    """Whether a name is that of a matrix of a torch module, which is out_in: not w1, nor w."""
    return _BY_TORCH.fullmatch(slashed(name)) is not None


def kind_of(name: str | None) -> str | None:
    """Returns 'w' or 'b' for a name that ends as those of weights or biases do, else None."""
    parts = parts_of(name or "")
    return parts and _kind(parts)


def printable(name: str) -> str:
    """Returns a name as a sentence has it."""
    return name if name.isprintable() and name else repr(name)


def describe(arrays: Mapping[str, np.ndarray]) -> str:
    """Returns a list of names and shapes, as text."""
    shown = [
        f"{printable(name)} {list(array.shape)}"
        for name, array in itertools.islice(arrays.items(), _MOST_LISTED)
    ]
    if len(arrays) > _MOST_LISTED:
        shown.append(f"and {len(arrays) - _MOST_LISTED:,} more")
    return ", ".join(shown) or "no array"


def _pair(arrays: Mapping[str, np.ndarray], where: str) -> list[NamedLayer]:
    """Returns the layers in the order of their first appearance."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in arrays:
        parts = parts_of(name)
        if parts is None:
            raise _unpaired(arrays, where)
        layer = parts["prefix"] + re.sub("^0+(?=.)", "", parts["number"])
        found.setdefault(layer, {"w": [], "b": []})[_kind(parts)].append(name)
    if not found or any(len(one["w"]) != 1 or len(one["b"]) > 1 for one in found.values()):
        raise _unpaired(arrays, where)
    return [
        NamedLayer(layer, one["w"][0], next(iter(one["b"]), None)) for layer, one in found.items()
    ]


def _unpaired(arrays: Mapping[str, np.ndarray], where: str) -> UsageError:
    return UsageError(
        f"{where}: expected a weight for every layer, a bias where it has one, and no other array, "
        f"with names such as w1 b1 w2 b2 or fc1.weight fc1.bias; found {describe(arrays)}"
    )


def _kind(parts: re.Match[str]) -> str:
    return "b" if parts["kind"].lower().startswith("b") else "w"


def _differ_in_numbers(layers: Sequence[NamedLayer]) -> bool:
    """Whether names differ in numbers only; the first of Haiku, before linear_1, has none."""
    numbers = {_numbers(one) for one in layers}
    lengths = {len(one) for one in numbers}
    alike = len({_words(one) for one in layers}) == 1 and len(numbers) == len(layers)
    return alike and (len(lengths) == 1 or lengths == {0, 1})


def _numbers(layer: NamedLayer) -> tuple[int, ...]:
    return tuple(map(int, _NUMBER.findall(layer.name)))


def _natural(layer: NamedLayer) -> list[Any]:
    """Returns a key to sort by: text, number, text, ..., so that 10 comes after 2."""
    return [int(part) if i % 2 else part for i, part in enumerate(_NUMBER.split(layer.name))]


def _words(layer: NamedLayer) -> str:
    """Returns a name without the numbers in it."""
    return _COUNT.sub("", layer.name)


def _every_order(
    natural: Sequence[NamedLayer], groups: Sequence[Any]
) -> Iterator[tuple[NamedLayer, ...]]:
    """Yields every order of layers in which those of one group stay as they are."""
    for arrangement in sorted(set(itertools.permutations(groups))):
        left = {
            group: iter([one for one, its in zip(natural, groups, strict=True) if its == group])
            for group in groups
        }
        yield tuple(next(left[group]) for group in arrangement)
