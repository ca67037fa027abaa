"""The smallest change of a single entry that the certificate is sure to detect.

If an entry of a certified gradient changes by c, then found - expected of a rule that reads it
changes by c times a known factor. The rule fails once that exceeds what is allowed plus what
rounding has used already:

    dw[i, j]  is read by rank_one there, with the factor 1 - q_j, q_j = delta_j^2 / |delta|^2, and
              by the rule of the recovered h_i, with delta_j / |delta|^2
    db[j]     is read by rank_one in column j, with |h_i| (1 - q_j); by the rule of h_i, with
              |h_i| delta_j / |delta|^2; and by the rule of delta_j itself, unless z, which is
              recovered from it, changes too

In a layer of one unit q is 1 and rank_one detects nothing: only the rule of h counts. Where z is at
a kink, the rule of delta_j admits all between 0 and what comes down, and detects nothing.

In float64 the rules are themselves evaluated with errors as large as those they allow for, which is
why all that they allow is doubled (`rounding.rounding_of`). found - expected is then off by up to
half of what is allowed, before the change and after it.

If the gradient was read from print, the allowances change with an entry too, by up to 3 p of the
change of h, where p is the share of h in doubt (`recovery.doubt`). And since all this is of first
order in db, nothing is claimed of a change in db by more than a twentieth of the largest entry.
"""

from collections.abc import Mapping
from typing import TypeAlias

import ml_dtypes
import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients
from compare.evidence.certificate.forward import trace_preacts
from compare.evidence.certificate.recovery import doubt, recover_layers
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.certificate.rules import Check
from compare.evidence.differences.ulp import ulp_distance
from compare.evidence.rounding.print_rounding import hidden_by_print

_MARGIN = 1.01  # allowances grow a little with the entry that is changed
MOST_SAMPLES = 32

Limits: TypeAlias = Mapping[tuple[str, str], np.ndarray]  # (rule, parameter) -> see `_limit`


def detectable_ulp(
    case: Case, counted_in: np.dtype | None = None, *, times: float = 1.0
) -> dict[str, float]:
    """Returns the change in ulp that would be detected in every entry of these samples.

    Entries below the smallest normal number are left out: an ulp means little there. It takes
    a few times as long as the certificate, so it is meant for MOST_SAMPLES at most.

    Args:
      case: samples whose gradients are finite.
      counted_in: the dtype whose ulps are counted; None for that of the case's arithmetic.
      times: by how much a rule has to be broken, in units of what it allows.

    Returns:
      Parameter -> ulp; infinite if an entry could change undetected.
    """
    case = case.wide()
    dtype = counted_in or case.rounding.arithmetic.dtype
    rounding = case.rounding
    limits = {
        (c.rule, c.parameter): _limit(c, rounding, times) for c in check_gradients(case).checks
    }
    detectable = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i, (dw, db) in enumerate(case.grads):
            of_dw, of_db = _detected(limits, case, i)
            whole = dw + case.network.l2 * case.params[i][0][..., None]
            detectable[f"w{i + 1}"] = _largest_in_ulp(of_dw, whole, dtype)
            if case.network.has_bias(i):
                detectable[f"b{i + 1}"] = _largest_in_ulp(of_db, db, dtype)
    return detectable


