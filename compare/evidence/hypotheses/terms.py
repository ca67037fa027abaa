"""What may have been multiplied into a right gradient, or cut off it, sample by sample."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.nearness import float64_gradients
from compare.evidence.hypotheses.assumption import UNSURE, Assumption, Claim, hidden_of
from compare.evidence.hypotheses.explanation import WHOLE, figures
from compare.evidence.hypotheses.factors import factors_between


def term_assumptions(start: Assumption) -> Iterator[Assumption]:
    """Yields gradients without a factor, of all samples or of each, or as before a clip."""
    yield from _scaled_everywhere(start)
    yield from _scaled_by_sample(start)
    yield from _clipped(start)


def _scaled_everywhere(start: Assumption) -> Iterator[Assumption]:
    """Yields all dL/dw, or all dL/db, without the one factor that x tells.

    As h = dw delta / |delta|^2, a factor of dL/dw is one of what dL/dw1 and dL/db1 imply of x, and
    a factor of dL/db is one over it.
    """
    case, implied = start.case, start.local.implied(1)
    if ("input", "w1") not in start.broken:
        return
    for part, pair in enumerate(((implied, case.x), (case.x, implied))):
        name = f"dL/d{'wb'[part]}"
        for factor in factors_between(*pair, case.rounding.u):
            if not factor.value:
                continue
            by = tuple(factor.value if one == part else 1.0 for one in range(2))
            divided = _divided(case, by)
            claims = tuple(
                Claim(
                    f"{name}{i}",
                    factor.said,
                    shown=figures(f"{name}{i}", i, layer[part], right[part]),
                    rank=factor.rank,
                )
                for i, (layer, right) in enumerate(zip(case.grads, divided.grads, strict=True), 1)
            )
            yield start.claiming_all(claims, divided)


def _divided(case: Case, by: Sequence[float | np.ndarray]) -> Case:
    """Returns a case with dL/dw and dL/db divided, and what that may have rounded."""
    grads, hidden = [], []
    for layer, units in zip(case.grads, hidden_of(case), strict=True):
        dw, db = (leaf / one for leaf, one in zip(layer, by, strict=True))
        grads.append((dw, db))
        e_w, e_b = (
            unit / np.abs(one) + (4 * case.rounding.u * np.abs(leaf) if np.any(one != 1) else 0)
            for leaf, unit, one in zip((dw, db), units, by, strict=True)
        )
        hidden.append((e_w, e_b))
    return dataclasses.replace(case, grads=tuple(grads), printed=tuple(hidden))


def _scaled_by_sample(start: Assumption) -> Iterator[Assumption]:
    """Yields the gradient that has a factor of its own in each sample."""
    local, case = start.local, start.case
    found, right = local.found_delta(local.n_layers), local.delta(local.n_layers)
    squares = (right * right).sum(axis=0)
    factor = np.where(squares > 0, (found * right).sum(axis=0) / np.maximum(squares, 1e-300), 1.0)
    if not (np.isfinite(factor).all() and (factor > 0).all()):
        return
    if np.ptp(factor) < 1e-6 + 32 * case.rounding.u:
        return
    said = _norm_said(case.grads, factor, case.rounding.u)
    if said is None and (not _tells(right) or case.rounding.arithmetic.is_low):
        return  # every wrong delta of one output is such a factor, and many a one of few digits
    said = (
        said or f"multiplied by a factor of its own in every sample, {factor[0]:.4g} in the first"
    )
    shown = figures(f"delta{local.n_layers}", local.n_layers, found, right)
    claim = Claim(WHOLE, said, {}, shown, rank=UNSURE)
    yield start.claiming(claim, _divided(case, (factor, factor)))


def _tells(right: np.ndarray) -> bool:
    """Whether two samples have two outputs each whose delta is not 0, and so show one factor."""
    return int(np.count_nonzero(np.count_nonzero(right, axis=0) > 1)) > 1


def _norm_said(grads: Layers, factor: np.ndarray, u: float) -> str | None:
    """Says which norm all gradients have been given, if that is seen."""
    norm = np.sqrt(
        sum((leaf * leaf).reshape(-1, leaf.shape[-1]).sum(0) for one in grads for leaf in one)
    )
    clipped = factor < 1 - 1e-4
    norms = norm[clipped] if clipped.any() else norm
    most = float(f"{norms.mean():.2g}")  # people choose a norm of few digits
    if np.abs(norms - most).max() <= max(1e-4, 4 * u) * most and len(norms) > 1:
        if (np.abs(factor[~clipped] - 1) < 1e-4).all():
            return f"clipped to norm {most:g}"
        return f"scaled to norm {most:g}"
    return None


def _clipped(start: Assumption) -> Iterator[Assumption]:
    """Yields the gradient whose entries were clipped to the largest there is."""
    case = start.case
    most = max(float(np.abs(leaf).max()) for one in case.grads for leaf in one)
    at_most = sum(int(np.count_nonzero(np.abs(leaf) == most)) for one in case.grads for leaf in one)
    if at_most < 2 or not 0 < most < np.inf:
        return
    values = float64_gradients(case)
    grads = tuple(
        tuple(
            np.where((np.abs(g) == most) & (g * v >= most * most), v, g)
            for g, v in zip(*pair, strict=True)
        )
        for pair in zip(case.grads, values, strict=True)
    )
    claim = Claim(WHOLE, f"clipped to {most:.4g} entry by entry")
    units = tuple(tuple(8 * case.rounding.u * np.abs(g) for g in pair) for pair in grads)
    yield start.claiming(claim, dataclasses.replace(case, grads=grads, printed=units))
