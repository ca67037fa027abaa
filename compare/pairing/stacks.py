"""Weights of layers that one program has stacked in one array, and the other has one by one.

A program that runs its layers by `jax.lax.scan` has the weights of all of them in one array,
[layers, ...]. Norms that are 1 or 0 everywhere do not tell by their entries which is which. But
other weights of these layers do, such as kernels, which are paired by then.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.pairing.arrangement import Arrangement, Entries
from compare.pairing.search import Search
from compare.pairing.terms import simplified
from compare.pairing.usual import are_turned
from compare.pairing.whole import may_be

Layers = tuple[str, ...]  # the modules of layers, in the order that they are stacked in
Made = dict[str, Arrangement]  # own names


class Stack(NamedTuple):
    """Layers of which one program has the weights in one array.

    Attributes:
      axis: of that array.
      layers: of the other program.
    """

    axis: int
    layers: Layers


def pair_stacked(search: Search) -> None:
    """Pairs what is left in layers that are stacked on one side."""
    own, theirs = search.left(), search.unused()
    made: dict[tuple[str, str], Made] = {}
    for stack in set(_of_theirs(search)):
        for first, family in _families(stack.layers, theirs).items():
            made |= {(one, first): _stacked(search, stack, one, family) for one in own}
    for stack in set(_of_own(search)):
        for first, family in _families(stack.layers, own).items():
            made |= {(first, one): _unstacked(search, stack, one, family) for one in theirs}
    right = {both: one for both, one in made.items() if _is_right(search, one)}
    trial = copy.deepcopy(search.assignment)
    trial.pairs.clear()
    ties = len(trial.ties)
    group = list(dict.fromkeys(one for one, _ in right)), list(dict.fromkeys(o for _, o in right))
    trial.settle([group], lambda one, other: (one, other) in right and may_be(search, one, other))
    for both in trial.pairs.items():
        for name, arrangement in right[both].items():
            search.take(name, arrangement)
    search.assignment.ties += trial.ties[ties:]


def _is_right(search: Search, made: Made) -> bool:
    return bool(made) and all(search.is_made(name, one) for name, one in made.items())


def _of_theirs(search: Search) -> Iterator[Stack]:
    """Yields layers of the reference that stand side by side in weights of the candidate."""
    for arrangement in search.arrangements.values():
        term = arrangement.terms[0]
        if len(arrangement.terms) == 1 and len(term.sources) > 1 and isinstance(term, Entries):
            ends = np.cumsum([search.theirs[name].size for name in term.sources])
            of = np.searchsorted(ends, term.positions, "right")
            for axis in range(of.ndim):
                order = _slices(of, axis)
                if sorted(order) == list(range(len(ends))):
                    yield from _stack(axis, [term.sources[k] for k in order])


def _of_own(search: Search) -> Iterator[Stack]:
    """Yields layers of the candidate that are slices of weights of the reference."""
    found: dict[tuple[str, int], dict[int, str]] = {}
    for own, arrangement in search.arrangements.items():
        term = arrangement.terms[0]
        if len(arrangement.terms) == len(term.sources) == 1 and isinstance(term, Entries):
            shape = search.theirs[term.sources[0]].shape
            for axis, index in enumerate(np.unravel_index(term.positions, shape)):
                if np.all(index == index.flat[0]):
                    found.setdefault((term.sources[0], axis), {})[int(index.flat[0])] = own
    for (source, axis), slices in found.items():
        if len(slices) == search.theirs[source].shape[axis]:
            yield from _stack(axis, [slices[k] for k in sorted(slices)])


def _slices(values: np.ndarray, axis: int) -> list[int]:
    """Returns the value of each slice along an axis; [] if one has several."""
    slices = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    is_one = slices.size > 0 and np.all(slices == slices[:, :1])
    return [int(one) for one in slices[:, 0]] if is_one else []


def _stack(axis: int, names: Sequence[str]) -> Iterator[Stack]:
    """Yields a stack of the modules in which weights are, if their names differ in one part."""
    parts = [name.split(".") for name in names]
    if len({len(one) for one in parts}) == 1 and len(names) > 1:
        differ = [len(set(ones)) > 1 for ones in zip(*parts, strict=True)]
        if sum(differ) == 1:
            depth = differ.index(True) + 1
            yield Stack(axis, tuple(".".join(one[:depth]) for one in parts))


def _families(layers: Layers, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns the weights that all layers have, by the name of the first."""
    first = [name for name in names if name.startswith(f"{layers[0]}.")]
    every = {name: tuple(one + name.removeprefix(layers[0]) for one in layers) for name in first}
    return {name: family for name, family in every.items() if {*family} <= {*names}}


def _stacked(search: Search, stack: Stack, own: str, theirs: tuple[str, ...]) -> Made:
    """Returns how a weight is made of those of layers; nothing if it has another shape."""
    shapes = {name: search.theirs[name].shape for name in theirs}
    wanted = search.own[own].shape
    for axis in _axes(stack, wanted):
        for order in _orders(own, theirs[0], len(wanted) - 1):
            if len({*shapes.values()}) == 1 and len(shapes[theirs[0]]) == len(order):
                every = np.arange(search.own[own].size).reshape(len(theirs), *shapes[theirs[0]])
                slices = [one.transpose(order) for one in every]
                positions = np.stack(slices, min(axis, slices[0].ndim))
                if positions.shape == wanted:
                    return {own: Arrangement((Entries(theirs, positions),))}
    return {}


def _unstacked(search: Search, stack: Stack, theirs: str, own: tuple[str, ...]) -> Made:
    """Returns how weights of layers are made of one; nothing if they have other shapes."""
    shape = search.theirs[theirs].shape
    every = np.arange(search.theirs[theirs].size).reshape(shape)
    for axis in _axes(stack, shape):
        for order in _orders(own[0], theirs, len(shape) - 1):
            slices = [one.transpose(order) for one in np.moveaxis(every, axis, 0)]
            if [one.shape for one in slices] == [search.own[name].shape for name in own]:
                terms = [simplified(Entries((theirs,), one), {theirs: shape}) for one in slices]
                return {name: Arrangement((term,)) for name, term in zip(own, terms, strict=True)}
    return {}


def _axes(stack: Stack, shape: tuple[int, ...]) -> list[int]:
    """Returns the axes that layers may be stacked along, that of other weights first."""
    fits = [axis for axis, length in enumerate(shape) if length == len(stack.layers)]
    return sorted(fits, key=lambda axis: axis != stack.axis)


def _orders(own: str, theirs: str, count: int) -> list[tuple[int, ...]]:
    """Returns the orders of axes that the weight of a layer may have, the likely one first."""
    copied, turned = tuple(range(count)), (*range(2, count), 1, 0)
    if count < 2:
        return [copied]
    back = tuple(np.argsort(turned).tolist())  # of a candidate that has outputs first
    return [turned, back, copied] if are_turned(own, theirs) else [copied, turned, back]
