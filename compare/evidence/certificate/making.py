"""How a case is made, and made again for another way to compute its gradients."""

import dataclasses

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.missing_biases import with_deltas
from compare.evidence.certificate.rounding import rounding_of
from compare.evidence.certificate.rungs import Rung
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.problem.axes import layers_last, samples_last
from compare.problem.network import Network


def make_case(
    network: Network,
    params: Layers,
    x: np.ndarray,
    y: np.ndarray,
    grads: Layers,
    *,
    arithmetic: Arithmetic | None = None,
    printed: Layers | None = None,
) -> Case:
    """Makes a case of arrays whose sample axis is first.

    Args:
      network: that is differentiated.
      params: (w [n_in, n_out], b [n_out]) per layer; if their dtype is wider than that of grads,
        they and the samples were rounded on their way in.
      x: [N, d].
      y: [N, k].
      grads: (dw [N, n_in, n_out], db [N, n_out]) per layer. Where the network has a penalty, the
        case holds dw - lambda w in float64, which is what the rules are of. Where a layer has no
        bias, its db is not looked at.
      arithmetic: in which grads were computed; None if every operation is of their dtype.
      printed: if grads were read from print, half a unit of the last digit of every entry, in the
        shapes of grads; 0 where a number is exact.
    """
    rounding = rounding_of(arithmetic or plain_arithmetic(grads[0][1].dtype), params[0][1].dtype)
    units = None if printed is None else layers_last(printed)
    of_data = _data_part(network, params, layers_last(grads))
    made = Case(
        tuple((w, b) for w, b in params),
        samples_last(x),
        samples_last(y),
        of_data,
        units,
        network,
        rounding,
        is_print=printed is not None,
        returned=grads[0][1].dtype.name,
    )
    return with_deltas(made)


def _data_part(network: Network, params: Layers, grads: Layers) -> Layers:
    """Returns gradients, sample axis last, without the slope lambda w of the penalty."""
    if not network.l2:
        return grads
    penalties = [network.l2 * np.asarray(w, np.float64)[..., None] for w, _ in params]
    return tuple((dw - slope, db) for (dw, db), slope in zip(grads, penalties, strict=True))


def on_rung(case: Case, rung: Rung) -> Case:
    """Returns the same gradients, computed as a rung says; the case is not widened yet."""
    rounding = rounding_of(rung.arithmetic, case.params[0][1].dtype)
    found = dataclasses.replace(
        case, rounding=rounding, is_textbook=rung.is_textbook, is_mixed=rung.is_mixed
    )
    return with_deltas(found)
