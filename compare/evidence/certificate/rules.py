"""The rules of the certificate, one function each; `certificate` says what they are.

Read from print, an entry is known to what print hides of it, and each rule allows for that besides
the rounding. delta of the layer above is then taken as printed or as its own rule has it, whichever
is known better, and so is h. The sample axis is last. Shape letters: N samples, n_l units of
layer l.
"""

from typing import Any, NamedTuple

from compare.evidence.certificate.activations import Activation, Array
from compare.evidence.certificate.losses import Loss
from compare.evidence.certificate.printed import recover_printed
from compare.evidence.certificate.recovered import Rounding, Trace, input_error, recover
from compare.evidence.rounding.print_rounding import hidden_by_print


class Check(NamedTuple):
    """One rule at one place, for every sample."""

    rule: str
    parameter: str  # whose gradient is wrong if the rule fails
    found: Array  # [..., N] what the gradient holds
    expected: Array  # [..., N] what its neighbours ask for
    allowed: Array  # [..., N]
    applies: Array  # [N] bool: whether there is anything to hold it against


class Layer(NamedTuple):
    """The gradient of one layer, and the input recovered from it.

    Read from print, dw and delta are known to dw_hidden and delta_hidden. Otherwise those are None.
    """

    dw: Array  # [n_in, n_out, N]
    delta: Array  # [n_out, N]
    alive: Array  # [N] bool: whether delta is not all 0
    h: Array  # [n_in, N]
    h_error: Array  # [n_in, N]
    known: Array  # [N] bool: whether h could be recovered
    dw_hidden: Array | None
    delta_hidden: Array | None

    def beside_print(self, allowed: Array, rounding: Rounding) -> Array:
        """What is allowed of delta as computed, and what print hides of it."""
        if self.delta_hidden is None:
            return allowed
        return allowed + (1 + 4 * rounding.u) * self.delta_hidden


def make_layer(
    xp: Any, dw: Array, delta: Array, printed: tuple[Array, Array] | None, rounding: Rounding
) -> Layer:
    """Recovers the input of a layer."""
    alive = xp.max(xp.abs(delta), axis=0) > 0
    if printed is None:
        return Layer(dw, delta, alive, *recover(xp, dw, delta, rounding), alive, None, None)
    dw_hidden = hidden_by_print(xp, dw, printed[0], u=rounding.u, lam=rounding.lam)
    hidden = hidden_by_print(xp, delta, printed[1], u=rounding.u, lam=rounding.lam)
    h, h_error, known = recover_printed(xp, dw, delta, dw_hidden, hidden, rounding)
    return Layer(dw, delta, alive, h, h_error, known, dw_hidden, hidden)


class Delta(NamedTuple):
    """What an implementation had for delta of a layer; the error is None if nothing is hidden."""

    value: Array  # [n_l, N]
    error: Array | None  # [n_l, N]


def every(xp: Any, holds: Array) -> Array:
    """Whether all n of [n, N] hold, [N] bool; XLA reduces numbers ten times as fast as booleans."""
    return xp.min(xp.where(holds, 1.0, 0.0), axis=0) > 0


def best_known(xp: Any, exact: Check, hidden: Array | None, kink: Array) -> Delta:
    """Takes delta as printed, or as its rule has it where that is known better."""
    if hidden is None:
        return Delta(exact.found, None)
    as_printed = kink | (hidden <= exact.allowed)
    return Delta(
        xp.where(as_printed, exact.found, exact.expected),
        xp.where(as_printed, hidden, exact.allowed),
    )


def input_rule(xp: Any, layer: Layer, x: Array, rounding: Rounding) -> Check:
    """Holds the recovered h_0 against x."""
    rounded = input_error(xp, x, rounding)
    allowed = rounding.slack * (layer.h_error + rounded + rounding.lam)
    return Check("input", "w1", layer.h, x, allowed, layer.known)


def activation_rule(
    xp: Any, layer: Layer, below: Trace, phi: Activation, parameter: str, rounding: Rounding
) -> Check:
    """Holds the recovered h_l against phi(z_l)."""
    z, z_error = below
    allowed = phi.largest_slope * z_error + rounding.u * phi.value_cost(xp, z)
    allowed = allowed + rounding.lost_in_logistic(xp, z, phi)
    allowed = rounding.slack * (allowed + layer.h_error + rounding.lam * (2 + xp.abs(z)))
    return Check("activation", parameter, layer.h, phi.value(xp, z), allowed, layer.known)


