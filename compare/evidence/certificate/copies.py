"""How far two computations of one value may be apart within one program.

XLA compiles for a GPU kernel by kernel, and a kernel may compute anew what it needs: delta once for
dL/db and once for dL/dw, h once for dL/dw and once for the next layer. Such copies differ where
there is a sum in them, which one kernel adds up in order and another in pairs. A sum into one unit,
from the layer below or above, is written out as products and additions, and copied; a wider product
of matrices is computed once, and stored. So copies differ beside a hidden layer of one unit, and on
from there to the next wider product. The sum into a single output is copied only if a few samples
of a small network are computed together; a run takes thousands, and that is not allowed for.

Both copies keep the rule of their value. If their inputs are within e / 2 of one and the same
value, both are within what the rule allows for an error of e / 2 in its inputs, and apart by twice
that at most. Values for it come from a forward pass in float64, and no copy is further from that
than its running error. Products in reduced precision and the low dtypes need none of it: their
rules allow for far more than another order of a float32 sum.

The sample axis is last. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from compare.evidence.certificate.activations import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import Preacts, activate, affine
from compare.evidence.certificate.kinks import find_kinks
from compare.evidence.certificate.recovery import Apart, recover_layers
from compare.evidence.certificate.rules import Delta, pass_down, product_error
from compare.evidence.certificate.slopes import slope_of


class _Layer(NamedTuple):
    """The forward pass of one layer, with half of how far copies may be apart."""

    h: Array  # its input, [n_in, N]
    half_h: Array
    preacts: Preacts  # with its running error, [n_out, N]
    half_z: Array
    is_copied: bool  # whether copies of z may differ


def copies_apart(xp: Any, case: Case) -> list[Apart] | None:
    """Returns how far copies of h_{l-1} and of delta_l may be apart, for each layer.

    Args:
      xp: numpy or jax.numpy.
      case: in float64.

    Returns:
      None if no copies can differ: there is no hidden layer of one unit, or nothing is added up, or
      the arithmetic is not that of float32 or float64.
    """
    is_full = case.rounding.arithmetic.is_plain and not case.rounding.arithmetic.is_low
    is_narrow = any(len(b) == 1 for _, b in case.params[:-1])
    if not (is_full and is_narrow and any(w.size > 1 for w, _ in case.params)):
        return None
    layers = _forward(xp, case)
    twice = 2 * case.rounding.slack
    return [
        Apart(twice * layer.half_h, twice * half_delta)
        for layer, half_delta in zip(layers, _backward(xp, case, layers), strict=True)
    ]


def _is_copied(terms: int, results: int, *, of_copies: bool) -> bool:
    """Returns whether copies of a product may differ: it is written out, and a sum or of copies."""
    return min(terms, results) == 1 and (of_copies or terms > 1)


def _forward(xp: Any, case: Case) -> list[_Layer]:
    rounding, layers = case.rounding, []
    h, h_error = case.x, rounding.input_error(xp, case.x)
    half_h, is_copied = xp.zeros_like(h), False
    for (w, b), phi in zip(case.params, (*case.activations, None), strict=True):
        preacts = affine(xp, h, h_error, w, b, rounding)
        # the sum into a single output is left out
        is_copied = (phi is not None or is_copied) and _is_copied(*w.shape, of_copies=is_copied)
        half_z = xp.zeros_like(preacts.z)
        if is_copied:
            half_z = affine(xp, h, half_h, w, b, rounding).error
        layers.append(_Layer(h, half_h, preacts, half_z, is_copied))
        if phi is None:
            break
        half_h = xp.zeros_like(preacts.z)
        if is_copied:
            copied = Preacts(preacts.z, half_z)
            half_h = activate(xp, copied, phi, rounding, reach=preacts.error)[1]
        h, h_error = activate(xp, preacts, phi, rounding)
    return layers


def _backward(xp: Any, case: Case, layers: Sequence[_Layer]) -> list[Array]:
    """Returns half of how far copies of delta may be apart, [n_l, N] of each layer."""
    rounding, last, delta = case.rounding, layers[-1], case.grads[-1][1]
    half, is_copied = xp.zeros_like(delta), last.is_copied
    if is_copied:
        exact, z = xp.zeros_like(case.y), last.preacts.z
        half = case.loss.slope_error(xp, z, case.y, last.half_z, exact, rounding)
        half = half + rounding.u * xp.abs(delta) + 6 * rounding.lam
    halves, gradients = [half], recover_layers(xp, case)
    for i in range(len(layers) - 2, -1, -1):
        (w, _), layer, above = case.params[i + 1], layers[i], layers[i + 1]
        s, half_s = pass_down(xp, w, Delta(case.grads[i + 1][1], half), rounding)
        sum_is_copied = _is_copied(*w.shape[::-1], of_copies=is_copied)
        half_s = half_s if sum_is_copied else xp.zeros_like(s)
        is_copied = sum_is_copied or layer.is_copied
        half = xp.zeros_like(s)
        if is_copied:
            phi, copied = case.activations[i], Preacts(layer.preacts.z, layer.half_z)
            value = gradients[i + 1]._replace(h=above.h, h_error=above.half_h)
            slope = slope_of(xp, phi, copied, value, rounding, reach=layer.preacts.error)
            half = product_error(xp, Delta(s, half_s), slope, rounding)
            if layer.is_copied and phi.has_kink:
                at = find_kinks(xp, phi, layer.preacts, (s, half_s), s).at
                half = xp.where(at, xp.abs(s) + half_s, half)
        halves.insert(0, half)
    return halves
