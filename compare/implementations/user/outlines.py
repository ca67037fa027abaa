"""The outline of what somebody returned: lists and dicts, with shapes in the places of arrays."""

import collections
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.formats.read.gradients.shapes import Shape

_MOST_ITEMS = 1000  # that are taken of an iterator
_DEPTH = 3  # of lists in lists


class Leaf(NamedTuple):
    """An array, or a number."""

    shape: Shape


class Opening(NamedTuple):
    """What may hold the gradients."""

    words: str
    value: Any
    outline: Any  # the same with shapes in the places of arrays
    taken: bool = True  # whether it is looked into without a word


def outline_of(returned: Any) -> Any:
    """Returns lists and dicts with a `Leaf` in the place of every array; None of anything else."""
    try:
        return _outline(returned, _DEPTH)
    except (Exception, SystemExit):  # whatever an object of a user's own raises
        return None


def _outline(value: Any, depth: int) -> Any:
    shape = () if isinstance(value, int | float) else getattr(value, "shape", None)
    if shape is not None:
        return Leaf(tuple(map(int, shape)))
    if not depth:
        return None
    if isinstance(value, Mapping):
        return {name: _outline(one, depth - 1) for name, one in value.items()}
    if depth < _DEPTH and _is_of_numbers(value):
        return Leaf(np.shape(value))
    if isinstance(value, list | tuple | collections.deque | Iterator):
        return [_outline(one, depth - 1) for one in itertools.islice(value, _MOST_ITEMS)]
    return None


def _is_of_numbers(value: Any) -> bool:
    """Whether these are rows of numbers, or one of them."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, int | float)


def openings_of(returned: Any, came: Any) -> Iterator[Opening]:
    """Yields what may hold the gradients in something whose outline came."""
    if isinstance(came, dict):
        yield Opening("a list of its values", list(returned.values()), list(came.values()), False)
        for name, one in came.items():
            yield Opening(f"its {name!r}", returned[name], one)
    elif isinstance(came, list) and isinstance(returned, Iterator):
        yield Opening("a list of it", None, came, False)
    elif isinstance(came, list):
        items = list(returned)
        yield Opening("what came", items, came)
        if len(came) == 2:
            beside = "its first item", "its second item"
            yield from map(Opening, beside, items, came)
        elif came:  # a loss may stand before a flat list, or after it
            if came[0] == Leaf(()):
                yield Opening("its items but the first", items[1:], came[1:])
            if came[-1] == Leaf(()):
                yield Opening("its items but the last", items[:-1], came[:-1])
