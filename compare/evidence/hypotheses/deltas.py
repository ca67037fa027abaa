"""What may have been computed in place of delta of a hidden layer."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.activations import OTHERS, called
from compare.evidence.hypotheses.assumption import Assumption, Claim, explains
from compare.evidence.hypotheses.explanation import figures
from compare.evidence.hypotheses.factors import factors_between
from compare.evidence.hypotheses.local import Known, Local, exactly, spread

_RATES = (1e-7, 100.0)  # between which people take steps


class _Way(NamedTuple):
    """A way to compute delta: a product of what comes down from above and a slope."""

    said: str
    passed: Known  # [n_l, N]
    slope: Known  # [n_l, N]
    rank: int = 0


def delta_assumptions(start: Assumption, layer: int) -> Iterator[Assumption]:
    """Yields what may stand in place of delta of a hidden layer, if it breaks its rule."""
    local = start.local
    rule = ("chain", f"b{layer}")
    if layer == local.n_layers or rule not in start.broken or rule in start.instead:
        return
    right = local.delta(layer)
    names = {"w": f"w{layer + 1}", "z": f"z{layer}", "h": f"h{layer}"}
    for way in _ways(local, layer):
        check = chain_check(local, layer, way.passed, way.slope)
        if explains(check, right, start.case, way.rank):
            shown = figures(f"delta{layer}", layer, local.found_delta(layer), right)
            claim = Claim(f"delta{layer}", way.said, names, shown, way.rank)
            yield start.claiming(claim, None, check)


def chain_check(local: Local, layer: int, passed: Known, slope: Known) -> Check:
    """Holds delta as found against a product of two factors, which are known to an error."""
    rounding, (s, s_error), (t, t_error) = local.case.rounding, passed, slope
    lam, gradient = rounding.lam, local.layers[layer - 1]
    allowed = (np.abs(s) + s_error) * (t_error + lam) + s_error * np.abs(t)
    allowed = allowed + 2 * rounding.u * np.abs(s * t) + lam * (1 + np.abs(s))
    allowed = gradient.beside_print(rounding.slack * allowed, rounding)
    applies = np.ones(s.shape[-1], bool)
    return Check("chain", f"b{layer}", gradient.delta, s * t, allowed, applies)


def right_chain(local: Local, layer: int, changed: Local) -> Check:
    """Holds delta of another case against what the layer above asks for by the weights of this."""
    passed = changed.passed_down(layer, local.case.params[layer][0])
    return chain_check(changed, layer, passed, local.slope(layer))


def _ways(local: Local, layer: int) -> Iterator[_Way]:
    passed, slope = local.passed_down(layer), local.slope(layer)
    none = exactly(np.ones_like(slope.value))
    for rank, slopes in enumerate((_usual_slopes, _odd_slopes)):
        for said, t in slopes(local, layer):
            yield _Way(f"computed {said}", passed, t, rank)
    for other in OTHERS:
        t = spread(partial(other.activation.slope, np), local.preact(layer), local.case.rounding.u)
        said = f"computed with the slope of {other.said} for that of {called(local.phi(layer))}"
        yield _Way(said, passed, t, 1 + other.rank)
    for rank, ways in enumerate((_own_weights, _other_weights, _other_deltas)):
        for said, s in ways(local, layer):
            yield _Way(f"computed {said}", s, slope, rank)
            yield _Way(f"computed {said} and without phi'", s, none, rank)
    u, phi = local.case.rounding.u, local.phi(layer)
    positive = Known(passed.value * (passed.value > 0), passed.error)
    yield _Way("computed with relu of w delta", positive, slope)
    yield _Way("phi of w delta", spread(partial(phi.value, np), passed, u), none)
    if called(phi) != "relu":  # of which that is phi of w delta
        at = spread(partial(phi.slope, np), passed, u)
        yield _Way("computed with phi' of w delta, not of {z}", passed, at)
    for factor in factors_between(local.found_delta(layer), passed.value * slope.value, u):
        yield _Way(factor.said, passed.times(factor.value), slope, factor.rank)
    yield from _updated(local, layer)


def _usual_slopes(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields what is often written in place of phi'(z)."""
    phi, z, u = local.phi(layer), local.preact(layer), local.case.rounding.u
    h, slope = partial(phi.value, np), partial(phi.slope, np)
    yield "without phi'", exactly(np.ones_like(z.value))
    yield "with phi' of {h}, not of {z}", spread(lambda z: slope(h(z)), z, u)
    yield "with phi for phi'", spread(h, z, u)
    yield "with phi' twice", spread(lambda z: slope(z) ** 2, z, u)
    yield "with h (1 - h) for phi'", spread(lambda z: h(z) * (1 - h(z)), z, u)
    yield "with 1 - h^2 for phi'", spread(lambda z: 1 - h(z) ** 2, z, u)
    yield "with 1 - h for phi'", spread(lambda z: 1 - h(z), z, u)
    for other in range(1, local.n_layers):
        other_z = local.preact(other)
        if other != layer and other_z.value.shape == z.value.shape:
            yield f"with phi' of z{other}, not of {{z}}", spread(slope, other_z, u)


