"""Layers of a candidate with two biases, of which the reference has only the sum.

torch's LSTM and RNN add bias_ih and bias_hh. The first is then the sum less the second, which stays
what it is.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from compare.pairing.pairing import Pairing

Arrays = Mapping[str, np.ndarray]

_FIRST, _SECOND = ".bias_ih", ".bias_hh"


def with_second_biases(
    pair: Callable[[Arrays, Arrays], Pairing], theirs: Arrays, own: Arrays
) -> Pairing:
    """Pairs weights, and where that leaves two biases alone, their sum.

    Args:
      pair: pairs the weights of two programs.
      theirs: weights of the reference.
      own: those of the candidate.
    """
    found = pair(theirs, own)
    alone = {*found.kept, *(one.own for one in found.findings)}
    seconds = {
        first: second for first, second in _second_biases(own).items() if {first, second} <= alone
    }
    if not seconds:
        return found
    summed = {
        name: array + own[seconds[name]] if name in seconds else array
        for name, array in own.items()
        if name not in seconds.values()
    }
    of_sums = pair(theirs, summed)
    if any(one.own in seconds for one in of_sums.findings) or set(seconds) & {*of_sums.kept}:
        return found
    arrangements = dict(of_sums.arrangements)
    for first, second in seconds.items():
        before, less = arrangements[first], -own[second]
        offset = less if before.offset is None else before.offset + less
        arrangements[first] = dataclasses.replace(before, offset=offset)
    layouts = {
        name: ", ".join(filter(None, (said, f"less `{seconds[name]}`" if name in seconds else "")))
        for name, said in of_sums.layouts.items()
    }
    return dataclasses.replace(of_sums, arrangements=arrangements, layouts=layouts)


def _second_biases(own: Arrays) -> dict[str, str]:
    """Returns the first of two biases of a layer -> the second."""
    pairs = {name: name.replace(_FIRST, _SECOND) for name in own if _FIRST in name}
    return {
        first: second
        for first, second in pairs.items()
        if second in own and own[second].shape == own[first].shape
    }
