"""Weights that are laid out otherwise than those of their kind."""

from collections import Counter

from compare.pairing.arrangement import Arrangement, Axes
from compare.pairing.guesses import is_alike, usual_layout
from compare.pairing.names import leaf_of
from compare.pairing.search import Search
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.words import words_of_axes


def tell_layouts(search: Search) -> None:
    """Finds weights that were reshaped for transposed, and those that are laid out as no other."""
    for own in search.arrangements:
        axes = _axes(search, own)
        if axes is not None and axes.source in search.theirs:
            if _is_torn(search, axes):
                _tell_torn(search, own, axes)
            else:
                _tell_unlike(search, own, axes)


def _is_torn(search: Search, axes: Axes) -> bool:
    """Whether a shape is another one with its axes in another order, and the entries are not."""
    moved = tuple(axes.split[axis] for axis in axes.axes)
    shape = search.theirs[axes.source].shape
    return len(shape) > 1 and sorted(shape) == sorted(axes.shape) and moved != axes.shape


def _tell_torn(search: Search, own: str, axes: Axes) -> None:
    shapes = [list(search.theirs[axes.source].shape), list(axes.shape)]
    worst = usual_layout(search, own, axes.source)
    sentence = (
        f"`{axes.source}`, {shapes[0]}, was reshaped for `{own}`, {shapes[1]}, where the order of "
        "its axes is to be changed"
    )
    search.findings.append(WeightFinding(own, (axes.source,), "reshaped", sentence, worst))


def _tell_unlike(search: Search, own: str, axes: Axes) -> None:
    """Remarks on a weight that stands as it is, say, where those of its kind are transposed."""
    kin = [name for name in search.arrangements if name != own and is_alike(search, name, own)]
    others = [other for other in (_axes(search, name) for name in kin) if other is not None]
    alike = [one.axes for one in others if leaf_of(one.source) == leaf_of(axes.source)]
    shape = search.theirs[axes.source].shape
    if not alike:
        return
    usual, count = Counter(alike).most_common(1)[0]
    may_be = len(usual) == len(shape) and tuple(shape[axis] for axis in usual) == axes.shape
    if usual == axes.axes or alike.count(axes.axes) >= count or not may_be:
        return
    mine = words_of_axes(axes, shape) or "as it is"
    theirs = words_of_axes(Axes(axes.source, shape, usual, axes.shape), shape) or "as they are"
    many = f"the other {count} `{leaf_of(own)}` stand" if count > 1 else "the other one stands"
    sentence = f"`{axes.source}` stands in `{own}` {_laid(mine)}, while {many} {_laid(theirs)}"
    search.remarks.append(WeightFinding(own, (axes.source,), "laid out unlike others", sentence))


def _laid(words: str) -> str:
    return f"with {words}" if words.startswith("axes") else words


def _axes(search: Search, own: str) -> Axes | None:
    """Returns how a weight with several axes is made of one whole weight."""
    arrangement: Arrangement = search.arrangements[own]
    first = arrangement.terms[0]
    is_one = len(arrangement.terms) == 1 and isinstance(first, Axes) and len(first.axes) > 1
    return first if is_one and isinstance(first, Axes) and not search.is_constant(own) else None
