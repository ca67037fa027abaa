"""How a weight is made of others, in words."""

import math
import re
from collections.abc import Mapping

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes, Entries, Term
from compare.pairing.blocks import index_words, indices_of
from compare.pairing.layouts import layouts_of
from compare.pairing.relations import written

_RECURRENT = re.compile("(weight|bias)_(ih|hh)")
_GATES = ("ifgo", "rzn")  # of an LSTM and of a GRU
_MOST_PARTS = 12  # that are transposed each

Shapes = Mapping[str, tuple[int, ...]]


def words_of(arrangement: Arrangement, shapes: Shapes) -> str:
    """Returns how a weight is laid out; '' for an array as it is.

    Args:
      arrangement: of the weight.
      shapes: of all that it may be made of.
    """
    first, *others = (_words_of_term(term, shapes) for term in arrangement.terms)
    said = [first] if all(first == other for other in others) else [first, *others]
    words = [" and ".join(dict.fromkeys(filter(None, said)))]
    if others:
        words.insert(0, "the sum")
    if arrangement.factor != 1:
        words.append(f"times {written(arrangement.factor)}")
    if arrangement.offset is not None:
        words.append(_words_of_offset(arrangement.offset))
    return ", ".join(filter(None, words))


def words_of_axes(axes: Axes, shape: tuple[int, ...]) -> str:
    """Returns such as 'transposed', 'axes 2, 3, 1, 0'; '' for an array as it is.

    Args:
      axes: how the array is laid out.
      shape: of the array that it is made of.
    """
    if axes.axes == tuple(range(len(axes.axes))):
        return "" if axes.shape == shape else f"reshaped to {list(axes.shape)}"
    order = "transposed" if axes.axes == (1, 0) else f"axes {', '.join(map(str, axes.axes))}"
    if axes.split != shape:
        order = f"reshaped to {list(axes.split)}, {order}"
    moved = tuple(axes.split[axis] for axis in axes.axes)
    return order if moved == axes.shape else f"{order}, reshaped to {list(axes.shape)}"


def _words_of_term(term: Term, shapes: Shapes) -> str:
    if isinstance(term, Axes):
        return words_of_axes(term, shapes[term.source])
    assert isinstance(term, Entries)
    starts = np.cumsum([0, *(math.prod(shapes[name]) for name in term.sources)])
    said = {}
    for source, start, end in zip(term.sources, starts, starts[1:], strict=False):
        block = _box(term.positions, (term.positions >= start) & (term.positions < end))
        words = None if block is None else _words_of_block(block - start, shapes, source)
        is_one_of_several = block is not None and len(term.sources) > 1
        said[source] = "laid out otherwise" if words is None and is_one_of_several else words
    return _joined(said)


def _joined(said: dict[str, str | None]) -> str:
    """Returns the words of blocks side by side."""
    if None in said.values():
        return "entries in another order"
    if len(said) == 1:
        return said.popitem()[1] or ""
    if len(set(said.values())) == 1:
        words = next(iter(said.values()))
        return f"side by side, each {words}" if words else "side by side"
    return "side by side: " + "; ".join(
        f"{name} {words or 'as it is'}" for name, words in said.items()
    )


def _box(positions: np.ndarray, inside: np.ndarray) -> np.ndarray | None:
    """Returns the part of an array that comes from one source, None if it is no block."""
    ranges = []
    for axis in range(inside.ndim):
        (there,) = np.nonzero(
            np.any(inside, axis=tuple(k for k in range(inside.ndim) if k != axis))
        )
        ranges.append(slice(there[0], there[-1] + 1) if there.size else slice(0, 0))
    block = positions[tuple(ranges)]
    return block if block.size == np.count_nonzero(inside) else None


def _words_of_block(positions: np.ndarray, shapes: Shapes, source: str) -> str | None:
    """Returns such as 'rows 0 to 63, transposed'; None if no words are known."""
    shape = shapes[source]
    if positions.ndim < len(shape):
        return _words_of_slice(positions, shape)
    found = indices_of(positions, shape)
    if found is None:
        return _words_of_parts(positions, shape)
    gates = [gates_of(source, shapes), *[""] * (len(shape) - 1)]
    said = [index_words(found.indices[k], shape, k, gates[k]) for k in range(len(shape))]
    split = tuple(index.size for index in found.indices)
    moved = Axes("", split, found.axes, positions.shape)
    return ", ".join(filter(None, [*said, words_of_axes(moved, split)]))


def _words_of_slice(positions: np.ndarray, shape: tuple[int, ...]) -> str | None:
    """Returns such as 'index 1 of axis 0, transposed'; None if no words are known."""
    indices = np.unravel_index(positions, shape)
    for axis, index in enumerate(indices):
        rest = tuple(length for k, length in enumerate(shape) if k != axis)
        if positions.ndim == len(rest) and np.all(index == index.flat[0]):
            within = np.ravel_multi_index([one for k, one in enumerate(indices) if k != axis], rest)
            every = np.arange(within.size).reshape(rest)
            layout = next(layouts_of("", every, within), None)
            number = index.flat[0]
            at = f"index {number} of axis {axis}"
            if len(shape) == 2:
                at = f"{('row', 'column')[axis]} {number}"
            if layout is not None:
                return ", ".join(filter(None, [at, words_of_axes(layout, rest)]))
    return None


def _words_of_parts(positions: np.ndarray, shape: tuple[int, ...]) -> str | None:
    """Returns such as '4 blocks of 12 rows, each transposed'; None if no words are known."""
    if positions.shape != shape or len(shape) != 2:
        return None
    for count in range(2, _MOST_PARTS + 1):
        if shape[0] == count * shape[1]:
            parts = positions.reshape(count, shape[1], shape[1]).transpose(0, 2, 1)
            if np.array_equal(parts.ravel(), np.arange(positions.size)):
                return f"{count} blocks of {shape[1]} rows, each transposed"
    return None


def gates_of(source: str, shapes: Shapes) -> str:
    """Returns the gates that stand one after another in a weight of torch's, as letters."""
    state = shapes.get(_RECURRENT.sub("weight_hh", source), ())
    if not _RECURRENT.search(source) or len(state) != 2:
        return ""
    return next((gates for gates in _GATES if state[0] == len(gates) * state[1]), "")


def _words_of_offset(offset: np.ndarray) -> str:
    values = set(np.unique(offset).tolist())
    if values - {-1, 0, 1}:
        return f"{np.count_nonzero(offset):,} entries of its own"
    by = " and ".join(f"{'plus' if value > 0 else 'less'} 1" for value in sorted(values - {0}))
    if 0 not in values:
        return by
    (there,) = np.nonzero(offset.ravel())
    if there[-1] - there[0] + 1 == there.size:
        return f"{by} in entries {there[0]} to {there[-1]}"
    return f"{by} in {there.size:,} of {offset.size:,} entries"
