"""The smallest change of a single entry that the certificate is sure to see.

If an entry of a certified gradient moves by c, the residual of a rule that reads it moves by c
times a known factor; the rule breaks once that exceeds what is allowed plus what rounding has used:

    dw[i, j]  rank_one there, by 1 - q_j with q_j = delta_j^2 / |delta|^2, or the rule of the
              recovered h_i, which moves by delta_j / |delta|^2
    db[j]     rank_one in column j, by |h_i| (1 - q_j); the rule of h_i, by |h_i| delta_j over
              |delta|^2; or the rule of delta_j itself, unless z, recovered with it, moves along

With one output q is 1 and rank_one sees nothing: there the rule of h speaks alone.

Of a gradient read from print the allowances themselves move with an entry, by up to 3 p of what h
moves, p being the share of h in doubt (`printed.doubt`); and of a change in db by more than a
twentieth of the largest entry nothing is said, since all this is of first order in db.
"""

from collections.abc import Mapping

import ml_dtypes
import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients
from compare.evidence.certificate.printed import doubt
from compare.evidence.certificate.rules import Check
from compare.evidence.rounding.print_rounding import hidden_by_print

_MARGIN = 1.01  # allowances grow a little with the entry that is changed
MOST_SAMPLES = 32


def detectable_ulp(case: Case) -> dict[str, float]:
    """Finds, for every parameter, the change in ulp that no entry of these samples could hide.

    Entries below the smallest normal number, which have no ulp to speak of, are left out. It costs
    a few times what the certificate does: MOST_SAMPLES are plenty.

    Args:
      case: samples whose gradients are finite.

    Returns:
      Parameter -> ulp, infinite where an entry could change unseen.
    """
    case = case.wide()
    rounding, dtype = case.rounding, case.rounding.arithmetic.dtype
    found = check_gradients(case)
    limits = {(c.rule, c.parameter): _limit(c) for c in found.checks}
    detectable = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i, (dw, db) in enumerate(case.grads):
            w, b = f"w{i + 1}", f"b{i + 1}"
            seen = 1.0  # share of a move of h that allowances do not follow
            if case.printed is not None:
                hidden = hidden_by_print(np, db, case.printed[i][1], u=rounding.u, lam=rounding.lam)
                seen = np.maximum(1 - 3 * doubt(np, db, hidden), 0)
            h_limit = limits[("activation" if i else "input", w)]
            size, norm = np.abs(db), np.maximum((db * db).sum(axis=0), 1e-300)
            h = np.abs((dw * db).sum(axis=1)) / norm
            unseen = np.maximum(seen - db * db / norm, 0)  # 1 - q
            slide = norm / size  # |delta|^2 / delta_j
            by_rank = limits[("rank_one", w)] / unseen
            by_h = (h_limit / seen)[:, None] * slide
            detectable[w] = _largest_in_ulp(np.fmin(by_rank, by_h), dw, dtype)

            change = np.fmin(by_rank, by_h) / h[:, None]
            change = np.where(np.isnan(change), np.inf, change).min(axis=0)
            change = np.fmin(change, _by_own_rule(limits, case, i, h))
            if case.printed is not None:
                change = np.where(change > size.max(axis=0) / 20, np.inf, change)
            detectable[b] = _largest_in_ulp(change, db, dtype)
    return detectable


def _by_own_rule(
    limits: Mapping[tuple[str, str], np.ndarray], case: Case, i: int, h: np.ndarray
) -> np.ndarray:
    """The change of db that the rule of delta_l itself sees, unless z moves along; [n_l, N]."""
    db = case.grads[i][1]
    size, norm = np.abs(db), np.maximum((db * db).sum(axis=0), 1e-300)
    reach = np.abs(case.params[i][0]).T @ h
    if i + 1 == len(case.grads):
        drag = case.loss.curvature * reach * size / norm
        own = limits[("output", f"b{i + 1}")]
    else:
        s = np.abs(case.params[i + 1][0] @ case.grads[i + 1][1])
        drag = s * case.activations[i].largest_curvature * reach * size / norm
        own = limits[("chain", f"b{i + 1}")]
    return np.where(drag < 0.5, own / (1 - drag), np.inf)


def _limit(check: Check) -> np.ndarray:
    """How far an entry may move before its rule surely breaks."""
    return np.where(check.applies, check.allowed + np.abs(check.found - check.expected), np.inf)


def _largest_in_ulp(change: np.ndarray, values: np.ndarray, dtype: np.dtype) -> float:
    normal = np.abs(values) >= float(ml_dtypes.finfo(dtype).smallest_normal)
    if not normal.any():
        return 0.0
    spacing = np.spacing(np.abs(values[normal]).astype(dtype)).astype(np.float64)
    return float(np.max(_MARGIN * change[normal] / spacing)) + 1
