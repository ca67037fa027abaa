"""How a weight is laid out if it is laid out as others are."""

from collections import Counter

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes
from compare.pairing.layouts import layouts_of, possible_layouts
from compare.pairing.names import leaf_of
from compare.pairing.search import Search

_INPUTS_FIRST = ("kernel", "w")  # names of weights that JAX has transposed

Order = tuple[int, ...]


def usual_layouts(search: Search, own: str, theirs: str) -> list[Arrangement]:
    """Lists the layouts that a weight may have by its shape, the most likely first.

    That is the one that weights of its kind have, and then that of frameworks.
    """
    shape, made = search.theirs[theirs].shape, search.own[own].shape
    known = usual_axes(search, own)

    def unlikely(one: Axes) -> tuple[bool, ...]:
        moved = tuple(one.split[axis] for axis in one.axes)
        is_copy = one.axes == tuple(range(len(one.axes)))
        is_named_so = is_copy != are_turned(own, theirs)
        return (
            one.split != shape or moved != made,
            one.axes != known,
            not is_named_so,
            not is_of_frameworks(one.axes),
        )

    ones = possible_layouts(theirs, shape, made)
    return [Arrangement((one,)) for one in sorted(ones, key=unlikely)]


def are_turned(own: str, theirs: str) -> bool:
    """Whether one of two weights has a name of those that JAX has transposed, and one of torch."""
    return (leaf_of(own) in _INPUTS_FIRST) != (leaf_of(theirs) in _INPUTS_FIRST)


def settle_layouts(search: Search) -> None:
    """Lays out as usual what is the same in several orders of its axes, as an identity is."""
    unclear = [own for own in search.assignment.pairs if _is_symmetric(search, own)]
    found = {own: search.arrangements.pop(own) for own in unclear}  # which tell nothing of others
    usual = {own: usual_layouts(search, own, search.assignment.pairs[own]) for own in unclear}
    for own, layouts in usual.items():
        ones = (one for one in layouts if search.is_made(own, one))
        search.arrangements[own] = next(ones, found[own])


def _is_symmetric(search: Search, own: str) -> bool:
    axes = whole_axes(search, own)
    if axes is None:
        return False
    bits = search.their_bits(axes.source, search.own[own].dtype)
    every = {axes.source: np.arange(bits.size).reshape(bits.shape)}
    ones = layouts_of(axes.source, bits, search.own_bits(own))
    return any(not np.array_equal(one.of(every), axes.of(every)) for one in ones)


def take_usual(search: Search, own: str, theirs: str) -> float:
    """Makes a weight of another as those of its kind are made.

    Returns:
      The largest difference from what stands there.
    """
    search.take(own, usual_layouts(search, own, theirs)[0])
    search.assignment.pairs[own] = theirs
    return worst_of(search, own)


def worst_of(search: Search, own: str) -> float:
    """Returns the largest difference of an entry from what it is made to be."""
    made = search.made(own, search.arrangements[own]).astype(np.float64)
    return float(np.max(np.abs(made - search.own[own]), initial=0))


def usual_axes(search: Search, own: str) -> Order | None:
    """Returns the order of axes that most others of a kind have; None where there are none."""
    counted = Counter(axes.axes for axes in kin(search, own).values())
    return counted.most_common(1)[0][0] if counted else None


def kin(search: Search, own: str) -> dict[str, Axes]:
    """Returns the layouts of the other weights of a kind: of the same name, with as many axes."""
    found = {name: whole_axes(search, name) for name in search.of_its_kind(own)}
    return {name: axes for name, axes in found.items() if axes is not None}


def whole_axes(search: Search, own: str) -> Axes | None:
    """Returns how a weight with several axes, and numbers that tell them, is another one."""
    terms = search.arrangements[own].terms
    if len(terms) > 1 or not isinstance(terms[0], Axes) or len(terms[0].axes) < 2:
        return None
    return None if search.is_constant(own) else terms[0]


def is_of_frameworks(axes: Order) -> bool:
    """Whether an order of axes is a copy, or puts inputs and outputs last as JAX has them."""
    count = len(axes)
    return axes in (tuple(range(count)), (*range(2, count), 1, 0))
