"""Which classic mistake explains a gradient that failed its certificate.

The layers are walked on the way of the data: the inputs that the gradient implies first, if they
may be why the output is another, then from the output down. The first of h_l, delta_l, dL/db_l
alone and dL/dw_l that is not what its neighbours ask for in the failed sample is compared with a
table of mistakes, each a formula for what would be computed instead. Nothing is called wrong that
is within the rounding of its rule, which under a saturated layer may be all of delta. A mistake
that fits to within rounding in every sample, certified ones included, is the explanation. If none
fits, or if several fit, none is named.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, ratios
from compare.evidence.hypotheses.factors import is_right_without
from compare.evidence.hypotheses.fitting import Tolerance, fits, outer, within
from compare.evidence.hypotheses.mistakes import (
    Mistakes,
    factors,
    of_delta,
    of_output,
    of_weights,
)
from compare.evidence.hypotheses.right_values import RightValues

_FAILED = 0  # the sample that is explained


WHOLE = "the gradient"  # where no one quantity is wrong; an explanation has no figures then


class Explanation(NamedTuple):
    """What is wrong in one sample, and which mistake explains it in all of them."""

    quantity: str  # 'x', 'h1', 'delta3', 'dL/db3', 'dL/dw3' or WHOLE
    mistake: str | None  # continues a sentence such as 'delta3 of mine ...'; None if none fits
    layer: int  # whose gradient shows it
    place: tuple[int, ...]  # of the entry of the quantity that is furthest off
    found: float
    expected: float


class _Suspect(NamedTuple):
    """A quantity that is wrong in the failed sample."""

    quantity: str  # as in `Explanation`
    layer: int
    found: np.ndarray  # [..., N]
    right: np.ndarray  # [..., N]
    tolerance: Tolerance


def diagnose(case: Case, *, n_samples: int) -> Explanation | None:
    """Finds the first wrong quantity, and the mistake that explains it.

    Args:
      case: of one implementation: the failed sample that is to be explained, then others, some of
        them certified.
      n_samples: of the whole run, by which a gradient may have been divided.

    Returns:
      None if every quantity is right to within its tolerance.
    """
    case = case.wide()
    alive = [np.any(db != 0, axis=0) for _, db in case.grads]
    # First with h by a forward pass of our own, which the mistake cannot spoil; then with h
    # recovered from the gradient, which is known to a few roundings however deep the network is,
    # and so tells smaller mistakes.
    forward = RightValues(case, [np.zeros_like(one) for one in alive])
    first = _backward(forward, n_samples)
    if first is not None and first.mistake is not None:
        return first
    recovered = _recovered(case, alive)
    local = _backward(recovered, n_samples)
    output = f"delta{forward.n_layers}"
    suspects = [one.quantity for one in (first, local) if one is not None]
    inputs = _wrong_input(recovered) if output in suspects[:1] else None
    if inputs is not None:
        return inputs
    if first is None or first.quantity == output:
        return local or first
    is_told = local is not None and local.mistake is not None and local.quantity == first.quantity
    return local if is_told else first


def _recovered(case: Case, alive: Sequence[np.ndarray]) -> RightValues:
    """Returns the right values by the h that the gradients imply, where those may be believed.

    If dw is no product of some h and db, no h is to be recovered from it. If it is, and h is not
    what the layer below makes, then either the program had this h, or dw is wrong: whichever of the
    two leaves less to blame is assumed.
    """
    products, inputs = (
        [
            np.all(ratios(one) <= 1, axis=tuple(range(one.found.ndim - 1)))
            for one in check_gradients(case).checks
            if one.rule in rules
        ]
        for rules in (("rank_one",), ("input", "activation"))
    )
    believed = [a & b for a, b in zip(alive, products, strict=True)]
    doubted = [a & b for a, b in zip(believed, inputs, strict=True)]
    both = (RightValues(case, believed), RightValues(case, doubted))
    return min(both, key=lambda right: len(list(_suspects(right))))


def _backward(right: RightValues, n_samples: int) -> Explanation | None:
    """Returns what is wrong first from the output down, or None."""
    suspect = next(_suspects(right), None)
    if suspect is None:
        return None
    by_weights = suspect.quantity.startswith("dL/dw")
    if by_weights:
        named = of_weights(right, suspect.layer)
    elif suspect.layer == right.n_layers:
        named = of_output(right)
    else:
        named = of_delta(right, suspect.layer)
    by = factors(right, n_samples, of_loss=suspect.quantity == f"delta{right.n_layers}")
    named = ((f"is what comes out if {said}", value) for said, value in named)
    mistakes = itertools.chain(named, _scaled(right.case, suspect, by))
    return _explanation(suspect, _fitting(suspect, mistakes))


def _wrong_input(right: RightValues) -> Explanation | None:
    """Returns the first input of a layer that is not what the layer below makes, or None."""
    for layer in range(1, right.n_layers + 1):
        dw, db = right.case.grads[layer - 1]
        h, (_, tolerance) = right.act(layer - 1), right.tolerances(layer)
        value = outer(h, db)
        if _is_wrong(dw, value, tolerance, right.weights_error(layer, db)):
            quantity = f"h{layer - 1}" if layer > 1 else "x"
            return _explanation(_Suspect(quantity, layer, right.implied(layer), h, tolerance), None)
    return None


def _suspects(right: RightValues) -> Iterator[_Suspect]:
    """Yields what is wrong in every layer in which something is, from the output down."""
    for layer in range(right.n_layers, 0, -1):
        dw, db = right.case.grads[layer - 1]
        h, delta = right.act(layer - 1), right.delta(layer)
        of_db, of_dw = right.tolerances(layer)
        error, product = right.delta_error(layer), outer(h, db)
        is_missing = dw[..., _FAILED].any() and not db[..., _FAILED].any()
        if is_missing or _is_wrong(db, delta, of_db, error):
            quantity = f"dL/db{layer}" if _is_alone(right, layer, error) else f"delta{layer}"
            yield _Suspect(quantity, layer, db, delta, of_db)
        elif _is_wrong(dw, product, of_dw, right.weights_error(layer, db)):
            yield _Suspect(f"dL/dw{layer}", layer, dw, product, of_dw)


def _is_wrong(
    found: np.ndarray, value: np.ndarray, tolerance: Tolerance, error: np.ndarray
) -> bool:
    return not _agrees(found, value, tolerance, error)[_FAILED]


def _agrees(
    found: np.ndarray, value: np.ndarray, tolerance: Tolerance, error: np.ndarray
) -> np.ndarray:
    """Returns which samples are within their tolerance, or within rounding in each entry, [N]."""
    near = np.all(np.abs(found - value) <= error, axis=tuple(range(found.ndim - 1)))
    return np.asarray(near | within(found, value, tolerance))


def _is_alone(right: RightValues, layer: int, error: np.ndarray) -> bool:
    """Whether db is wrong and dw beside it is right: dw is h delta, and not h db."""
    dw, db = right.case.grads[layer - 1]
    h, delta = right.act(layer - 1), right.delta(layer)
    of_db, of_dw = right.tolerances(layer)
    allowed = right.weights_error(layer, delta) + outer(np.abs(h), error)
    of_delta = _agrees(dw, outer(h, delta), of_dw._replace(relative=of_db.relative), allowed)
    of_found = _agrees(dw, outer(h, db), of_dw, right.weights_error(layer, db))
    return bool(np.all(of_delta) and not np.all(of_found))


def _scaled(case: Case, suspect: _Suspect, by: Mapping[float, str]) -> Mistakes:
    """Yields the right value times every factor without which the gradient is certified."""
    for factor, said in by.items():
        value = factor * suspect.right
        if fits(suspect.found, value, suspect.tolerance) and is_right_without(
            factor, case, suspect.quantity, suspect.layer
        ):
            yield said, value


def _fitting(suspect: _Suspect, mistakes: Mistakes) -> str | None:
    """Returns the description of the mistake that fits; None if none does, or several do."""
    found, right, tolerance = suspect.found, suspect.right, suspect.tolerance
    if not found.any():
        return "is 0 where the chain rule gives something else: it is missing or detached"
    fitting = {
        said
        for said, value in mistakes
        if value.shape == found.shape
        and fits(found, value, tolerance)
        and not fits(value, right, tolerance)
    }
    return fitting.pop() if len(fitting) == 1 else None


def _explanation(suspect: _Suspect, mistake: str | None) -> Explanation:
    """Describes the entry of the failed sample that is furthest off."""
    found, right = (values[..., _FAILED] for values in (suspect.found, suspect.right))
    flat = int(np.argmax(np.abs(found - right)))
    place = tuple(int(i) for i in np.unravel_index(flat, found.shape))
    entry = (place, float(found[place]), float(right[place]))
    return Explanation(suspect.quantity, mistake, suspect.layer, *entry)