def _odd_slopes(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields what is sometimes written in place of phi'(z)."""
    phi, z, u = local.phi(layer), local.preact(layer), local.case.rounding.u
    yield "with phi of {h} for phi'", spread(lambda z: phi.value(np, phi.value(np, z)), z, u)
    yield "with z (1 - z) for phi'", spread(lambda z: z * (1 - z), z, u)
    yield "with 1 - z^2 for phi'", spread(lambda z: 1 - z * z, z, u)
    yield "with 1 - phi' for phi'", spread(lambda z: 1 - phi.slope(np, z), z, u)
    yield "with z for phi'", spread(lambda z: z, z, u)
    if called(phi) == "relu":
        yield "with z >= 0 for z > 0", spread(lambda z: (z >= 0) * 1.0, z, u)


def _own_weights(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields w delta with the right weights used in a wrong way."""
    w = local.case.params[layer][0]
    yield "with |{w}| for {w}", local.passed_down(layer, np.abs(w))
    if w.shape[0] == w.shape[1]:
        yield "with {w} transposed", local.passed_down(layer, w.T)
        yield "without {w}", local.passed_down(layer, np.eye(len(w)))


def _other_weights(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields w delta with other weights."""
    w = local.case.params[layer][0]
    for number, (other, _) in enumerate(local.case.params, start=1):
        if number != layer + 1 and other.shape == w.shape:
            yield f"with w{number} for {{w}}", local.passed_down(layer, other)
        if number != layer + 1 and other.T.shape == w.shape:
            yield f"with w{number} transposed for {{w}}", local.passed_down(layer, other.T)


def _other_deltas(local: Local, layer: int) -> Iterator[tuple[str, Known]]:
    """Yields w delta with delta of another layer, or delta of the output as it is."""
    w, units = local.case.params[layer][0], len(local.layers[layer - 1].delta)
    for other in range(layer + 2, local.n_layers + 1):
        delta = local.found_delta(other)
        if len(delta) == w.shape[1]:
            yield (
                f"with delta{other} for delta{layer + 1}",
                local.passed_down(layer, delta_of=other),
            )
    last, hidden = local.found_delta(local.n_layers), local.layers[-1].delta_hidden
    if len(last) in (1, units):
        value = np.broadcast_to(last, (units, last.shape[-1]))
        error = np.zeros_like(last) if hidden is None else hidden
        said = f"with delta{local.n_layers} for w delta"
        yield said, Known(value, np.broadcast_to(error, value.shape))


def _updated(local: Local, layer: int) -> Iterator[_Way]:
    """Yields delta by weights after a step of gradient descent.

    They are w - r h delta^T, so w delta is less by r h |delta|^2. r is one number for all samples,
    found by least squares.
    """
    passed, slope, u = local.passed_down(layer), local.slope(layer), local.case.rounding.u
    h, delta = local.act(layer), local.found_delta(layer + 1)
    squares = (delta * delta).sum(axis=0)
    change = h.value * squares
    missing = passed.value * slope.value - local.found_delta(layer)
    for rate in factors_between(missing, change * slope.value, max(u, 2.0**-16)):
        if not _RATES[0] <= rate.value <= _RATES[1]:
            return
        step = rate.value * change
        lost = abs(rate.value) * h.error * squares + 8 * u * (np.abs(step) + np.abs(passed.value))
        stepped = Known(passed.value - step, passed.error + lost)
        said = (
            f"computed with {{w}} after a step of {rate.value:.4g}: the weights were updated "
            "before the gradient below was taken"
        )
        yield _Way(said, stepped, slope)
