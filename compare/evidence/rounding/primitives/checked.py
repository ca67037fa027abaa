"""A rule of a user's own, whose results are held against the equation that they are of."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure, is_bool, is_float, is_key
from compare.evidence.rounding.primitives.row import Rule


def checked(name: str, rule: Rule) -> Rule:
    """Returns the rule, with an error of one sentence for results that cannot be.

    Arrays of JAX become those of NumPy where bounds are worked out in NumPy. An error that is the
    same for all readings, or all entries, is repeated.
    """

    @functools.wraps(rule)
    def held(analysis: Analysis, eqn: Any, *operands: Enclosure) -> list[Enclosure]:
        made = rule(analysis, eqn, *operands)
        results = made if isinstance(made, Sequence) else [made]
        if len(results) != len(eqn.outvars) or not all(
            isinstance(one, Enclosure) for one in results
        ):
            expected = "an Enclosure" if len(eqn.outvars) == 1 else f"{len(eqn.outvars)} Enclosures"
            raise TypeError(f"the rule of {name!r}: expected {expected}, got {_told(made)}")
        return [
            _held(analysis, one, var.aval, f"the rule of {name!r}")
            for one, var in zip(results, eqn.outvars, strict=True)
        ]

    return held


def _held(analysis: Analysis, one: Enclosure, aval: Any, where: str) -> Enclosure:
    """Checks one result.

    Raises:
      ValueError: if its shapes do not fit, its dtype is none that values have, or an error is below
        0.
    """
    xp, value, error = analysis.xp, one.value, one.error
    if np.shape(value) != aval.shape:
        raise ValueError(f"{where}: expected a value of shape {aval.shape}, got {np.shape(value)}")
    if is_key(aval.dtype):
        return one
    dtype = np.dtype(np.float64) if is_float(aval.dtype) else aval.dtype
    value = xp.asarray(value)
    if value.dtype != dtype:
        raise ValueError(f"{where}: expected a value of {dtype}, got {value.dtype}")
    shape = (len(analysis.readings), *aval.shape)
    try:
        error = xp.broadcast_to(xp.asarray(error), shape)
    except ValueError:
        raise ValueError(
            f"{where}: expected errors of shape {shape}, readings first, got {np.shape(error)}"
        ) from None
    if is_bool(dtype) != (error.dtype == bool):
        expected = "booleans, whether it is uncertain," if is_bool(dtype) else "numbers"
        raise ValueError(f"{where}: expected {expected} as errors, got {error.dtype}")
    if analysis.may_be(error < 0) and xp is np:
        raise ValueError(f"{where}: expected errors of at least 0, got {error.min():.3g}")
    return dataclasses.replace(one, value=value, error=error)


def _told(made: Any) -> str:
    if isinstance(made, Sequence) and not isinstance(made, str):
        return f"{type(made).__name__} of {', '.join(type(one).__name__ for one in made)}"
    return type(made).__name__
