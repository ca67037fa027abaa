"""Mathematical functions."""

import math
from collections.abc import Callable
from typing import Any

import jax
import mpmath
import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive, everywhere


def elementary(name: str, exactly: Callable[[Any], Any], *span: float) -> Primitive:
    """Makes a mathematical function of that name."""
    limits = (span[0], span[1])
    return everywhere(lambda xp, a, b: getattr(xp, name)(a), exactly=exactly, span=limits)


def error_function(name: str, *span: float) -> Primitive:
    """Makes erf or erfc, which NumPy has not; what math has is exact enough but for float64.

    torch has an erf that is right to an ulp of 1 alone.
    """
    one_by_one = np.vectorize(getattr(math, name), otypes=[np.longdouble])
    exact, most = getattr(mpmath, name), 1e4  # mpmath fails far out, where it is 0, 1 or 2
    return Primitive(
        lambda a, b: getattr(lax, name)(a),
        lambda a, b: one_by_one(a.astype(np.float64)),
        exactly=lambda z: exact(min(max(z, -most), most)),
        span=(span[0], span[1]),
    )


def _sigmoid(a: Array, b: Array) -> Array:
    return 1 / (1 + np.exp(-a))


_SIGMOID = Primitive(
    lambda a, b: jax.nn.sigmoid(a),
    _sigmoid,
    by_numpy=_sigmoid,
    by_torch=lambda a, b: torch.sigmoid(a),
    exactly=lambda z: 1 / (1 + mpmath.exp(-z)),
    span=(-1.02, 1.02),
)


# name -> what is tried of the primitive; of an 'a, b' the primitive is 'a'
FUNCTIONS: dict[str, Primitive] = {
    "logistic": _SIGMOID,
    "tanh": elementary("tanh", mpmath.tanh, -0.2, 0.2),
    "exp": elementary("exp", mpmath.exp, -1.2, 1.001),
    "expm1": elementary("expm1", mpmath.expm1, -0.4, 1.001),
    "log": elementary("log", mpmath.log, 0, 0.03),
    "log1p": elementary("log1p", mpmath.log1p, -0.01, 0.03),
    "erf": error_function("erf", -0.05, 0.05),
    "erfc": error_function("erfc", -0.05, 0.15),
    "sqrt": elementary("sqrt", mpmath.sqrt, 0, 1),
}
