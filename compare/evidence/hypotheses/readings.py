"""Other ways to read what was given: transposed weights, layers in another order."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from compare.catalogue import LAYOUTS
from compare.evidence.certificate.case import Case, Layers
from compare.evidence.hypotheses.assumption import Assumption, Claim
from compare.evidence.hypotheses.explanation import WHOLE

_PAIRS = 24  # of layers that are exchanged

# what is read in another order: of the gradient, of the weights; each of w and b
_PARTS = (
    ("its layers are", "wb", ""),
    ("its dL/dw are", "w", ""),
    ("its dL/db are", "b", ""),
    ("every w is", "", "w"),
    ("every b is", "", "b"),
    ("the layers of the weights are", "", "wb"),
    ("the layers of the weights and its own are", "wb", "wb"),
)


def reading_assumptions(start: Assumption, layout: str) -> Iterator[Assumption]:
    """Yields other readings of the weights and the gradient, or of one of them alone.

    Args:
      start: what is assumed already.
      layout: in which they were read.
    """
    if start.claims:
        return  # what was claimed would be of other layers
    case, (other,) = start.case, set(LAYOUTS) - {layout}
    if all(w.shape[0] == w.shape[1] for w, _ in case.params):
        turned = dataclasses.replace(
            case,
            params=_turned(case.params),
            grads=_turned(case.grads),
            printed=case.printed and _turned(case.printed),
        )
        yield start.claiming(Claim(WHOLE, f"right if read with --layout={other}"), turned)
    for how, order in _orders(start):
        for what, of_gradient, of_weights in _parts(case):
            if "w" in of_gradient + of_weights and _shapes_differ(case, order):
                continue
            read = _ordered(case, order, of_gradient, of_weights)
            yield start.claiming(Claim(WHOLE, f"right if {what} read {how}"), read)


def _parts(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yields what may have been read in another order; without biases, layers are their weights."""
    has_biases = any(map(case.network.has_bias, range(case.network.n_layers)))
    for what, of_gradient, of_weights in _PARTS:
        if has_biases or {of_gradient, of_weights} <= {"", "wb"}:
            yield what, of_gradient, of_weights


def _orders(start: Assumption) -> Iterator[tuple[str, Sequence[int]]]:
    """Yields how the layers with broken rules may be ordered, each order once."""
    told: set[tuple[int, ...]] = set()
    for said, order in _said_orders(start):
        if tuple(order) not in told:
            told.add(tuple(order))
            yield said, order


def _said_orders(start: Assumption) -> Iterator[tuple[str, Sequence[int]]]:
    """Yields orders of the layers with broken rules, if their shapes allow them."""
    shapes = [b.shape for _, b in start.case.params]
    broken = {int(parameter[1:]) - 1 for _, parameter in start.broken}
    doubted, same = sorted(broken), list(range(len(shapes)))
    if len(doubted) > 2 and len({shapes[i] for i in doubted}) == 1:
        for said, to in (
            ("in the opposite order", doubted[::-1]),
            ("one layer off", doubted[1:] + doubted[:1]),
            ("one layer off", doubted[-1:] + doubted[:-1]),
        ):
            at = dict(zip(doubted, to, strict=True))
            yield said, [at.get(i, i) for i in same]
    pairs = (
        one for one in itertools.combinations(doubted, 2) if len({shapes[i] for i in one}) == 1
    )
    for a, b in itertools.islice(pairs, _PAIRS):
        at = {a: b, b: a}
        yield f"with layers {a + 1} and {b + 1} exchanged", [at.get(i, i) for i in same]


def _shapes_differ(case: Case, order: Sequence[int]) -> bool:
    """Whether an order of the layers puts w in the place of another shape."""
    shapes = [w.shape for w, _ in case.params]
    return [shapes[i] for i in order] != shapes


def _turned(layers: Layers) -> Layers:
    return tuple((w.swapaxes(0, 1), b) for w, b in layers)


def _ordered(case: Case, order: Sequence[int], of_gradient: str, of_weights: str) -> Case:
    """Returns a case with w, b or both of the gradient and the weights in another order."""

    def ordered(layers: Layers, parts: str) -> Layers:
        by_part = (order if part in parts else range(len(layers)) for part in "wb")
        return tuple((layers[i][0], layers[j][1]) for i, j in zip(*by_part, strict=True))

    return dataclasses.replace(
        case,
        params=ordered(case.params, of_weights),
        grads=ordered(case.grads, of_gradient),
        printed=case.printed and ordered(case.printed, of_gradient),
    )
