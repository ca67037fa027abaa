"""What may have been computed in place of dL/db of a layer, dL/dw of which has the right delta."""

from collections.abc import Iterator

import numpy as np

from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.assumption import Assumption, Claim, explains, freed
from compare.evidence.hypotheses.explanation import figures
from compare.evidence.hypotheses.factors import factors_between, usual_factors
from compare.evidence.hypotheses.local import Known, Local
from compare.evidence.hypotheses.weight_gradients import decay_rank, decayed


def bias_assumptions(start: Assumption, layer: int) -> Iterator[Assumption]:
    """Yields what may stand in place of dL/db, if a rule of its layer is broken."""
    if not any(parameter[1:] == str(layer) for _, parameter in start.broken):
        return
    if not start.case.network.has_bias(layer - 1):
        return
    local = start.local
    right = delta_of_weights(local, layer, local.act(layer - 1))
    below = layer - 1
    names = {"h": f"h{below}" if below else "x", "w": f"w{layer + 1}", "d": f"delta{layer}"}
    for said, value in _ways(local, layer, right):
        if value.value.shape == right.value.shape and explains(
            _check(local, layer, value), right.value, start.case, rank=1
        ):
            shown = figures(f"dL/db{layer}", layer, local.found_delta(layer), right.value)
            claim = Claim(f"dL/db{layer}", said, names, shown, decay_rank(said, local))
            yield start.claiming(claim, freed(start.case, layer, db=right))
    found = local.printed_delta(layer)
    for factor in usual_factors():
        divided = found.times(1 / factor.value)
        shown = figures(f"dL/db{layer}", layer, found.value, divided.value)
        claim = Claim(f"dL/db{layer}", factor.said, names, shown)
        yield start.claiming(claim, freed(start.case, layer, db=divided))


def delta_of_weights(local: Local, layer: int, act: Known) -> Known:
    """Returns delta by projecting dL/dw on h: dw^T h / |h|^2, [n_l, N]; 0 where h is 0."""
    (h, h_error), gradient, rounding = act, local.layers[layer - 1], local.case.rounding
    squares = np.maximum((h * h).sum(axis=0), 1e-300)
    delta = (gradient.dw * h[:, None]).sum(axis=0) / squares
    hidden = 0.0 if gradient.dw_hidden is None else gradient.dw_hidden
    off = 2 * rounding.outer * np.abs(gradient.dw) + hidden
    error = (np.abs(h)[:, None] * off + h_error[:, None] * np.abs(gradient.dw)).sum(axis=0)
    return Known(delta, error / squares + rounding.lam)


def _check(local: Local, layer: int, value: Known) -> Check:
    """Holds dL/db as found against another, which is known to an error."""
    rounding, gradient = local.case.rounding, local.layers[layer - 1]
    allowed = value.error + 2 * rounding.u * np.abs(value.value) + 2 * rounding.lam
    allowed = gradient.beside_print(rounding.slack * allowed, rounding)
    applies = np.ones(allowed.shape[-1], bool)
    return Check("rank_one", f"b{layer}", gradient.delta, value.value, allowed, applies)


def _ways(local: Local, layer: int, right: Known) -> Iterator[tuple[str, Known]]:
    """Yields what is said of dL/db, and what it is then."""
    found, n = local.found_delta(layer), len(right.value)
    for factor in factors_between(found, right.value, local.case.rounding.u):
        yield factor.said, right.times(factor.value)
    yield from decayed(found, right, local.case.params[layer - 1][1], "b", local)
    if n > 1:
        size = np.abs(right.value).sum(axis=0) * local.case.rounding.dot(n)
        for said, share in (
            (f"the sum over the {n} units", 1.0),
            (f"the mean over the {n} units", 1 / n),
        ):
            one = share * right.value.sum(axis=0, keepdims=True)
            error = share * (right.error.sum(axis=0, keepdims=True) + size)
            yield (
                f"in every entry {said}",
                Known(np.broadcast_to(one, found.shape), np.broadcast_to(error, found.shape)),
            )
    yield "computed with |{d}| for {d}", Known(np.abs(right.value), right.error)
    if layer < local.n_layers:
        yield "computed without phi'", local.passed_down(layer)
    for other in range(1, local.n_layers + 1):
        if other != layer:
            yield (
                f"computed with delta{other} for {{d}}",
                local.printed_delta(other),
            )
    yield "computed with {h} for {d}", local.act(layer - 1)
