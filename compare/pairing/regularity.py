"""Positions that follow from others, as those of a row do from the rows beside it.

Of an array that is made by slicing, joining and permuting axes, each position is a sum of numbers,
one for the index along each axis. So the positions that are known tell the others.
"""

import numpy as np

_FEW = 64  # lines along an axis that are looked at
_ENOUGH = 0.9  # of the known positions, that have to follow the rule
_NONE = np.iinfo(np.int64).max


def completed(known: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Fills in the positions that follow from the known ones.

    Args:
      known: integers, one for each entry of an array; -1 where it is not known.
      starts: where the arrays start that positions are counted through.

    Returns:
      Positions that follow the rule; those that were known, where there is none.
    """
    if not known.size or np.all(known < 0):
        return known
    made = _sums(known)
    follow = np.count_nonzero((made == known) & (known >= 0))
    if follow >= _ENOUGH * np.count_nonzero(known >= 0):
        return made
    for axis in range(known.ndim):
        cuts = _cuts(known, axis, starts)
        if cuts.size:
            parts = np.split(known, cuts, axis)
            return np.concatenate([completed(part, starts) for part in parts], axis)
    return known


def is_regular(known: np.ndarray) -> bool:
    """Whether the known positions are sums of one number for each axis."""
    return bool(np.all((_sums(known) == known) | (known < 0)))


def _sums(known: np.ndarray) -> np.ndarray:
    """Returns the sums of one number for each axis that come nearest to what is known."""
    made = np.zeros((1,) * known.ndim, np.int64)
    for axis in range(known.ndim):
        steps = _steps(_lines(known, axis))
        made = made + steps.reshape([-1 if k == axis else 1 for k in range(known.ndim)])
    rest = (known - made)[known >= 0]
    return made + np.sort(rest)[rest.size // 2]


def _lines(known: np.ndarray, axis: int) -> np.ndarray:
    """Returns some lines along an axis, [length, few]."""
    lines = np.moveaxis(known, axis, 0).reshape(known.shape[axis], -1)
    return lines[:, np.linspace(0, lines.shape[1] - 1, min(lines.shape[1], _FEW), dtype=np.int64)]


def _steps(lines: np.ndarray) -> np.ndarray:
    """Returns how much further each slice is than one of which most is known; [length]."""
    base = lines[np.argmax(np.count_nonzero(lines >= 0, axis=1))]
    both = (lines >= 0) & (base >= 0)
    steps = _middle(np.where(both, lines - base, _NONE), np.count_nonzero(both, axis=1))
    (there,) = np.nonzero(steps != _NONE)
    if not there.size:
        return np.arange(steps.size)
    last = there[np.maximum(np.searchsorted(there, np.arange(steps.size), "right") - 1, 0)]
    pace = (steps[there[1]] - steps[there[0]]) // (there[1] - there[0]) if there.size > 1 else 1
    return steps[last] + (np.arange(steps.size) - last) * pace


def _middle(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns the middle one of the first `counts` of each sorted row."""
    return np.sort(values, axis=1)[np.arange(len(values)), np.maximum(counts - 1, 0) // 2]


def _cuts(known: np.ndarray, axis: int, starts: np.ndarray) -> np.ndarray:
    """Returns at which slices along an axis another array begins; none if slices mix them."""
    slices = np.moveaxis(known, axis, 0).reshape(known.shape[axis], -1)
    of = np.where(slices >= 0, np.searchsorted(starts, slices, "right") - 1, _NONE)
    counts = np.count_nonzero(slices >= 0, axis=1)
    lowest = np.sort(of, axis=1)
    rows = np.arange(len(of))
    low, high = lowest[rows, counts // 8], lowest[rows, np.maximum(7 * counts // 8 - 1, 0)]
    if np.any((counts > 2) & (low != high)):
        return np.empty(0, np.int64)
    (there,) = np.nonzero(counts > 0)
    return there[1:][np.diff(low[there]) != 0]
