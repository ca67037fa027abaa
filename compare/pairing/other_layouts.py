"""Weights that are laid out otherwise than those of their kind."""

from collections import Counter

from compare.pairing.arrangement import Axes, Entries
from compare.pairing.names import leaf_of, without_numbers
from compare.pairing.search import Search
from compare.pairing.usual import is_of_frameworks, kin, take_usual, usual_layouts, whole_axes
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.words import words_of, words_of_axes


def tell_layouts(search: Search) -> None:
    """Says what is laid out as no other of its kind: it may be wrong, and running it tells.

    Wrong is what was reshaped where all others are transposed.
    """
    for own in search.arrangements:
        axes = whole_axes(search, own)
        if axes is None:
            _tell_entries(search, own)
        else:
            _tell_axes(search, own, axes)


def _tell_axes(search: Search, own: str, axes: Axes) -> None:
    others = {
        name: other.axes
        for name, other in kin(search, own).items()
        if leaf_of(other.source) == leaf_of(axes.source)
    }
    usual, count = Counter(others.values()).most_common(1)[0] if others else (None, 0)
    shape = search.theirs[axes.source].shape
    if _is_torn(axes, shape):
        _tell_torn(search, own, axes, is_certain=count > 0 and axes.axes not in others.values())
        return
    if usual is None or len(usual) != len(shape) or usual == axes.axes:
        return
    may_be_usual = tuple(shape[axis] for axis in usual) == axes.shape
    as_many = list(others.values()).count(axes.axes) + 1
    is_odd = as_many < count or (
        as_many == count and is_of_frameworks(usual) and not is_of_frameworks(axes.axes)
    )
    if may_be_usual and is_odd:
        mine = words_of_axes(axes, shape) or "as it is"
        theirs = words_of_axes(Axes(axes.source, shape, usual, axes.shape), shape)
        _remark(search, own, axes.source, mine, theirs or "as they are", count)


def _tell_entries(search: Search, own: str) -> None:
    """Remarks on a whole weight whose rows, say, come in another order than those of its like."""
    arrangement = search.arrangements[own]
    first = arrangement.terms[0]
    if len(arrangement.sources) > 1 or not isinstance(first, Entries):
        return
    source = arrangement.sources[0]
    is_whole = search.theirs[source].size == first.positions.size
    alike = [name for name in kin(search, own) if without_numbers(name) == without_numbers(own)]
    if is_whole and alike:
        shapes = {name: array.shape for name, array in search.theirs.items()}
        theirs = words_of(search.arrangements[alike[0]], shapes) or "as it is"
        _remark(search, own, source, words_of(arrangement, shapes), theirs, len(alike))


def _is_torn(axes: Axes, shape: tuple[int, ...]) -> bool:
    """Whether a shape is another one with its axes in another order, and the entries are not."""
    moved = tuple(axes.split[axis] for axis in axes.axes)
    is_reordered = sorted(shape) == sorted(axes.shape)
    return is_reordered and (_long(axes.split) != _long(shape) or _long(moved) != _long(axes.shape))


def _long(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length > 1]


def _tell_torn(search: Search, own: str, axes: Axes, *, is_certain: bool) -> None:
    shapes = [list(search.theirs[axes.source].shape), list(axes.shape)]
    sentence = (
        f"`{axes.source}`, {shapes[0]}, was reshaped for `{own}`, {shapes[1]}, where a change of "
        "the order of its axes is likely meant"
    )
    if not is_certain or not usual_layouts(search, own, axes.source):
        search.remarks.append(WeightFinding(own, (axes.source,), "reshaped", sentence))
        return
    sentence = sentence.removesuffix("is likely meant") + "is meant, as in the others"
    worst = take_usual(search, own, axes.source)
    search.findings.append(WeightFinding(own, (axes.source,), "reshaped", sentence, worst))


def _remark(search: Search, own: str, source: str, mine: str, theirs: str, count: int) -> None:
    many = f"the other {count} `{leaf_of(own)}` are" if count > 1 else "the other one is"
    sentence = f"`{source}` is in `{own}` {_laid(mine)}, while {many} {_laid(theirs)}"
    search.remarks.append(WeightFinding(own, (source,), "laid out unlike others", sentence))


def _laid(words: str) -> str:
    return words if words.startswith(("as ", "transposed", "reshaped")) else f"with {words}"
