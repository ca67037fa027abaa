"""delta of layers that have no bias, and so no dL/db that would be delta.

There dw = outer(h, delta) alone gives both only up to a scale. But h is known without it: h_0 is x,
and h_l is phi(z_l) of the layers below, whose h is recovered in direction from dw and in scale from
what is below in turn. delta is then what dw is projected on h:

    delta_j = sum_i dw_ij h_i / |h|^2

With h off by e, |e_i| <= e_i, and every dw_ij off by r of itself, delta is off by a share of

    q = sum_i e_i |h_i| / |h|^2 + r sum_i (|h_i| + e_i) |h_i| / |h|^2,

and that is treated as what print hides of a number. The rules stay what they are: rank_one is as
strong as with a bias, and h keeps its direction.

Shape letters: N samples, n_in and n_out units below and above the weights.
"""

import dataclasses

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import activate, affine
from compare.evidence.certificate.recovery import penalty_rounding, recover_layer

_UNKNOWN = 1e30  # in place of infinity, which a zero would turn into NaN


def with_deltas(case: Case) -> Case:
    """Returns the case with delta in place of every dL/db that the network has not.

    What is not known of it stands in `printed`, for the rounding that the case has.
    """
    if all(map(case.network.has_bias, range(case.network.n_layers))):
        return case
    with np.errstate(all="ignore"):  # what overflows is not known
        return _with_deltas(case)


def _with_deltas(case: Case) -> Case:
    network = case.network
    wide, rounding = case.wide(), case.rounding
    grads, units = [], []
    h, h_error = wide.x, rounding.input_error(np, wide.x)
    printed = case.printed or tuple(
        (np.zeros(dw.shape), np.zeros(db.shape)) for dw, db in case.grads
    )
    for i, (dw, db) in enumerate(wide.grads):
        lost = penalty_rounding(np, dw, wide.params[i][0], wide)
        of_w, of_b = printed[i]
        if not network.has_bias(i):
            hidden = of_w if lost is None else of_w + lost
            db, of_b = _delta(dw, h, h_error, hidden, rounding.outer, rounding.lam)
        grads.append((case.grads[i][0], db))
        units.append((of_w, of_b))
        if i + 1 < network.n_layers:
            found = recover_layer(np, dw, db, (of_w, of_b), lost, None, rounding)
            h = np.where(found.known, found.h, h)
            h_error = np.where(found.known, found.h_error, h_error)
            preacts = affine(np, h, h_error, *wide.params[i], rounding)
            h, h_error = activate(np, preacts, wide.activations[i], rounding)
    return dataclasses.replace(case, grads=tuple(grads), printed=tuple(units))


def _delta(
    dw: np.ndarray, h: np.ndarray, h_error: np.ndarray, hidden: np.ndarray, outer: float, lam: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns delta [n_out, N] and half of what is not known of it, as of print.

    Where h is less than its own error, nothing is known: delta is 0 or anything else.

    Args:
      dw: [n_in, n_out, N].
      h: [n_in, N].
      h_error: [n_in, N].
      hidden: of dw, by print and beside a penalty, [n_in, n_out, N].
      outer: the rounding of an entry of dw, relative to it.
      lam: what may be flushed to zero.
    """
    largest = np.abs(h).max(axis=0)
    alive = largest > 0
    largest = np.where(alive, largest, 1.0)
    unit, error = h / largest, h_error / largest  # no square of them underflows
    size, norm = np.abs(unit), np.maximum((unit * unit).sum(axis=0), 1.0)
    delta = (dw * unit[:, None]).sum(axis=0) / norm / largest
    share = ((error + outer * (size + error)) * size).sum(axis=0) / norm
    flushed = ((hidden + lam) * size[:, None]).sum(axis=0) / norm / largest
    off = (np.abs(delta) * share + flushed) / np.maximum(1 - share, 0.01)
    known = alive & (share < 0.5) & np.isfinite(delta)
    return np.where(known, delta, 0.0), np.where(known, off, _UNKNOWN)
