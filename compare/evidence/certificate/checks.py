"""A gradient that proves itself: local checks with rounding bounds that do not grow with depth.

At batch size 1 the gradient of an MLP's weights is rank one in every layer: db_l is delta_l, and
dw_l = outer(h_{l-1}, delta_l). So a gradient contains its whole forward and backward pass, and
every layer can be checked against its neighbours, one implementation at a time, trusting none:

    rank_one    dw_l = outer(h_{l-1}, delta_l), with h_{l-1} recovered by projection,
                dw_l delta_l / (delta_l . delta_l)
    input       h_0 = x
    activation  h_l = phi(z_l), z_l = h_{l-1} w_l + b_l
    output      delta_L = dL/dz_L, of the output activation and the loss together
    chain       delta_l = (w_{l+1} delta_{l+1}) * phi'(z_l)

Each rule allows for the rounding of its own few operations: a dot product of n terms and a bias is
right to gamma_{n+1} = (n+1) u / (1 - (n+1) u) of the sum of its magnitudes (Higham, Accuracy and
Stability of Numerical Algorithms, section 3.1), and lam, the smallest normal number, is allowed
wherever a library may flush to zero.

Four cases are special:

    zeros   Where delta_l is 0, h_{l-1} cannot be recovered. z_l then comes from a float64 forward
            pass with a running bound. If that pass proves the zero the sample is certified, else it
            is silent.
    kinks   Where the sign of a ReLU's input is within its rounding error, all slopes from 0 to 1
            are admitted, and the sample is counted as at_kink.
    print   Where a gradient was read from print, what print hides of every entry is allowed too.
            A zero is then proved if the right value is less than a unit of print.
    copies  Beside a hidden layer of one unit a program may compute h and delta more than once, and
            not to the same bits; what two of them may be apart is allowed for (see `copies`).

Shape letters: N samples, n_l units of layer l. The sample axis is last here, so that every
operation runs over long rows of samples; `making.make_case` puts it there.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.copies import copies_apart
from compare.evidence.certificate.forward import Preacts, trace_preacts
from compare.evidence.certificate.products import over_units
from compare.evidence.certificate.recovery import LayerGradient, doubt, recover_layers
from compare.evidence.certificate.rules import (
    Check,
    activation_rule,
    best_known,
    chain_rule,
    every,
    input_rule,
    output_rule,
    rank_one_rule,
    unproved_output,
)

_MOST_APART = 0.25  # of delta; copies further apart than that would hide a factor 2 in dw


class Checks(NamedTuple):
    """All checks of N samples."""

    checks: tuple[Check, ...]
    silent: Array  # [N] bool: whether some delta or h can be neither proved nor disproved
    at_kink: Array  # [N] bool
    kink_units: Array  # [N] units at a kink that tell which slope was taken
    kink_slopes: Array  # [N] the sum of the slopes that were taken there


def check_gradients(case: Case, xp: Any = np) -> Checks:
    """Checks the gradients of a case by every rule.

    Args:
      case: N samples, all of it finite and in float64.
      xp: numpy, or jax.numpy with x64.

    Returns:
      The checks in the order of computation: forward, output, backward.
    """
    layers = recover_layers(xp, case, copies_apart(xp, case))
    preacts = trace_preacts(xp, case, layers)
    checks = []
    for i, layer in enumerate(layers):
        if i == 0:
            below = input_rule(xp, case, layer)
        else:
            below = activation_rule(xp, case, i, layer, preacts[i - 1])
        checks += [rank_one_rule(xp, case, layer, below), below]
    backward = _backward(xp, case, layers, preacts)
    silent = backward.silent
    if case.is_textbook:
        silent = silent | _drowned(xp, checks, "activation")
        silent = silent | _drowned(xp, backward.checks, "output", share=0.5)
    if case.is_mixed:
        silent = silent | _drowned(xp, backward.checks, "chain", share=2.0**-10)
    for layer in layers:
        if layer.apart is not None:
            silent = (
                silent | (doubt(xp, layer.delta, layer.apart.delta) > _MOST_APART) & layer.alive
            )
    return backward._replace(checks=(*checks, *backward.checks), silent=silent)


def _drowned(xp: Any, checks: Sequence[Check], rule: str, share: float = 1.0) -> Array:
    """Returns whether a formula may lose a share of all of some h or delta, [N] bool."""
    drowned = xp.zeros_like(checks[0].applies, bool)
    for check in checks:
        if check.rule == rule:
            lost = every(xp, share * xp.abs(check.found) <= check.allowed)
            drowned = drowned | (check.applies & lost)
    return drowned


def _backward(
    xp: Any, case: Case, layers: Sequence[LayerGradient], preacts: Sequence[Preacts]
) -> Checks:
    """Checks the output and the chain."""
    rounding, last = case.rounding, layers[-1]
    exact = output_rule(xp, case, preacts[-1], last.delta)
    checks = [exact._replace(allowed=last.beside_print(exact.allowed, rounding))]
    silent = unproved_output(xp, exact.allowed, checks[0], last, rounding)
    at_kink = xp.zeros(case.y.shape[-1], bool)
    units = slopes = xp.zeros(case.y.shape[-1])
    above = best_known(xp, exact, last, at_kink)
    for i in range(len(layers) - 2, -1, -1):
        layer = layers[i]
        exact, proved, kinks = chain_rule(xp, case, i, above, layers, preacts[i])
        checks.append(exact._replace(allowed=layer.beside_print(exact.allowed, rounding)))
        # Something comes down from above, and yet delta is 0 without a proof.
        passed_on = layers[i + 1].alive
        if layers[i + 1].delta_hidden is not None:
            passed_on = passed_on | (xp.max(above.error, axis=0) > 0)
        silent = silent | (passed_on & ~layer.alive & ~proved)
        at_kink = at_kink | ~every(xp, ~kinks.at)
        units, slopes = units + kinks.units, slopes + kinks.slopes
        above = best_known(xp, exact, layer, kinks.at)
    return Checks(tuple(checks), silent, at_kink, units, slopes)


def ratios(check: Check, xp: Any = np) -> Array:
    """Returns |found - expected| / allowed, [..., N]; at most 1 where the rule holds."""
    distance = xp.where(check.applies, xp.abs(check.found - check.expected), 0.0)
    # XLA on a CPU is slow where it fuses a reduction with what comes before; a selection stops it.
    with np.errstate(over="ignore"):  # of what has to be 0 exactly, next to nothing is allowed
        return xp.where(distance > 0, distance / check.allowed, 0.0)


def largest_ratios(check: Check, xp: Any = np) -> Array:
    """Returns the largest of the ratios of every sample, [N]."""
    of_unit = check.of_unit
    if xp is np or of_unit is None or check.found.shape[1] == 1:
        by_entry = ratios(check, xp)
        if xp is not np:
            return xp.max(by_entry, axis=tuple(range(by_entry.ndim - 1)))
        while by_entry.ndim > 1:  # of few samples several axes at once take NumPy 30 times as long
            by_entry = by_entry.max(axis=0)
        return by_entry
    start = xp.zeros((check.found.shape[0], check.found.shape[-1]))
    largest = over_units(lambda j, top: xp.maximum(top, ratios(of_unit(j), xp)), start, check.found)
    # no ratio is negative: the selection is there for XLA, as in `ratios`
    return xp.max(xp.where(largest < 0, 0.0, largest), axis=0)
