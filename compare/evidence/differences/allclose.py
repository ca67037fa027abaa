"""What `torch.allclose` and its like would say: shown beside the verdict, and no part of it.

Their rule is |a - b| <= atol + rtol |b| in every entry, with the default tolerances of each tool.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

import numpy as np


class AllcloseRule(NamedTuple):
    """The default tolerances of a tool."""

    rtol: float
    atol: float
    equal_nan: bool  # whether NaN on both sides passes


_DTYPES = ("bfloat16", "float16", "float32", "float64")
# torch.testing chooses by dtype; the others have one default.
_TORCH_TESTING = (
    AllcloseRule(1.6e-2, 1e-5, False),
    AllcloseRule(1e-3, 1e-5, False),
    AllcloseRule(1.3e-6, 1e-5, False),
    AllcloseRule(1e-7, 1e-7, False),
)
RULES: MappingProxyType[str, MappingProxyType[str, AllcloseRule]] = MappingProxyType(
    {
        name: MappingProxyType(dict(zip(_DTYPES, tolerances, strict=True)))
        for name, tolerances in (
            ("torch.allclose", (AllcloseRule(1e-5, 1e-8, False),) * 4),
            ("torch.testing.assert_close", _TORCH_TESTING),
            ("numpy.testing.assert_allclose", (AllcloseRule(1e-7, 0, True),) * 4),
            ("chex.assert_trees_all_close", (AllcloseRule(1e-6, 0, True),) * 4),
        )
    }
)


class AllcloseResult(NamedTuple):
    """How many entries break each rule, and the smallest tolerances that would pass."""

    breaking: dict[str, int]
    smallest_rtol: float  # with atol = 0; infinite where b is 0 and a is not
    smallest_atol: float  # with rtol = 0


def count_breaking(a: Iterable[np.ndarray], b: Iterable[np.ndarray], dtype: str) -> AllcloseResult:
    """Applies every rule to the arrays of a pair.

    An entry that is not finite on one side only breaks them all.
    """
    breaking = dict.fromkeys(RULES, 0)
    rtol = atol = 0.0
    for left, right in zip(a, b, strict=True):
        p, q = left.astype(np.float64), right.astype(np.float64)
        distance = distances(p, q)
        with np.errstate(all="ignore"):
            for name, by_dtype in RULES.items():
                rule = by_dtype[dtype]
                within = (distance == 0) | (distance <= rule.atol + rule.rtol * np.abs(q))
                within &= np.isfinite(q) | (distance == 0)
                if not rule.equal_nan:
                    within &= ~np.isnan(q)
                breaking[name] += int(np.count_nonzero(~within))
        smallest = smallest_tolerances(distance, q)
        rtol, atol = max(rtol, smallest[0]), max(atol, smallest[1])
    return AllcloseResult(breaking, rtol, atol)


def distances(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Returns |p - q| of float64 arrays: 0 of equal infinities and of two NaN, else infinite."""
    with np.errstate(all="ignore"):
        distance = np.abs(p - q)
    distance[(p == q) | (np.isnan(p) & np.isnan(q))] = 0
    distance[np.isnan(distance)] = np.inf
    return distance


def smallest_tolerances(distance: np.ndarray, q: np.ndarray) -> tuple[float, float]:
    """Returns the smallest rtol, and the smallest atol, that pass all entries, which are some."""
    with np.errstate(all="ignore"):
        relative = np.divide(distance, np.abs(q), out=np.zeros_like(q), where=distance > 0)
    relative[np.isnan(relative)] = np.inf
    return float(relative.max()), float(distance.max())


def merge(earlier: AllcloseResult, later: AllcloseResult) -> AllcloseResult:
    """Joins the results of two blocks of samples."""
    return AllcloseResult(
        {name: earlier.breaking[name] + later.breaking[name] for name in RULES},
        max(earlier.smallest_rtol, later.smallest_rtol),
        max(earlier.smallest_atol, later.smallest_atol),
    )
