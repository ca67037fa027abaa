"""Fewer digits: an array that is rounded, or products of rounded operands."""

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np

from compare.evidence.local.check import check
from compare.evidence.reasons.case import Case
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject
from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.enclosure import Enclosure

_LOW = {"bfloat16": np.dtype(ml_dtypes.bfloat16), "float16": np.dtype(np.float16)}
_BITS = {"bfloat16": 8, "TF32": 11}
_FEWEST = 8  # entries that are no accident
_PRODUCTS = ("dot_general", "conv_general_dilated")


def precision_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which something is rounded to fewer digits."""
    for name, bits in _BITS.items():
        if _are_products(case, bits):
            sentence = f"{subject(case)} has products of numbers that are rounded to {name}"
            yield Reason("precision", sentence, case.place)
            return
    for name, dtype in _LOW.items():
        if _is_rounded(case, dtype):
            sentence = f"{subject(case)} holds numbers of {name} alone"
            yield Reason("precision", sentence, case.place)
            return


def _is_rounded(case: Case, dtype: np.dtype) -> bool:
    """Whether all that was found is of a dtype, which what is expected is not."""
    found, expected = case.found, case.expected
    if found.size < _FEWEST or not (_held(found, dtype).all()):
        return False
    are_others = ~_held(expected, dtype)
    if np.count_nonzero(are_others) < found.size / 2:
        return False
    one = check(*case.key, (), found, case.evaluation.of(case.target), number_range(dtype).u)
    return one.holds


def _held(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.asarray(array.astype(dtype).astype(np.float64) == array)


def _are_products(case: Case, bits: int) -> bool:
    """Whether the operands of all products are rounded."""
    change: dict[Any, Enclosure] = {}
    for step in case.target.steps:
        if step.name in _PRODUCTS:
            for i, one in enumerate(step.operands):
                rounded = _rounded(case.evaluation.array(one), bits)
                change[step, i] = case.evaluation.exact(rounded)
    return bool(change) and case.holds(change)


def _rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Rounds to so many bits, without regard to under- and overflow."""
    fraction, exponent = np.frexp(array)
    return np.asarray(np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits))
