"""How a weight is made of others, in words."""

from collections.abc import Mapping

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes, Entries, Term
from compare.pairing.blocks import index_words, indices_of

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
    sizes = [int(np.prod(shapes[name], dtype=np.int64)) for name in term.sources]
    starts = np.cumsum([0, *sizes])
    said = {}
    for source, start, end in zip(term.sources, starts, starts[1:], strict=False):
        inside = (term.positions >= start) & (term.positions < end)
        block = _box(term.positions, inside)
        said[source] = _words_of_block(block - start, shapes[source]) if block is not None else None
    if len(said) == 1:
        return next(iter(said.values())) or ("" if not np.all(inside) else "other entries")
    return _joined(said)


def _joined(said: dict[str, str | None]) -> str:
    """Returns the words of several blocks side by side."""
    if None in said.values():
        return "entries of all"
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


def _words_of_block(positions: np.ndarray, shape: tuple[int, ...]) -> str | None:
    """Returns such as 'rows 0 to 63, transposed'; None if no words are known."""
    found = indices_of(positions, shape)
    if found is None:
        return None
    said = [index_words(index, shape, axis) for axis, index in enumerate(found.indices)]
    picked = [index.size for index in found.indices]
    split = tuple(picked)
    moved = Axes("", split, found.axes, positions.shape)
    return ", ".join(filter(None, [*said, words_of_axes(moved, split)]))


def _words_of_offset(offset: np.ndarray) -> str:
    values = {int(value) for value in np.unique(offset)}
    by = " and ".join(f"{'plus' if value > 0 else 'less'} 1" for value in sorted(values - {0}))
    if 0 not in values:
        return by
    (there,) = np.nonzero(offset.ravel())
    if there[-1] - there[0] + 1 == there.size:
        return f"{by} in entries {there[0]} to {there[-1]}"
    return f"{by} in {there.size:,} of {offset.size:,} entries"
