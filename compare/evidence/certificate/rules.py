"""The rules of the certificate, one function each; `checks` lists them.

A rule compares an entry with what its neighbours ask for, and allows for rounding, for a value that
was computed twice (see `copies`) and, if the gradient was read from print, for what print hides.
delta of the layer above is then taken as printed or as its own rule has it, whichever is known
better, and so is h. The sample axis is last. Layers count from 0, in `i`. Shape letters: N samples,
n_l units of layer l.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import Preacts
from compare.evidence.certificate.kinks import Kinks, find_kinks, find_sides, no_kinks
from compare.evidence.certificate.products import product, wide_unit
from compare.evidence.certificate.recovery import LayerGradient
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.certificate.slopes import Slope, slope_of


class Check(NamedTuple):
    """One rule at one place, for every sample."""

    rule: str
    parameter: str  # whose gradient is wrong if the rule fails
    found: Array  # [..., N] what the gradient holds
    expected: Array  # [..., N] what its neighbours ask for
    allowed: Array  # [..., N] the largest |found - expected| that is no mistake
    applies: Array  # [N] bool: whether there is anything to compare with
    # unit -> the same of one unit, [n_in, N], where [..., N] is [n_in, n_out, N]
    of_unit: Callable[[Any], "Check"] | None = None


class Delta(NamedTuple):
    """delta of one layer as the implementation passed it down; without error if that is None."""

    value: Array  # [n_l, N]
    error: Array | None  # [n_l, N]


def every(xp: Any, holds: Array) -> Array:
    """Returns whether all n of [n, N] hold, [N] bool.

    It takes a minimum of numbers, which XLA does ten times as fast as a conjunction of booleans.
    """
    return xp.min(xp.where(holds, 1.0, 0.0), axis=0) > 0


def best_known(xp: Any, exact: Check, layer: LayerGradient, kink: Array) -> Delta:
    """Returns delta as printed, or as its rule has it where that is known better and fits.

    Args:
      xp: numpy or jax.numpy.
      exact: the rule of delta as it was computed.
      layer: whose delta it is.
      kink: where the rule admits more than one value, [n_l, N] bool.
    """
    hidden = layer.delta_hidden
    if hidden is None:
        return Delta(exact.found, layer.delta_error)
    fits = xp.abs(exact.found - exact.expected) <= exact.allowed + hidden
    as_printed = kink | (hidden <= exact.allowed) | ~fits
    error = xp.where(as_printed, hidden, exact.allowed)
    if layer.apart is not None:
        error = error + layer.apart.delta
    return Delta(xp.where(as_printed, exact.found, exact.expected), error)


def input_rule(xp: Any, case: Case, layer: LayerGradient) -> Check:
    """Compares the recovered h_0 with x."""
    rounding = case.rounding
    rounded = rounding.input_error(xp, case.x)
    allowed = rounding.slack * (layer.h_error + rounded + rounding.lam)
    return Check("input", "w1", layer.h, case.x, allowed, layer.known)


def activation_rule(xp: Any, case: Case, i: int, layer: LayerGradient, below: Preacts) -> Check:
    """Compares the recovered input of layer i with phi(z) of the layer below."""
    rounding, phi, (z, z_error) = case.rounding, case.activations[i - 1], below
    allowed = phi.steepest(xp, z, z_error) * z_error + rounding.u * phi.value_cost(xp, z)
    allowed = allowed + rounding.logistic_error(xp, z, phi)
    allowed = rounding.slack * (allowed + layer.h_error + rounding.lam * (2 + xp.abs(z)))
    expected = phi.value(xp, z)
    return Check("activation", f"w{i + 1}", layer.h, expected, allowed, layer.known)


def rank_one_rule(xp: Any, case: Case, layer: LayerGradient, below: Check) -> Check:
    """Compares dw with outer(h, delta).

    Where delta is known to e_delta only, and dw to e_w,
    |dw - h delta| <= e_w + outer |h* delta*| + |delta| |h - h*| + |h*| e_delta.

    Args:
      xp: numpy or jax.numpy.
      case: in float64.
      layer: whose dw it is.
      below: the rule of h, which gives h where too little of delta is known.
    """
    rounding, h, h_error, hidden = case.rounding, layer.h, layer.h_error, None
    if layer.delta_error is not None:
        h = xp.where(layer.known, h, below.expected)
        h_error = (1 + 2 * rounding.outer) * xp.where(layer.known, h_error, below.allowed)
        reach = (1 + 2 * rounding.outer) * (xp.abs(h) + h_error)
        hidden = reach[:, None] * layer.delta_error
        hidden = hidden if layer.dw_hidden is None else layer.dw_hidden + hidden
    by_delta = rounding.slack * (rounding.outer * xp.abs(h) + h_error + rounding.lam)
    flushed = rounding.slack * rounding.lam * (1 + xp.abs(h))
    # where delta is 0, dw has to be 0
    h, by_delta = (xp.where(layer.alive, value, 0.0) for value in (h, by_delta))
    flushed = xp.where(layer.alive, flushed, rounding.lam)
    size, applies = xp.abs(layer.delta), xp.ones_like(layer.alive)

    def of_unit(j: Any) -> Check:
        allowed = by_delta * size[j] + flushed
        allowed = allowed if hidden is None else allowed + hidden[:, j]
        dw, outer = wide_unit(xp, layer.dw, j), h * layer.delta[j]
        return Check("rank_one", below.parameter, dw, outer, allowed, applies)

    allowed = by_delta[:, None] * size + flushed[:, None]
    allowed = allowed if hidden is None else allowed + hidden
    outer = h[:, None] * layer.delta
    return Check("rank_one", below.parameter, layer.dw, outer, allowed, applies, of_unit)


def output_rule(xp: Any, case: Case, last: Preacts, delta: Array) -> Check:
    """Compares delta of the last layer, as computed, with dL/dz."""
    rounding, loss, y = case.rounding, case.loss, case.y
    y_error = rounding.input_error(xp, y)
    allowed = loss.slope_error(xp, last.z, y, last.error, y_error, rounding)
    allowed = rounding.slack * (allowed + rounding.u * xp.abs(delta) + 6 * rounding.lam)
    applies, parameter = xp.ones(y.shape[-1], bool), f"b{len(case.params)}"
    return Check("output", parameter, delta, loss.slope(xp, last.z, y), allowed, applies)


def unproved_output(
    xp: Any, rounded: Array, check: Check, layer: LayerGradient, rounding: Rounding
) -> Array:
    """Returns where delta is 0 without a proof, or no larger than the rounding of dL/dz.

    Args:
      xp: numpy or jax.numpy.
      rounded: what the output rule allows of delta as computed, [k, N].
      check: the output rule, with what print hides.
      layer: the last one.
      rounding: of the case.

    Returns:
      [N] bool.
    """
    reach = xp.abs(check.expected) + rounded
    if layer.delta_hidden is not None:
        reach = reach - 2 * layer.delta_hidden
    drowned = every(xp, check.allowed >= xp.abs(check.found))
    unproved = xp.max(reach, axis=0) > 16 * rounding.slack * rounding.lam
    return xp.where(layer.alive, drowned, unproved)


def chain_rule(
    xp: Any, case: Case, i: int, above: Delta, layers: Sequence[LayerGradient], preacts: Preacts
) -> tuple[Check, Array, Kinks]:
    """Compares delta of hidden layer i, as computed, with (w delta of the layer above) phi'(z).

    Args:
      xp: numpy or jax.numpy.
      case: in float64.
      i: the layer.
      above: delta of the layer above.
      layers: the gradients of all layers.
      preacts: z of this layer.

    Returns:
      The check, whether a delta of 0 is proved [N], and where z is at a kink. A zero is proved if
      nothing else can be there but what is flushed to zero, or less than a unit of print.
    """
    rounding, phi, layer = case.rounding, case.activations[i], layers[i]
    s, s_error = pass_down(xp, case.params[i + 1][0], above, rounding)
    slope = slope_of(xp, phi, preacts, layers[i + 1], rounding)
    expected, steepest = s * slope.value, xp.abs(slope.value)
    allowed = product_error(xp, Delta(s, s_error), slope, rounding)
    if phi.flushed is not None:
        allowed = allowed + rounding.lam * phi.flushed(xp, preacts[0])
    kinks, proved = no_kinks(xp, layer.delta), (slope.value == 0) & (slope.error == 0)
    if phi.kinks:
        sides = find_sides(xp, phi, preacts, slope, rounding)
        kinks = find_kinks(xp, sides, (s, s_error), layer.delta)
        steepest, proved = sides.steepest(xp), proved | sides.admit_zero
        expected = xp.where(kinks.at, sides.nearest_right(xp, s, layer.delta), expected)
        moved = s_error * steepest + (xp.abs(s) + s_error) * sides.error
        allowed = xp.where(kinks.at, moved + rounding.lam * (2 + xp.abs(s)), allowed)

    # A library may also flush a product that it has computed.
    negligible = 16 * rounding.lam
    if layer.delta_hidden is not None:
        negligible = negligible + 2 * layer.delta_hidden
    reach = (xp.abs(s) + s_error) * (steepest + slope.error)
    applies = xp.ones_like(layer.alive)
    allowed = rounding.slack * allowed
    check = Check("chain", f"b{i + 1}", layer.delta, expected, allowed, applies)
    return check, every(xp, (reach <= negligible) | proved), kinks


def product_error(xp: Any, s: Delta, slope: Slope, rounding: Rounding) -> Array:
    """Bounds the error of s phi'(z) as computed from an s and a slope with errors, [n_l, N]."""
    return (
        (xp.abs(s.value) + s.error) * (slope.error + rounding.lam)
        + s.error * xp.abs(slope.value)
        + 2 * rounding.u * xp.abs(s.value * slope.value)
        + rounding.lam * (1 + xp.abs(s.value))
    )


def pass_down(xp: Any, w: Array, above: Delta, rounding: Rounding) -> tuple[Array, Array]:
    """Returns w delta of the layer above, [n_l, N], and its error.

    The error is dot |w| |delta| + lam (3 n + |w| + |delta|), and |w| times the error of delta.
    """
    n, size = w.shape[1], xp.abs(above.value)
    dot = rounding.dot(n + 1)
    passed_on = dot * size + rounding.lam
    if above.error is not None:
        passed_on = passed_on + (1 + 2 * dot) * above.error
    flushed = rounding.lam * (3 * n + xp.sum(size, axis=0))
    return product(xp, w.T, above.value), product(xp, xp.abs(w.T), passed_on) + flushed
