"""Other ways in which a program may need its weights laid out."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from compare.pairing.arrangement import Arrangement, Entries
from compare.pairing.biases import positions_at
from compare.pairing.layouts import possible_layouts
from compare.pairing.names import attention_part_of, module_of
from compare.pairing.terms import simplified
from compare.pairing.words import Shapes, gates_of

Arrangements = Mapping[str, Arrangement]

_MOST = 24  # layouts of a weight
_PARTS = ("queries", "keys", "values")  # in the order of a packed weight


def other_arrangements(
    found: Arrangements, shapes: Shapes, module: str, *, is_unusual: bool
) -> Iterator[Arrangements]:
    """Yields arrangements of some weights of a module that programs may need.

    These are without the 1 that some programs add to a forget gate, without a factor, in another
    order of axes, with rows in the order of the reference, and queries and keys by their names.

    Args:
      found: own name -> how it is made of weights of the reference.
      shapes: of the weights of the reference.
      module: of the reference.
      is_unusual: whether some stand in it as few programs have them; all others are for these.
    """
    of: dict[str, dict[str, Arrangement]] = defaultdict(dict)
    for own, one in found.items():
        if all(module_of(source) == module for source in one.sources):
            if gates_of(one.sources[0], shapes) == "ifgo" and len(one.shape) == 1:
                other = _with_other_forget_gate(one, shapes)
                if other.offset is None or other.offset.any():  # else it is another gate
                    yield {own: other}
            if one.factor != 1:
                yield {own: dataclasses.replace(one, factor=1.0)}
            if is_unusual and len(one.sources) == 1 and len(one.terms) == 1 and one.offset is None:
                of[one.sources[0]][own] = one
    for source, group in of.items():
        yield from _in_other_orders(source, group, shapes)


def _with_other_forget_gate(one: Arrangement, shapes: Shapes) -> Arrangement:
    """Returns a bias less 1 in its forget gate, or without that."""
    if one.offset is not None:
        return dataclasses.replace(one, offset=None)
    at = positions_at(one.terms[0], np.arange(one.shape[0]))
    gate = 4 * at // shapes[one.sources[0]][0]
    return dataclasses.replace(one, offset=-(gate == 1).astype(np.float64))


def _in_other_orders(source: str, group: Arrangements, shapes: Shapes) -> Iterator[Arrangements]:
    """Yields weights that are parts of one, all in another order."""
    now = {
        own: positions_at(one.terms[0], np.arange(int(np.prod(one.shape)))).reshape(one.shape)
        for own, one in group.items()
    }
    choices = [list(_orders(source, at, shapes)) for at in now.values()]
    ways = [dict(zip(now, way, strict=True)) for way in zip(*choices, strict=False)]
    by_names = _by_names(now, shapes[source])
    for way in (*ways, *([by_names] if by_names else [])):
        if any(not np.array_equal(way[own], now[own]) for own in now):
            terms = {own: simplified(Entries((source,), at), shapes) for own, at in way.items()}
            yield {own: Arrangement((term,)) for own, term in terms.items()}


def _orders(source: str, at: np.ndarray, shapes: Shapes) -> Iterator[np.ndarray]:
    """Yields positions of the same entries in other orders: axes of a whole, or else its rows."""
    shape = shapes[source]
    if at.size == int(np.prod(shape)):
        every = np.arange(at.size).reshape(shape)
        for axes in possible_layouts(source, shape, at.shape)[:_MOST]:
            yield every.reshape(axes.split).transpose(axes.axes).reshape(at.shape)
    elif at.size % int(np.prod(shape[1:])) == 0 and np.ptp(at) == at.size - 1:
        rows = np.sort(at, axis=None).reshape(-1, int(np.prod(shape[1:])))
        yield rows.reshape(at.shape)
        yield rows.T.reshape(at.shape)


def _by_names(now: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Returns the positions of queries, keys and values in a packed weight, by own names."""
    third = int(np.prod(shape)) // 3
    parts = {own: attention_part_of(own) for own in now}
    if set(parts.values()) - {*_PARTS} or any(at.size != third for at in now.values()):
        return {}
    return {own: now[own] % third + third * _PARTS.index(str(parts[own])) for own in now}
