"""A gradient that proves itself: local checks with rounding bounds that do not grow with depth.

At batch size 1 every block of an MLP's gradient is rank one: db_l is delta_l, and
dw_l = outer(h_{l-1}, delta_l). So a gradient alone holds its whole forward and backward trace, and
every layer can be held against its neighbours, one implementation at a time, trusting none:

    rank_one    dw_l = outer(h_{l-1}, delta_l), with h_{l-1} recovered by projection,
                dw_l delta_l / (delta_l . delta_l)
    input       h_0 = x
    activation  h_l = phi(z_l), z_l = h_{l-1} w_l + b_l
    output      delta_L = 2 (yhat - y), yhat = z_L
    chain       delta_l = (w_{l+1} delta_{l+1}) * phi'(z_l)

Each within the rounding of its own few operations: a dot product of n terms and a bias is right to
gamma_{n+1} = (n+1) u / (1 - (n+1) u) of the sum of its magnitudes (Higham, Accuracy and Stability
of Numerical Algorithms, section 3.1), and lam, the smallest normal number, is allowed wherever a
library may flush to zero.

Where delta_l is 0 there is nothing to recover h_{l-1} from; z_l then comes from a float64 forward
pass with a running bound, and the zero is certified if that pass proves it, else the sample is
silent. Where a ReLU's sign is within its rounding error both its slopes are admitted, and the
sample is counted at_kink. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.phi import PHI, Array, Phi
from compare.evidence.recovered import Rounding, Trace, recover, trace_forward

RULES = ("rank_one", "input", "activation", "output", "chain")


class Check(NamedTuple):
    """One rule at one place, for every sample."""

    rule: str
    parameter: str  # whose gradient is wrong if the rule fails
    found: Array  # [N, ...] what the gradient holds
    expected: Array  # [N, ...] what its neighbours ask for
    allowed: Array  # [N, ...]
    applies: Array  # [N] bool: whether there is anything to hold it against


class Checks(NamedTuple):
    """All that was found for N samples."""

    checks: tuple[Check, ...]
    silent: Array  # [N] bool: a zero that is neither proved nor disproved
    at_kink: Array  # [N] bool


def check_gradients(
    params: Sequence[tuple[Array, Array]],
    x: Array,
    y: Array,
    grads: Sequence[tuple[Array, Array]],
    *,
    activation: str,
    rounding: Rounding,
    xp: Any = np,
) -> Checks:
    """Holds N gradients against the rules.

    Args:
      params: (w [n_in, n_out], b [n_out]), float64, a layer.
      x: [N, d], float64.
      y: [N, k], float64.
      grads: (dw [N, n_in, n_out], db [N, n_out]), float64, finite.
      activation: of the hidden layers.
      rounding: of the arithmetic that made grads.
      xp: numpy, or jax.numpy with x64.

    Returns:
      The checks, ordered as data flows: forward, output, backward.
    """
    phi = PHI[activation]
    deltas = [db for _, db in grads]
    alive = [xp.any(delta != 0, axis=1) for delta in deltas]
    recovered = [recover(xp, dw, db, rounding) for dw, db in grads]
    trace = trace_forward(xp, params, x, recovered, alive, phi, rounding)

    checks = []
    for i, (dw, db) in enumerate(grads):
        h, h_error = recovered[i]
        checks.append(_rank_one(dw, db, h, h_error, alive[i], f"w{i + 1}", xp, rounding))
        if i == 0:
            expected, allowed = x, rounding.slack * (h_error + rounding.lam)
            checks.append(Check("input", "w1", h, expected, allowed, alive[0]))
        else:
            z, z_error = trace[i - 1]
            expected = phi.value(xp, z)
            allowed = phi.largest_slope * z_error + rounding.u * phi.value_cost(xp, z)
            allowed = rounding.slack * (allowed + h_error + rounding.lam * (2 + xp.abs(z)))
            checks.append(Check("activation", f"w{i + 1}", h, expected, allowed, alive[i]))
    checks.append(_output(xp, trace[-1], y, deltas[-1], f"b{len(params)}", rounding))

    silent, at_kink = _unproved_output(xp, checks[-1], alive[-1], rounding), xp.zeros(len(x), bool)
    for i in range(len(grads) - 2, -1, -1):
        check, proved, kink = _chain(
            xp, params[i + 1][0], deltas[i + 1], deltas[i], trace[i], phi, f"b{i + 1}", rounding
        )
        checks.append(check)
        silent = silent | (alive[i + 1] & ~alive[i] & ~proved)
        at_kink = at_kink | kink
    return Checks(tuple(checks), silent, at_kink)


def ratios(check: Check, xp: Any = np) -> Array:
    """Returns |found - expected| / allowed, [N, ...]; at most 1 where the rule holds."""
    distance = xp.abs(check.found - check.expected)
    shape = (-1,) + (1,) * (distance.ndim - 1)
    return xp.where(check.applies.reshape(shape), distance / check.allowed, 0.0)


def _rank_one(
    dw: Array,
    delta: Array,
    h: Array,
    h_error: Array,
    alive: Array,
    parameter: str,
    xp: Any,
    rounding: Rounding,
) -> Check:
    outer = h[:, :, None] * delta[:, None, :]
    size = (h_error + rounding.lam)[:, :, None] * xp.abs(delta)[:, None, :]
    flushed = rounding.lam * (1 + xp.abs(h))[:, :, None]
    allowed = 2 * rounding.u * xp.abs(outer) + size + flushed
    # where delta is 0, dw has to be 0
    allowed = xp.where(alive[:, None, None], rounding.slack * allowed, rounding.lam)
    expected = xp.where(alive[:, None, None], outer, 0.0)
    return Check("rank_one", parameter, dw, expected, allowed, xp.ones_like(alive))


def _output(
    xp: Any, last: Trace, y: Array, delta: Array, parameter: str, rounding: Rounding
) -> Check:
    residual = last.z - y
    allowed = 2 * (last.error + rounding.u * xp.abs(residual)) * (1 + rounding.u)
    allowed = rounding.slack * (allowed + rounding.u * xp.abs(delta) + 6 * rounding.lam)
    every = xp.ones(len(y), bool)
    return Check("output", parameter, delta, 2 * residual, allowed, every)


def _unproved_output(xp: Any, check: Check, alive: Array, rounding: Rounding) -> Array:
    """Where delta is 0 without proof, or all of it drowns in the rounding of yhat - y."""
    largest = xp.max(xp.abs(check.expected) + check.allowed, axis=1)
    drowned = xp.all(check.allowed >= xp.abs(check.found), axis=1)
    return xp.where(alive, drowned, largest > 16 * rounding.slack * rounding.lam)


def _chain(
    xp: Any,
    w: Array,
    delta_above: Array,
    delta: Array,
    trace: Trace,
    phi: Phi,
    parameter: str,
    rounding: Rounding,
) -> tuple[Check, Array, Array]:
    """Returns the check of delta_l, whether a zero is proved, and whether a kink is near; [N]."""
    n = w.shape[1]
    s = delta_above @ w.T
    flushed = 3 * n + xp.sum(xp.abs(w), axis=1) + xp.sum(xp.abs(delta_above), 1, keepdims=True)
    s_error = rounding.gamma(n + 2) * (xp.abs(delta_above) @ xp.abs(w).T) + rounding.lam * flushed
    slope = phi.slope(xp, trace.z)
    slope_error = phi.largest_curvature * trace.error + rounding.u * phi.slope_cost(xp, trace.z)
    expected = s * slope
    allowed = (
        (xp.abs(s) + s_error) * (slope_error + rounding.lam)
        + s_error * xp.abs(slope)
        + 2 * rounding.u * xp.abs(expected)
        + rounding.lam * (1 + xp.abs(s))
    )
    allowed = rounding.slack * allowed
    kink = xp.zeros_like(delta, bool)
    if phi.has_kink:
        kink = xp.abs(trace.z) <= trace.error
        closer_to_s = xp.abs(delta - s) < xp.abs(delta)
        expected = xp.where(kink, xp.where(closer_to_s, s, 0.0), expected)
        open_allowed = rounding.slack * (s_error + rounding.lam * (2 + xp.abs(s)))
        allowed = xp.where(kink, open_allowed, allowed)
    # a library may also flush a product that it has computed
    reach = (xp.abs(s) + s_error) * (xp.abs(slope) + slope_error)
    zero = (reach <= 16 * rounding.lam) | kink | ((slope == 0) & (slope_error == 0))
    every = xp.ones(len(delta), bool)
    check = Check("chain", parameter, delta, expected, allowed, every)
    return check, xp.all(zero, axis=1), xp.any(kink, axis=1)
