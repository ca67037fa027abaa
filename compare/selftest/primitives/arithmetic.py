"""Arithmetic entry by entry."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import torch
from jax import lax
from jax.extend.core import Primitive as JaxPrimitive
from jax.interpreters import mlir

from compare.selftest.primitives.base import Array, Binary, Primitive, everywhere


def converted(name: str) -> Primitive:
    """Makes a conversion to a dtype."""
    to = np.dtype(getattr(ml_dtypes, name, name))
    return Primitive(
        lambda a, b: a.astype(to),
        lambda a, b: a,
        by_numpy=lambda a, b: a.astype(to),
        by_torch=lambda a, b: a.to(getattr(torch, name)),
    )


def _counted(xp: Any, a: Array, b: Array) -> Array:
    return xp.where(a > b, 2**24 + 1, 1001)


def _added(a: Array, b: Array) -> Array:
    transpose = jax.linear_transpose(lambda x: (x, x), a)
    return transpose((a, jnp.broadcast_to(b, a.shape)))[0]


def _made_of_factors() -> Callable[[Array], Array]:
    """Makes the primitive that jax has from 0.11 on, computed as there."""
    made, computed = JaxPrimitive("one_minus_square"), lambda a: (1 + a) * (1 - a)
    made.def_impl(computed)
    made.def_abstract_eval(lambda a: a)
    mlir.register_lowering(made, mlir.lower_fun(computed, multiple_results=False))
    return made.bind


_ONE_MINUS_SQUARE = getattr(lax, "one_minus_square", None) or _made_of_factors()


def _minus_square(others: Binary) -> Primitive:
    """Makes 1 - a^2, the slope of tanh, with how other libraries than JAX compute it."""
    return Primitive(
        lambda a, b: _ONE_MINUS_SQUARE(a),
        lambda a, b: (1 + a) * (1 - a),
        by_numpy=others,
        by_torch=others,
        exactly=lambda a, b: (1 + a) * (1 - a),
        span=(-0.02, 0.02),
    )


ARITHMETIC: dict[str, Primitive] = {
    "add": everywhere(lambda xp, a, b: a + b),
    "add_any": Primitive(_added, lambda a, b: a + b),
    "sub": everywhere(lambda xp, a, b: a - b),
    "mul": everywhere(lambda xp, a, b: a * b),
    "div": everywhere(lambda xp, a, b: a / b),
    "div, by one number": everywhere(lambda xp, a, b: a / b[b.shape[0] // 2]),
    "div, by a constant": everywhere(lambda xp, a, b: a / 3),
    "square": everywhere(lambda xp, a, b: xp.square(a)),
    "one_minus_square": _minus_square(lambda a, b: (1 + a) * (1 - a)),
    "one_minus_square, of a square": _minus_square(lambda a, b: 1 - a * a),
    "integer_pow": everywhere(lambda xp, a, b: a**3),
    "integer_pow, 6": everywhere(lambda xp, a, b: a**6),
    "integer_pow, -2": everywhere(lambda xp, a, b: a**-2),
    "integer_pow, -3": everywhere(lambda xp, a, b: a**-3),
    "convert_element_type": converted("float32"),
    "convert_element_type, float16": converted("float16"),
    "convert_element_type, bfloat16": converted("bfloat16"),
    "convert_element_type, integers": Primitive(
        lambda a, b: _counted(jnp, a, b).astype(a.dtype),
        lambda a, b: _counted(np, a, b),
        by_numpy=lambda a, b: _counted(np, a, b).astype(a.dtype),
        by_torch=lambda a, b: _counted(torch, a, b).to(a.dtype),
    ),
}
