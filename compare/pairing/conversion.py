"""What a function makes of weights, found by calling it on random numbers."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from compare.pairing.bits import is_floating
from compare.pairing.pairing import Pairing
from compare.pairing.pairs import pair
from compare.pairing.relations import relation_of
from compare.pairing.search import is_constant, rounded
from compare.pairing.weight_finding import WeightFinding

Arrays = Mapping[str, np.ndarray]
Conversion = Callable[[dict[str, np.ndarray]], Arrays]

_FEWEST_BITS = 25  # of an index: numbers from 1/8 to 2, or to smaller ones if there are more
_STEP, _OFFSET = 0x9E3779B1, 0x7F4A7C15  # odd, so that no index comes twice


def arrangement_of(convert: Conversion, theirs: Arrays) -> Pairing:
    """Finds which entries of the weights of a reference a conversion puts where.

    It is called on two sets of random numbers, and has to do the same with both.

    Args:
      convert: takes the weights of the reference by name, and returns those of the candidate.
      theirs: the weights of the reference; integers are handed on as they are.
    """
    first, second = (_drawn(theirs, seed) for seed in (0, 1))
    made, again = (convert(_copied(drawn)) for drawn in (first, second))
    found = pair(first, made)
    told = {one.own: one for one in found.findings}
    for own in made:
        arrangement = found.arrangements.get(own)
        expected = made[own] if arrangement is None else arrangement.of(second)
        is_told = own in told and (told[own].kind != "not loaded" or is_constant(made[own]))
        if not is_told and not _is_near(again[own], expected):
            told[own] = _computed(own, () if arrangement is None else arrangement.sources)
    return dataclasses.replace(found, findings=tuple(told.values()))


def _copied(arrays: Arrays) -> dict[str, np.ndarray]:
    """Returns what a conversion may change in place."""
    return {name: array.copy() for name, array in arrays.items()}


def _is_near(made: np.ndarray, expected: np.ndarray) -> bool:
    """Whether arrays are equal, but for the order in which two numbers were added up."""
    if made.shape != expected.shape:
        return False
    relation = relation_of(made, expected) if is_floating(made) else None
    is_rounding = relation is not None and relation.kind == "last digits"
    return is_rounding or np.array_equal(made, expected)


def _computed(own: str, sources: tuple[str, ...]) -> WeightFinding:
    sentence = (
        f"the conversion does not make `{own}` of entries of the weights of the reference, or of "
        "sums of two"
    )
    return WeightFinding(own, sources, "computed", sentence)


def _drawn(theirs: Arrays, seed: int) -> dict[str, np.ndarray]:
    """Draws float32 numbers below 2 that are all different, and positive as variances are."""
    total = sum(array.size for array in theirs.values())
    digits = max(_FEWEST_BITS, total.bit_length())
    index = np.arange(total, dtype=np.uint64) * np.uint64(_STEP) + np.uint64(seed * _OFFSET)
    below = (index % np.uint64(2**digits)).astype(np.uint32)
    numbers = (np.float32(2).view(np.uint32) - np.uint32(1) - below).view(np.float32)
    ends = np.cumsum([array.size for array in theirs.values()])[:-1]
    return {
        name: rounded(one.reshape(array.shape), array.dtype) if is_floating(array) else array
        for (name, array), one in zip(theirs.items(), np.split(numbers, ends), strict=True)
    }
