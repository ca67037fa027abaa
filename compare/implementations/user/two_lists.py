"""Two pairs of arrays, which may be two layers or all dw and all db.

Of a network of two layers with one output, dw2 is a column, as db1 may be. Then both readings have
the expected shapes, and the numbers decide: dw1 is x times dL/db1, so its rows are multiples of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.layouts import in_layout

Pairs = list[tuple[Any, Any]]

_ALIKE = 1e-4  # of dw1, squared: 1 % of its size, more than bfloat16 makes of a multiple


def likelier(
    leaves: list[np.ndarray],
    returned: Any,
    read: Callable[[Pairs], list[np.ndarray]],
    layout: str,
) -> list[np.ndarray]:
    """Returns what was read as two layers, or as all dw and all db if the numbers fit that alone.

    Args:
      leaves: dw1, db1, dw2, db2 as two layers, in expected shapes.
      returned: what they were read from.
      read: reads pairs; raises UsageError for other shapes.
      layout: of dw.
    """
    others = _other_pairs(returned)
    if others is None:
        return leaves
    try:
        found = read(others)
    except UsageError:
        return leaves
    first, second = (_apart(in_layout(one[0], layout), one[1]) for one in (leaves, found))
    return found if second < _ALIKE <= first else leaves


def _other_pairs(returned: Any) -> Pairs | None:
    if not isinstance(returned, Sequence) or len(returned) != 2:
        return None
    if not all(isinstance(one, list | tuple) and len(one) == 2 for one in returned):
        return None
    (first_w, second_w), (first_b, second_b) = returned
    return [(first_w, first_b), (second_w, second_b)]


def _apart(dw: np.ndarray, db: np.ndarray) -> float:
    """Says how far rows of dw [..., n_in, n_out] are from multiples of db [..., n_out]."""
    dw, db = dw.astype(np.float64), db.astype(np.float64)
    with np.errstate(all="ignore"):
        squared = (db * db).sum(axis=-1)[..., None]
        h = (dw @ db[..., None])[..., 0] / np.where(squared > 0, squared, 1.0)
        apart = np.square(dw - h[..., None] * db[..., None, :]).sum()
        size = np.square(dw).sum()
    return float(apart / size) if size > 0 and np.isfinite(apart) else 0.0
