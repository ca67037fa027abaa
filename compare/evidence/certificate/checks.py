"""A gradient that proves itself: local checks with rounding bounds that do not grow with depth.

At batch size 1 every block of an MLP's gradient is rank one: db_l is delta_l, and
dw_l = outer(h_{l-1}, delta_l). So a gradient alone holds its whole forward and backward trace, and
every layer can be held against its neighbours, one implementation at a time, trusting none:

    rank_one    dw_l = outer(h_{l-1}, delta_l), with h_{l-1} recovered by projection,
                dw_l delta_l / (delta_l . delta_l)
    input       h_0 = x
    activation  h_l = phi(z_l), z_l = h_{l-1} w_l + b_l
    output      delta_L = dL/dyhat, yhat = z_L
    chain       delta_l = (w_{l+1} delta_{l+1}) * phi'(z_l)

Each within the rounding of its own few operations: a dot product of n terms and a bias is right to
gamma_{n+1} = (n+1) u / (1 - (n+1) u) of the sum of its magnitudes (Higham, Accuracy and Stability
of Numerical Algorithms, section 3.1), and lam, the smallest normal number, is allowed wherever a
library may flush to zero.

Where delta_l is 0 there is nothing to recover h_{l-1} from; z_l then comes from a float64 forward
pass with a running bound, and the zero is certified if that pass proves it, else the sample is
silent. Where a ReLU's sign is within its rounding error both its slopes are admitted, and the
sample is counted at_kink.

Where a gradient was read from print, what print hides of every entry is allowed besides; a zero is
then proved if the right value is less than a unit of print.

Shape letters: N samples, n_l units of layer l. The sample axis is last here, so that every
operation runs over long rows of samples; `proof.certify` takes it leading.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.case import Array, Case
from compare.evidence.certificate.recovered import Trace, trace_forward
from compare.evidence.certificate.rules import (
    Check,
    Layer,
    activation_rule,
    best_known,
    chain_rule,
    every,
    input_rule,
    make_layer,
    output_rule,
    rank_one_rule,
    unproved_output,
)


class Checks(NamedTuple):
    """All that was found for N samples."""

    checks: tuple[Check, ...]
    silent: Array  # [N] bool: a zero that is neither proved nor disproved
    at_kink: Array  # [N] bool


def check_gradients(case: Case, xp: Any = np) -> Checks:
    """Holds the gradients of a case, all of it finite and in float64, against the rules.

    Args:
      case: N samples.
      xp: numpy, or jax.numpy with x64.

    Returns:
      The checks, ordered as data flows: forward, output, backward.
    """
    rounding, activations = case.rounding, case.activations
    layers = [
        make_layer(xp, *pair, case.printed_layer(i), rounding) for i, pair in enumerate(case.grads)
    ]
    recovered = [(layer.h, layer.h_error) for layer in layers]
    far = 64.0 if case.printed is None else 1.0  # print leaves less of h than a forward pass knows
    known = [layer.known for layer in layers]
    trace = trace_forward(xp, case.params, case.x, recovered, known, activations, rounding, far=far)

    checks = []
    for i, layer in enumerate(layers):
        if i == 0:
            below = input_rule(xp, layer, case.x, rounding)
        else:
            phi = activations[i - 1]
            below = activation_rule(xp, layer, trace[i - 1], phi, f"w{i + 1}", rounding)
        checks += [rank_one_rule(layer, below, xp, rounding), below]
    backward, silent, at_kink = _backward(xp, case, layers, trace)
    return Checks((*checks, *backward), silent, at_kink)


def _backward(
    xp: Any, case: Case, layers: Sequence[Layer], trace: Sequence[Trace]
) -> tuple[list[Check], Array, Array]:
    """Returns the checks of output and chain, silent [N] and at_kink [N]."""
    rounding, last = case.rounding, layers[-1]
    exact = output_rule(xp, trace[-1], case.y, last.delta, case.loss, f"b{len(layers)}", rounding)
    checks = [exact._replace(allowed=last.beside_print(exact.allowed, rounding))]
    silent = unproved_output(xp, exact.allowed, checks[0], last, rounding)
    at_kink = xp.zeros(case.y.shape[-1], bool)
    above = best_known(xp, exact, last.delta_hidden, at_kink)
    for i in range(len(layers) - 2, -1, -1):
        layer, phi = layers[i], case.activations[i]
        exact, proved, kink = chain_rule(
            xp, case.params[i + 1][0], above, layer, trace[i], phi, f"b{i + 1}", rounding
        )
        checks.append(exact._replace(allowed=layer.beside_print(exact.allowed, rounding)))
        passed_on = layers[i + 1].alive
        if above.error is not None:
            passed_on = passed_on | (xp.max(above.error, axis=0) > 0)
        silent = silent | (passed_on & ~layer.alive & ~proved)
        at_kink = at_kink | ~every(xp, ~kink)
        above = best_known(xp, exact, layer.delta_hidden, kink)
    return checks, silent, at_kink


def ratios(check: Check, xp: Any = np) -> Array:
    """Returns |found - expected| / allowed, [..., N]; at most 1 where the rule holds."""
    distance = xp.where(check.applies, xp.abs(check.found - check.expected), 0.0)
    # XLA on CPU lets a reduction run the operations before it, slowly, but not past a selection.
    return xp.where(distance > 0, distance / check.allowed, 0.0)
