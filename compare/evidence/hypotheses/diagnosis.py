"""Which classic mistake explains a gradient that failed its certificate.

The layers are walked from the output down. The first of delta_l, dL/db_l alone and dL/dw_l that is
not what its neighbours ask for is compared with a table of mistakes, each a formula for what would
be computed instead. A mistake that fits to within rounding in every entry of every sample,
certified ones included, is the explanation. If none fits, or if rounding or print hide so much
that several different ones fit, none is named.
"""

import itertools
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.hypotheses.fitting import Tolerance, fits, outer
from compare.evidence.hypotheses.mistakes import (
    Mistakes,
    factors,
    of_delta,
    of_output,
    of_weights,
)
from compare.evidence.hypotheses.right_values import RightValues

_SAME = 1e-9  # relative distance of two mistakes that come to the same thing


class Explanation(NamedTuple):
    """What is wrong, and which mistake explains it."""

    quantity: str  # 'delta3', 'dL/db3' or 'dL/dw3'
    mistake: str | None  # continues a sentence such as 'delta3 of mine ...'; None if none fits


def diagnose(case: Case, *, n_samples: int) -> Explanation | None:
    """Finds the first wrong quantity, and the mistake that explains it.

    Args:
      case: failed samples of one implementation, and some certified ones.
      n_samples: of the whole run, by which a gradient may have been divided.

    Returns:
      None if every quantity is right to within its tolerance.
    """
    case = case.wide()
    alive = [np.any(db != 0, axis=0) for _, db in case.grads]
    # First with h by a forward pass of our own, which the mistake cannot spoil; then with h
    # recovered from the gradient, which is known to a few roundings however deep the network is,
    # and so tells smaller mistakes.
    unexplained = None
    for trusted in ([np.zeros_like(one) for one in alive], alive):
        right = RightValues(case, trusted)
        for layer in range(right.n_layers, 0, -1):
            found = _explain(right, layer, n_samples)
            if found is not None:
                if found.mistake is not None:
                    return found
                unexplained = unexplained or found
                break
    return unexplained


def _explain(right: RightValues, layer: int, n_samples: int) -> Explanation | None:
    """Returns what is wrong in this layer, or None."""
    dw, db = right.case.grads[layer - 1]
    h, delta = right.act(layer - 1), right.delta(layer)
    of_db, of_dw = right.tolerances(layer)
    is_output = layer == right.n_layers

    def name(
        found: np.ndarray, value: np.ndarray, wrong: Mistakes, tolerance: Tolerance
    ) -> str | None:
        # Factors are those of the loss where delta of the output is wrong.
        of_loss = is_output and found is db
        scaled = (
            (said, factor * value) for factor, said in factors(right, n_samples, is_output=of_loss)
        )
        named = ((f"is what comes out if {said}", one) for said, one in wrong)
        mistakes = itertools.chain(named, scaled)
        return _fitting(found, value, mistakes, tolerance, is_coarse=right.is_coarse)

    if not fits(db, delta, of_db):
        alone = fits(dw, outer(h, delta), of_dw._replace(relative=of_db.relative))
        quantity = f"dL/db{layer}" if alone else f"delta{layer}"
        wrong = of_output(right) if is_output else of_delta(right, layer)
        return Explanation(quantity, name(db, delta, wrong, of_db))
    product = outer(h, db)
    if not fits(dw, product, of_dw):
        return Explanation(f"dL/dw{layer}", name(dw, product, of_weights(right, layer), of_dw))
    return None


def _fitting(
    found: np.ndarray,
    right: np.ndarray,
    mistakes: Mistakes,
    tolerance: Tolerance,
    *,
    is_coarse: bool,
) -> str | None:
    """Returns the description of the mistake that fits; None if none does, or different ones do."""
    if not found.any():
        return "is 0 where the chain rule gives something else: it is missing or detached"
    fitting = (
        (said, value)
        for said, value in mistakes
        if value.shape == found.shape
        and fits(found, value, tolerance)
        and not (is_coarse and fits(value, right, tolerance))
    )
    said, value = next(fitting, (None, right))
    none_hidden = np.zeros(found.shape[-1])
    equal = Tolerance(none_hidden + _SAME, none_hidden)
    if is_coarse and not all(fits(other, value, equal) for _, other in fitting):
        return None
    return said
