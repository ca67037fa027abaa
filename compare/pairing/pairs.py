"""Pairs the weights of two programs by their values."""

from collections.abc import Mapping

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes
from compare.pairing.assignment import Assignment
from compare.pairing.layouts import layouts_of
from compare.pairing.names import role_of
from compare.pairing.pairing import Pairing
from compare.pairing.weights import Weights
from compare.pairing.words import words_of_axes


def pair(theirs: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> Pairing:
    """Finds of which weights of a reference those of a candidate are made.

    Weights are looked up by their bits, after rounding to the dtype of the candidate's; of those
    with the same entries, such as biases that are all zero, by the module whose other weights are
    paired, by name, and by order.

    Args:
      theirs: name -> weight or buffer of the reference, in its order.
      own: the same of the candidate.
    """
    weights = Weights(theirs, own)
    assignment = Assignment(list(own), list(theirs))
    _pair_equal(weights, assignment)
    arrangements, layouts = {}, {}
    for name, other in assignment.pairs.items():
        axes = _layout(weights, name, other)
        if axes is not None:
            arrangements[name] = Arrangement((axes,))
            layouts[name] = words_of_axes(axes, weights.theirs[other].shape)
    used = {name for one in arrangements.values() for name in one.sources}
    return Pairing(
        arrangements={name: arrangements[name] for name in own if name in arrangements},
        layouts=layouts,
        kept=tuple(name for name in own if name not in arrangements),
        unused=tuple(name for name in theirs if name not in used),
        ties=tuple(assignment.ties),
    )


def _pair_equal(weights: Weights, assignment: Assignment) -> None:
    """Pairs the weights that have the same entries, constant ones last."""

    def fits(one: str, other: str) -> bool:
        if not weights.is_constant(one):
            return True
        roles = {role_of(one), role_of(other)} - {None}
        return len(roles) < 2 and not assignment.links.exclude(one, other)

    groups = [group for group in weights.equal() if group[1]]
    plain = [group for group in groups if weights.is_constant(group[0][0])]
    others = [group for group in groups if not weights.is_constant(group[0][0])]
    for own, theirs in others:
        if len(own) == len(theirs) == 1:
            assignment.add(own[0], theirs[0])
    assignment.settle([group for group in others if max(map(len, group)) > 1], fits)
    assignment.settle(plain, fits)


def _layout(weights: Weights, one: str, other: str) -> Axes | None:
    own = weights.own_bits(one)
    theirs = weights.their_bits(other, weights.own[one].dtype)
    return next(layouts_of(other, theirs, own), None)