def _detected(limits: Limits, case: Case, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the least changes of dw and of db of layer i, from 0, that a rule detects."""
    (dw, db), w, rounding = case.grads[i], f"w{i + 1}", case.rounding
    seen = 1.0  # the share of a change of h that allowances do not follow
    if case.printed is not None:
        hidden = hidden_by_print(np, db, case.printed[i][1], u=rounding.u, lam=rounding.lam)
        seen = np.maximum(1 - 3 * doubt(np, db, hidden), 0)
    h_limit = limits[("activation" if i else "input", w)]
    size, norm = np.abs(db), np.maximum((db * db).sum(axis=0), 1e-300)
    h = np.abs((dw * db).sum(axis=1)) / norm

    # dw: by rank_one, or by the rule of h.
    unseen = np.maximum(seen - db * db / norm, 0)  # 1 - q
    slide = norm / size  # |delta|^2 / delta_j
    by_rank = limits[("rank_one", w)] / unseen
    by_h = (h_limit / seen)[:, None] * slide
    of_dw = np.fmin(by_rank, by_h)

    # db: by the same rules at any of its dw, or by its own.
    of_db = of_dw / h[:, None]
    of_db = np.where(np.isnan(of_db), np.inf, of_db).min(axis=0)
    of_db = np.fmin(of_db, _by_own_rule(limits, case, i, np.abs(case.params[i][0]).T @ h))
    if case.printed is not None:
        of_db = np.where(of_db > size.max(axis=0) / 20, np.inf, of_db)
    if not case.network.has_bias(i):
        of_dw = _without_bias(limits, case, i, of_dw, h)
    return of_dw, of_db


def _without_bias(
    limits: Limits, case: Case, i: int, of_dw: np.ndarray, h: np.ndarray
) -> np.ndarray:
    """Returns the change of dw that is detected where delta is what dw is projected on h.

    A change c of dw_ij changes delta_j too, by c h_i / |h|^2. That leaves rank_one and the rule of
    h a share 1 - h_i^2 / |h|^2 of it, and the rule of delta_j sees the rest. h, and so z_j, moves
    by up to |h|^2 / h_i at h_i beside what it moves by with a bias.
    """
    norm = np.maximum((h * h).sum(axis=0), 1e-300)
    unseen = np.maximum(1 - h * h / norm, 0)
    slide = norm / h  # of a change of dw_ij to one of delta_j
    size = np.abs(case.params[i][0])
    reach = size.T @ h + size[..., None] * slide[:, None]
    own = np.stack([_by_own_rule(limits, case, i, each) for each in reach])
    own = np.where(own > np.abs(case.grads[i][1]).max(axis=0) / 20, np.inf, own)
    return np.fmin(of_dw / unseen[:, None], own * slide[:, None])


def _by_own_rule(limits: Limits, case: Case, i: int, reach: np.ndarray) -> np.ndarray:
    """Returns the change of db that the rule of delta itself detects, [n_l, N].

    Args:
      limits: of all rules.
      case: in float64.
      i: the layer.
      reach: how far z moves where all of h does, [n_l, N].
    """
    db = case.grads[i][1]
    size, norm = np.abs(db), np.maximum((db * db).sum(axis=0), 1e-300)
    if i + 1 == len(case.grads):
        moved = reach.max(axis=0) if case.loss.is_mixed else reach
        drag = case.loss.curvature(case.y) * moved * size / norm
        own = limits[("output", f"b{i + 1}")]
    else:
        s = np.abs(case.params[i + 1][0] @ case.grads[i + 1][1])
        drag = s * case.activations[i].largest_curvature * reach * size / norm
        own = limits[("chain", f"b{i + 1}")]
        own = np.where(_at_kink(case, i, moved=own * reach * size / norm), np.inf, own)
    return np.where(drag < 0.5, own / (1 - drag), np.inf)


def _at_kink(case: Case, i: int, *, moved: np.ndarray) -> np.ndarray:
    """Returns where the rule of delta admits any slope once z has moved so far, [n_l, N] bool."""
    z, error = trace_preacts(np, case, recover_layers(np, case))[i]
    near = np.zeros(z.shape, bool)
    for kink in case.activations[i].kinks:
        near |= kink.is_near(np, z, error + moved, case.rounding.u)
    return near


def _limit(check: Check, rounding: Rounding, times: float) -> np.ndarray:
    """Returns how far an entry may move before its rule is sure to be broken by so much."""
    evaluated = check.allowed if rounding.arithmetic.dtype == np.float64 else 0.0
    used = np.abs(check.found - check.expected) + evaluated
    return np.where(check.applies, times * check.allowed + used, np.inf)


def _largest_in_ulp(change: np.ndarray, values: np.ndarray, dtype: np.dtype) -> float:
    """Counts the numbers of the dtype in the largest of the changes.

    Towards 0, where they lie closer: below a power of two, at half the distance.
    """
    normal = np.abs(values) >= float(ml_dtypes.finfo(dtype).smallest_normal)
    if not normal.any():
        return 0.0
    size, moved = np.abs(values[normal]), _MARGIN * change[normal]
    if not np.isfinite(moved).all():
        return np.inf
    return float(np.max(ulp_distance(size, size - moved, dtype))) + 1  # the farther end is rounded
