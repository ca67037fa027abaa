"""Other ways to read what was given: transposed weights, layers in another order."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from compare.catalogue import LAYOUTS
from compare.evidence.certificate.case import Layers
from compare.evidence.hypotheses.assumption import Assumption, Claim
from compare.evidence.hypotheses.explanation import WHOLE

_PAIRS = 24  # of layers that are exchanged


def reading_assumptions(start: Assumption, layout: str) -> Iterator[Assumption]:
    """Yields other readings of the weights and the gradient, or of the gradient alone.

    Args:
      start: what is assumed already.
      layout: in which they were read.
    """
    case, (other,) = start.case, set(LAYOUTS) - {layout}
    if all(w.shape[0] == w.shape[1] for w, _ in case.params):
        turned = _turned(case.grads)
        both = dataclasses.replace(case, params=_turned(case.params), grads=turned)
        if case.printed is not None:
            both = dataclasses.replace(both, printed=_turned(case.printed))
        yield start.claiming(Claim(WHOLE, f"right if read with --layout={other}"), both)
    shapes = [w.shape for w, _ in case.params]
    broken = {parameter for _, parameter in start.broken}
    doubted = [i for i in range(len(shapes)) if f"w{i + 1}" in broken]
    pairs = [(a, b) for a, b in itertools.combinations(doubted, 2) if shapes[a] == shapes[b]]
    orders = []
    same = {i for pair in pairs for i in pair}
    if len(same) > 2 and len({shapes[i] for i in same}) == 1:
        ordered = sorted(same)
        for said, to in (
            ("in the opposite order", ordered[::-1]),
            ("one layer off", ordered[1:] + ordered[:1]),
            ("one layer off", ordered[-1:] + ordered[:-1]),
        ):
            order = list(range(len(shapes)))
            for i, j in zip(ordered, to, strict=True):
                order[i] = j
            orders.append((said, order))
    for a, b in pairs[:_PAIRS]:
        order = list(range(len(shapes)))
        order[a], order[b] = b, a
        orders.append((f"with layers {a + 1} and {b + 1} exchanged", order))
    for said, order in orders:
        printed = case.printed and _ordered(case.printed, order)
        read = dataclasses.replace(case, grads=_ordered(case.grads, order), printed=printed)
        yield start.claiming(Claim(WHOLE, f"right if its layers are read {said}"), read)
        both = dataclasses.replace(read, params=_ordered(case.params, order))
        said = f"right if the layers of the weights and of it are read {said}"
        yield start.claiming(Claim(WHOLE, said), both)


def _turned(layers: Layers) -> Layers:
    return tuple((w.swapaxes(0, 1), b) for w, b in layers)


def _ordered(layers: Layers, order: Sequence[int]) -> Layers:
    return tuple(layers[i] for i in order)
