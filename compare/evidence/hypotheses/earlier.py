"""Gradients of earlier calls that are still in a gradient: added up, or kept by a momentum.

A function that keeps what it computed returns a g_i + c r, where r is what it returned in the call
before. Both constants follow from all samples by least squares; c is assumed, and a factor a is
left to be explained like any other.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.nearness import float64_gradients
from compare.evidence.hypotheses.assumption import UNSURE, Assumption, Claim, hidden_of
from compare.evidence.hypotheses.explanation import WHOLE

_LEAST = 1e-3  # a share of what was returned before that is told
_DIGITS = 1e-4  # relative: how near a share is to one of two digits that is meant
_ENOUGH = 4  # samples, if nobody knows what was called before the first one

_ADDED_UP = "added up over the samples: it was not set to zero in between"
_KEPT = (
    "what the chain rule gives plus {:.4g} times what was returned for the sample before, as by a "
    "momentum that is kept from one call to the next"
)


def earlier_assumptions(start: Assumption, earlier: Layers) -> Iterator[Assumption]:
    """Yields the gradient without what is left in it of those before it.

    Args:
      start: what is assumed already.
      earlier: the gradients of the sample before each, as found; 0 where there is none.
    """
    if start.claims or not any(np.any(leaf) for one in earlier for leaf in one):
        return
    yield from _without_share(start, earlier, 1.0, _ADDED_UP)
    if not start.case.network.l2:
        for share in _shares(start.case, earlier):
            yield from _without_share(start, earlier, share, _KEPT.format(share))


def _without_share(
    start: Assumption, earlier: Layers, share: float, said: str
) -> Iterator[Assumption]:
    """Yields it in all samples, and in all but the first: who knows what was called before."""
    rest = _without(start.case, earlier, share)
    if not any(np.any(leaf) for one in rest.grads for leaf in one):
        return
    yield start.claiming(Claim(WHOLE, said), rest)
    known = _are_known(earlier)
    if _ENOUGH <= np.count_nonzero(known) < len(known):
        yield start.claiming(Claim(WHOLE, said, rank=UNSURE), rest.take(known))


def _are_known(earlier: Layers) -> np.ndarray:
    """Returns of which samples there is one before, [N] bool."""
    return np.any([np.any(db != 0, axis=0) for _, db in earlier], axis=0)


def _shares(case: Case, earlier: Layers) -> Iterator[float]:
    """Yields c of found = a right + c earlier by least squares, and what is meant by that."""
    known = _are_known(earlier)
    flat = (
        np.concatenate([leaf[..., known].ravel() for one in layers for leaf in one])
        for layers in (float64_gradients(case), earlier, case.grads)
    )
    right, before, found = (np.asarray(one, np.float64) for one in flat)
    if not all(np.isfinite(one).all() and one.any() for one in (right, before, found)):
        return
    scale = np.array([np.abs(right).max(), np.abs(before).max()])
    columns = np.stack([right, before], axis=1) / scale
    _, share = np.linalg.lstsq(columns, found, rcond=None)[0] / scale
    if _LEAST < abs(share) < 1 - _LEAST:
        yield float(share)
        meant = float(f"{share:.2g}")
        if 0 < abs(share - meant) <= _DIGITS * abs(meant):
            yield meant


def _without(case: Case, earlier: Layers, share: float) -> Case:
    """Returns a case less a share of earlier gradients.

    What it has was rounded when that was added, by a share of the sum, and either may be hidden.
    """
    u, grads, hidden = 4 * case.rounding.u, [], []
    for found, before, units in zip(case.grads, earlier, hidden_of(case), strict=True):
        terms = [share * np.asarray(one) for one in before]
        dw, db = (leaf - term for leaf, term in zip(found, terms, strict=True))
        grads.append((dw, db))
        e_w, e_b = (
            (1 + abs(share)) * unit + u * (np.abs(leaf) + np.abs(term))
            for leaf, term, unit in zip(found, terms, units, strict=True)
        )
        hidden.append((e_w, e_b))
    return dataclasses.replace(case, grads=tuple(grads), printed=tuple(hidden))