def rank_one_rule(layer: Layer, below: Check, xp: Any, rounding: Rounding) -> Check:
    """Holds dw against outer(h, delta); h comes from below where print has hidden delta.

    As printed, |dw - h delta| <= e_w + outer |h* delta*| + |delta| |h - h*| + |h*| e_delta.
    """
    h, h_error, hidden = layer.h, layer.h_error, None
    if layer.delta_hidden is not None:
        h = xp.where(layer.known, h, below.expected)
        h_error = (1 + 2 * rounding.outer) * xp.where(layer.known, h_error, below.allowed)
        reach = (1 + 2 * rounding.outer) * (xp.abs(h) + h_error)
        hidden = layer.dw_hidden + reach[:, None] * layer.delta_hidden
    by_delta = rounding.slack * (rounding.outer * xp.abs(h) + h_error + rounding.lam)
    flushed = rounding.slack * rounding.lam * (1 + xp.abs(h))
    # where delta is 0, dw has to be 0
    h, by_delta = (xp.where(layer.alive, value, 0.0) for value in (h, by_delta))
    flushed = xp.where(layer.alive, flushed, rounding.lam)
    allowed = by_delta[:, None] * xp.abs(layer.delta) + flushed[:, None]
    allowed = allowed if hidden is None else allowed + hidden
    outer, applies = h[:, None] * layer.delta, xp.ones_like(layer.alive)
    return Check("rank_one", below.parameter, layer.dw, outer, allowed, applies)


def output_rule(
    xp: Any, last: Trace, y: Array, delta: Array, loss: Loss, parameter: str, rounding: Rounding
) -> Check:
    """Holds delta_L, as computed, against dL/dyhat."""
    error = last.error + input_error(xp, y, rounding)
    allowed = loss.slope_error(xp, last.z, y, error, rounding.u)
    allowed = rounding.slack * (allowed + rounding.u * xp.abs(delta) + 6 * rounding.lam)
    applies = xp.ones(y.shape[-1], bool)
    return Check("output", parameter, delta, loss.slope(last.z, y), allowed, applies)


def unproved_output(
    xp: Any, rounded: Array, check: Check, layer: Layer, rounding: Rounding
) -> Array:
    """Where delta is 0 without proof, or all of it drowns in the rounding of dL/dyhat."""
    reach = xp.abs(check.expected) + rounded
    if layer.delta_hidden is not None:
        reach = reach - 2 * layer.delta_hidden
    drowned = every(xp, check.allowed >= xp.abs(check.found))
    unproved = xp.max(reach, axis=0) > 16 * rounding.slack * rounding.lam
    return xp.where(layer.alive, drowned, unproved)


def chain_rule(
    xp: Any,
    w: Array,
    above: Delta,
    layer: Layer,
    trace: Trace,
    phi: Activation,
    parameter: str,
    rounding: Rounding,
) -> tuple[Check, Array, Array]:
    """Returns the check of delta_l as computed, whether a zero is proved [N], and kinks [n_l, N].

    A zero is proved where nothing else can be there but for flushing, or less than a unit of print.
    """
    s, s_error = _through(xp, w, above, rounding)
    slope = phi.slope(xp, trace.z)
    slope_error = phi.largest_curvature * trace.error + rounding.u * phi.slope_cost(xp, trace.z)
    slope_error = slope_error + rounding.lost_in_logistic(xp, trace.z, phi)
    expected = s * slope
    allowed = (
        (xp.abs(s) + s_error) * (slope_error + rounding.lam)
        + s_error * xp.abs(slope)
        + 2 * rounding.u * xp.abs(expected)
        + rounding.lam * (1 + xp.abs(s))
    )
    allowed = rounding.slack * allowed
    kink = xp.zeros_like(layer.delta, bool)
    if phi.has_kink:
        kink = xp.abs(trace.z) <= trace.error
        closer_to_s = xp.abs(layer.delta - s) < xp.abs(layer.delta)
        expected = xp.where(kink, xp.where(closer_to_s, s, 0.0), expected)
        open_allowed = rounding.slack * (s_error + rounding.lam * (2 + xp.abs(s)))
        allowed = xp.where(kink, open_allowed, allowed)
    # a library may also flush a product that it has computed
    negligible = 16 * rounding.lam
    if layer.delta_hidden is not None:
        negligible = negligible + 2 * layer.delta_hidden
    reach = (xp.abs(s) + s_error) * (xp.abs(slope) + slope_error)
    zero = (reach <= negligible) | kink | ((slope == 0) & (slope_error == 0))
    check = Check("chain", parameter, layer.delta, expected, allowed, xp.ones_like(layer.alive))
    return check, every(xp, zero), kink


def _through(xp: Any, w: Array, above: Delta, rounding: Rounding) -> tuple[Array, Array]:
    """Returns w delta of the layer above, [n_l, N], and its error.

    The error is dot |w| |delta| + lam (3 n + |w| + |delta|), and what delta's own makes of it.
    """
    n, size = w.shape[1], xp.abs(above.value)
    dot = rounding.dot(n + 1)
    passed_on = dot * size + rounding.lam
    if above.error is not None:
        passed_on = passed_on + (1 + 2 * dot) * above.error
    flushed = rounding.lam * (3 * n + xp.sum(size, axis=0))
    return w @ above.value, xp.abs(w) @ passed_on + flushed
