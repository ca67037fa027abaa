"""The rule of a kernel that computes what a formula of JAX says."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.primitives.row import Rule
from compare.evidence.rounding.refusal import refuse_unknown


def formula_rule(f: Callable[..., Any]) -> Rule:
    """Returns a rule for `register_rule`: the bound of a primitive is that of a formula.

    It holds for a kernel that computes the operations of the formula, in its dtypes.

    Args:
      f: a JAX function of the primitive's operands, with its parameters as keywords. It returns
        what the primitive does: an array, or a sequence of them.
    """

    def rule(analysis: Analysis, eqn: Any, *operands: Enclosure) -> list[Enclosure]:
        shaped = [jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in eqn.invars]
        with jax.enable_x64(analysis.own.dtype == np.float64), _named(eqn.primitive.name):
            closed = jax.make_jaxpr(lambda *arrays: f(*arrays, **eqn.params))(*shaped)
        refuse_unknown(closed)
        return analysis.evaluate(closed, operands)

    return rule


@contextlib.contextmanager
def _named(primitive: str) -> Iterator[None]:
    """Says whose formula it is that cannot be called with what the primitive has.

    Raises:
      TypeError: if it cannot.
    """
    try:
        yield
    except TypeError as error:
        raise TypeError(f"the formula of {primitive!r}: {error}") from error
