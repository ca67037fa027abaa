"""What may have been computed in place of dL/dw of a layer whose delta is right."""

from collections.abc import Iterator

import numpy as np

from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.assumption import Assumption, Claim, Rule, explains, freed
from compare.evidence.hypotheses.explanation import figures
from compare.evidence.hypotheses.factors import factors_between, usual_factors
from compare.evidence.hypotheses.local import Known, Local, exactly, outer
from compare.evidence.hypotheses.penalties import WITHOUT_PENALTY

_DECAY = "weight decay, an L2 term"
_PENALTY = "where the slope lambda w of the penalty is"
_HARDLY = 1e-3  # relative: a multiple that near to lambda is no other


def weight_assumptions(start: Assumption, layer: int) -> Iterator[Assumption]:
    """Yields what may stand in place of dL/dw, if a rule of its layer is broken."""
    if not _rules_of(start, layer) & start.broken.keys():
        return
    local, penalty = start.local, start.case.penalty(layer)
    right = outer(local.act(layer - 1), exactly(local.found_delta(layer)))
    below = layer - 1
    names = {"h": f"h{below}" if below else "x", "z": f"z{below}", "d": f"delta{layer}"}
    for said, value in _ways(local, layer, right):
        if value.value.shape == right.value.shape and explains(
            _check(local, layer, value), right.value, start.case, rank=1
        ):
            found = local.case.grads[layer - 1][0]
            shown = figures(f"dL/dw{layer}", layer, found + penalty, right.value + penalty)
            claim = Claim(f"dL/dw{layer}", said, names, shown, decay_rank(said, local))
            yield start.claiming(claim, freed(start.case, layer, dw=right))
    gradient = local.layers[layer - 1]
    hidden = np.zeros_like(gradient.dw) if gradient.dw_hidden is None else gradient.dw_hidden
    rank = int(not start.case.network.has_bias(layer - 1))  # a factor of delta is as likely there
    for factor in usual_factors():
        divided = Known(gradient.dw + penalty, np.asarray(hidden)).times(1 / factor.value)
        divided = divided._replace(value=divided.value - penalty)
        shown = figures(f"dL/dw{layer}", layer, gradient.dw + penalty, divided.value + penalty)
        claim = Claim(f"dL/dw{layer}", factor.said, names, shown, rank)
        yield start.claiming(claim, freed(start.case, layer, dw=divided))


def _rules_of(start: Assumption, layer: int) -> set[Rule]:
    """Returns the rules that a wrong dL/dw breaks; without a bias, it is where delta comes from."""
    names = [(rule, f"w{layer}") for rule in ("rank_one", "input", "activation")]
    if not start.case.network.has_bias(layer - 1):
        names += [(rule, f"b{layer}") for rule in ("chain", "output")]
    return set(names)


def _check(local: Local, layer: int, value: Known) -> Check:
    """Holds dL/dw as found against another, which is known to an error."""
    rounding, gradient = local.case.rounding, local.layers[layer - 1]
    allowed = value.error + 2 * rounding.outer * np.abs(value.value) + 2 * rounding.lam
    allowed = rounding.slack * allowed
    if gradient.dw_hidden is not None:
        allowed = allowed + gradient.dw_hidden
    applies = np.ones(allowed.shape[-1], bool)
    return Check("rank_one", f"w{layer}", gradient.dw, value.value, allowed, applies)


def _ways(local: Local, layer: int, right: Known) -> Iterator[tuple[str, Known]]:
    """Yields what is said of dL/dw, and what it is then."""
    gradient = local.layers[layer - 1]
    h, delta = local.act(layer - 1), local.printed_delta(layer)
    penalty, u = local.case.penalty(layer), local.case.rounding.u
    for factor in factors_between(gradient.dw + penalty, right.value + penalty, u):
        whole = Known(right.value + penalty, right.error + u * np.abs(penalty))
        times = whole.times(factor.value)
        yield factor.said, times._replace(value=times.value - penalty)
    yield from decayed(gradient.dw, right, local.case.params[layer - 1][0], "w", local)
    for said, act in _acts(local, layer):
        yield f"computed {said}", outer(act, delta)
    turned = outer(delta, h)
    yield "transposed", turned
    yield "computed with |{h}| for {h}", outer(Known(np.abs(h.value), h.error), delta)
    if layer < local.n_layers:
        yield "computed without phi' in {d}", outer(h, local.passed_down(layer))
    for other in range(1, local.n_layers + 1):
        if other != layer and local.layers[other - 1].delta.shape == gradient.delta.shape:
            yield (
                f"computed with delta{other} for {{d}}",
                outer(h, local.printed_delta(other)),
            )
    for axis, said in ((1, "units"), (0, "inputs")):
        total = np.broadcast_to(right.value.sum(axis, keepdims=True), right.value.shape)
        error = np.broadcast_to(np.abs(right.error).sum(axis, keepdims=True), total.shape)
        if right.value.shape[axis] > 1:
            yield (
                f"in every entry the sum over the {right.value.shape[axis]} {said}",
                Known(total, error),
            )


def decayed(
    found: np.ndarray, right: Known, leaf: np.ndarray, name: str, local: Local
) -> Iterator[tuple[str, Known]]:
    """Yields the right gradient with a multiple of the parameter added, the same in all samples.

    Of a single number nothing is yielded: any constant is a multiple of it.

    Args:
      found: [..., N].
      right: the gradient of the loss, [..., N].
      leaf: the parameter, [...].
      name: its kind, 'w' or 'b'.
      local: of the case.
    """
    if leaf.size == 1:
        return
    u, term = local.case.rounding.u, np.broadcast_to(leaf[..., None], found.shape)
    for factor in factors_between(found - right.value, term, max(u, 2.0**-16)):
        if abs(factor.value) > 2.0**-20:
            added = factor.value * term
            error = right.error + 2 * u * np.abs(added)
            yield _decay_said(factor.value, name, local), Known(right.value + added, error)


def _decay_said(factor: float, name: str, local: Local) -> str:
    """Says what a gradient is that has so many times its parameter more."""
    l2 = local.case.network.l2 if name == "w" else 0.0
    if l2 and abs(factor / l2 + 1) < _HARDLY:
        return WITHOUT_PENALTY
    if l2:
        return f"computed with {l2 + factor:.4g} w {_PENALTY} {l2:.4g} w"
    return f"that of the loss {'-' if factor < 0 else '+'} {abs(factor):.4g} {name}: {_DECAY}"


def decay_rank(said: str, local: Local) -> int:
    """Returns 1 for weight decay beside a penalty, of which `penalties` knows more."""
    is_decay = said.endswith(_DECAY) or _PENALTY in said or said == WITHOUT_PENALTY
    return int(bool(local.case.network.l2) and is_decay)


def _acts(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields what may stand in place of h of the layer below."""
    h = local.act(layer - 1)
    yield "without {h}", Known(np.ones_like(h.value), np.zeros_like(h.value))
    if layer > 1:
        yield "with {z} for {h}", local.preact(layer - 1)
        yield "with phi'({z}) for {h}", local.slope(layer - 1)
        phi = local.phi(layer - 1)
        error = phi.steepest(np, h.value, h.error) * h.error + 8 * local.case.rounding.u
        yield "with phi of {h} for {h}", Known(phi.value(np, h.value), error)
    for other in range(local.n_layers):
        if other != layer - 1:
            yield f"with {f'h{other}' if other else 'x'} for {{h}}", local.act(other)
