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

_FEW = 2**22  # entries that are drawn to be different; more are told by the entries beside them


def arrangement_of(convert: Conversion, theirs: Arrays) -> Pairing:
    """Finds which entries of the weights of a reference a conversion puts where.

    It is called on two sets of random numbers, and has to do the same with both.

    Args:
      convert: takes the weights of the reference by name, and returns those of the candidate.
      theirs: the weights of the reference; integers are handed on as they are.
    """
    first, second = (_drawn(theirs, seed) for seed in (0, 1))
    made, again = convert(dict(first)), convert(dict(second))
    found = pair(first, made)
    told = {one.own: one for one in found.findings}
    for own in made:
        arrangement = found.arrangements.get(own)
        expected = made[own] if arrangement is None else arrangement.of(second)
        is_told = own in told and (told[own].kind != "not loaded" or is_constant(made[own]))
        if not is_told and not _is_near(again[own], expected):
            told[own] = _computed(own, () if arrangement is None else arrangement.sources)
    return dataclasses.replace(found, findings=tuple(told.values()))


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
    """Draws weights that are different from each other, and positive as variances are."""
    generator = np.random.default_rng(seed)
    total = sum(array.size for array in theirs.values())
    numbers = np.abs(generator.standard_normal(total)).astype(np.float32)
    while total <= _FEW:
        _, first = np.unique(numbers, return_index=True)
        again = np.setdiff1d(np.arange(total), first)
        if not again.size:
            break
        numbers[again] = np.abs(generator.standard_normal(again.size))
    ends = np.cumsum([array.size for array in theirs.values()])[:-1]
    return {
        name: rounded(one.reshape(array.shape), array.dtype) if is_floating(array) else array
        for (name, array), one in zip(theirs.items(), np.split(numbers, ends), strict=True)
    }
