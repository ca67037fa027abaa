"""The values that every implementation has at one place."""

from collections.abc import Mapping, Sequence

import numpy as np

from compare.evidence.differences.pairs import Pair
from compare.problem.answers import Answer, quantities
from compare.problem.quantities import name_all
from compare.results import Values, worst_of
from compare.verdict.decide import Place


def values_at(place: Place, row: int, answers: Mapping[str, Answer], *, layout: str) -> Values:
    """Returns one entry of every answer that has it.

    A place that names a unit of the layer below, as the rules of the certificate do, stands for
    the entry of its row of w in which the gradient is largest; one in the bias of a layer that has
    none for the entry of its column.
    """
    every = {name: name_all(quantities(answer, layout)) for name, answer in answers.items()}
    has = any(place.quantity in named for named in every.values())
    quantity = place.quantity if has else f"w{place.quantity[1:]}"
    arrays = {name: named[quantity][row] for name, named in every.items() if quantity in named}
    index, along_rows = place.index, (layout == "in_out") == has
    first = next(iter(arrays.values()))
    if len(index) < first.ndim:
        unit = first[index] if along_rows else first[:, index[0]]
        largest = int(np.argmax(np.abs(unit)))
        index = (*index, largest) if along_rows else (largest, *index)
    values = {k: float(array[index]) for k, array in arrays.items()}
    return Values(place.sample, quantity, index, values)


def worst_places(pairs: Sequence[Pair]) -> list[Place]:
    """Returns, for every parameter, the place where any two differ most."""
    worst = [worst_of(pairs, "max_abs", one.name) for one in pairs[0].parameters]
    return [
        Place(found.worst.sample, found.quantity, found.worst.index)
        for found in worst
        if found is not None
    ]
