"""What may have been added to dL/dw in place of the slope lambda w of the penalty."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.hypotheses.assumption import Assumption, Claim, hidden_of
from compare.evidence.hypotheses.explanation import figures

WITHOUT_PENALTY = "computed without the slope lambda w of the penalty"
_TERM = "with {what} for the slope lambda w of the penalty"


def penalty_assumptions(start: Assumption, n_samples: int) -> Iterator[Assumption]:
    """Yields other penalties, the same in all layers, if some dL/dw breaks a rule.

    A case holds dL/dw - lambda w, so that what was added in its place is known without an estimate.

    Args:
      start: what is assumed already.
      n_samples: of the whole run, by which the penalty may have been divided.
    """
    case, l2 = start.case, start.case.network.l2
    if not l2 or not any(parameter.startswith("w") for _, parameter in start.broken):
        return
    weights = [np.asarray(w) for w, _ in case.params]
    slopes = [l2 * w for w in weights]
    for said, added in _ways(weights, l2, n_samples):
        yield _assumed(start, said, [a - b for a, b in zip(added, slopes, strict=True)])
    biases = [l2 * np.asarray(b) for _, b in case.params]
    yield _with_biases(start, biases)


def _ways(
    weights: Sequence[np.ndarray], l2: float, n_samples: int
) -> Iterator[tuple[str, Sequence[np.ndarray]]]:
    """Yields what is said of dL/dw, and what was added to it."""
    for factor, said in _factors(n_samples):
        yield said, [factor * l2 * w for w in weights]
    yield f"computed {_TERM.format(what='lambda sign(w)')}", [l2 * np.sign(w) for w in weights]
    norm = np.sqrt(sum(float((w * w).sum()) for w in weights))
    if norm:
        yield f"computed {_TERM.format(what='lambda w / |w|')}", [l2 * w / norm for w in weights]
    norms = [max(float(np.sqrt((w * w).sum())), 1e-300) for w in weights]
    each = [l2 * w / one for w, one in zip(weights, norms, strict=True)]
    yield f"computed {_TERM.format(what='lambda w / |w| of each layer')}", each


def _factors(n_samples: int) -> Iterator[tuple[float, str]]:
    yield 0.0, WITHOUT_PENALTY
    for factor, what in ((2.0, "2 lambda w"), (0.5, "lambda w / 2"), (-1.0, "-lambda w")):
        yield factor, f"computed {_TERM.format(what=what)}"
    if n_samples > 2:
        for factor, sign in ((1 / n_samples, "/"), (float(n_samples), "times")):
            what = f"lambda w {sign} {n_samples:,}, the number of samples,"
            yield factor, f"computed {_TERM.format(what=what)}"


def _assumed(start: Assumption, said: str, excess: Sequence[np.ndarray]) -> Assumption:
    """Returns the gradient less what was added to each dL/dw beside lambda w."""
    case = _less(start.case, [*zip(excess, [0.0] * len(excess), strict=True)])
    claims = tuple(
        Claim(
            f"dL/dw{i}",
            said,
            shown=figures(f"dL/dw{i}", i, found[0] + case.penalty(i), right[0] + case.penalty(i)),
        )
        for i, (found, right) in enumerate(zip(start.case.grads, case.grads, strict=True), 1)
    )
    return start.claiming_all(claims, case)


def divided_whole(case: Case, factor: float) -> Case:
    """Returns a case whose gradient, that of the penalty too, is divided by a factor."""
    whole = [(dw + case.penalty(i), db) for i, (dw, db) in enumerate(case.grads, 1)]
    terms = [((1 - 1 / factor) * dw, (1 - 1 / factor) * db) for dw, db in whole]
    return _less(case, terms)


def _with_biases(start: Assumption, biases: Sequence[np.ndarray]) -> Assumption:
    """Returns the gradient whose biases have no penalty."""
    case = _less(start.case, [(0.0, b) for b in biases])
    said = "computed with lambda b added, although the penalty is of weights alone"
    claims = tuple(
        Claim(f"dL/db{i}", said, shown=figures(f"dL/db{i}", i, np.asarray(found[1]), right[1]))
        for i, (found, right) in enumerate(zip(start.case.grads, case.grads, strict=True), 1)
    )
    return start.claiming_all(claims, case)


def _less(case: Case, terms: Sequence[tuple[np.ndarray | float, np.ndarray | float]]) -> Case:
    """Returns a case less terms of its parameters, and what was rounded when they were added."""
    u, grads, hidden = case.rounding.u, [], []
    for pair, added, units in zip(case.grads, terms, hidden_of(case), strict=True):
        last = [_of_samples(leaf, one) for leaf, one in zip(pair, added, strict=True)]
        dw, db = (leaf - term for leaf, term in zip(pair, last, strict=True))
        e_w, e_b = (
            unit + np.where(term != 0, 4 * u * (np.abs(leaf) + np.abs(term)), 0)
            for leaf, term, unit in zip(pair, last, units, strict=True)
        )
        grads.append((dw, db))
        hidden.append((e_w, e_b))
    return dataclasses.replace(case, grads=tuple(grads), printed=tuple(hidden))


def _of_samples(leaf: np.ndarray, term: np.ndarray | float) -> np.ndarray:
    """Returns a term of every sample, in the shape of a leaf [..., N]."""
    term = np.asarray(term, np.float64)
    return term if term.ndim == leaf.ndim else term[..., None]
