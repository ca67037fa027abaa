"""What each primitive of `roundoff` computes, as JAX, NumPy and torch have it, and in truth.

A function takes a namespace and two arrays, of which the first is a product that has been rounded.
"""

import functools
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import mpmath
import numpy as np
import torch
from jax import lax
from jax.extend.core import Primitive as JaxPrimitive
from jax.interpreters import mlir

Array = Any
Binary = Callable[[Array, Array], Array]


class Primitive(NamedTuple):
    """One primitive, in every library that has it."""

    by_jax: Binary
    truth: Binary  # of long doubles
    by_numpy: Binary | None = None
    by_torch: Binary | None = None
    exactly: Callable[[Any], Any] | None = None  # for float64, of an mpmath number
    span: tuple[float, float] | None = None  # of arguments to try more of, in units of log(max)
    shape: tuple[int, ...] = (-1,)  # of both arrays
    numbers: int = 1  # of an array, for each one of the result


def everywhere(function: Callable[..., Array], **more: Any) -> Primitive:
    """Makes the primitive that all libraries have under one name: f(namespace, a, b)."""
    by = {xp: functools.partial(function, xp) for xp in (jnp, np, torch)}
    return Primitive(by[jnp], by[np], by_numpy=by[np], by_torch=by[torch], **more)


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


def chosen(condition: Callable[..., Array]) -> Primitive:
    """Makes 7 where a condition holds, and elsewhere 5."""
    return everywhere(lambda xp, a, b: xp.where(condition(xp, a, b), 7.0, 5.0))


def moved(by_jax: Callable[[Array], Array], truth: Callable[[Array], Array]) -> Primitive:
    """Makes a primitive of one array, of blocks of 2 by 3 by 4 numbers, that only JAX has."""
    return Primitive(lambda a, b: by_jax(a), lambda a, b: truth(a), shape=(-1, 2, 3, 4), numbers=2)


def converted(name: str) -> Primitive:
    """Makes a conversion to a dtype."""
    to = np.dtype(getattr(ml_dtypes, name, name))
    return Primitive(
        lambda a, b: a.astype(to),
        lambda a, b: a,
        by_numpy=lambda a, b: a.astype(to),
        by_torch=lambda a, b: a.to(getattr(torch, name)),
    )


def _sigmoid(a: Array, b: Array) -> Array:
    return 1 / (1 + np.exp(-a))


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
        exactly=lambda a: (1 + a) * (1 - a),
        span=(-0.02, 0.02),
    )


_SIGMOID = Primitive(
    lambda a, b: jax.nn.sigmoid(a),
    _sigmoid,
    by_numpy=_sigmoid,
    by_torch=lambda a, b: torch.sigmoid(a),
    exactly=lambda z: 1 / (1 + mpmath.exp(-z)),
    span=(-1.02, 1.02),
)

# name -> what is tried of the primitive; of an 'a, b' the primitive is 'a'
PRIMITIVES: MappingProxyType[str, Primitive] = MappingProxyType(
    {
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
        "max": everywhere(lambda xp, a, b: xp.maximum(a, b)),
        "min": everywhere(lambda xp, a, b: xp.minimum(a, b)),
        "clamp": Primitive(
            lambda a, b: lax.clamp(jnp.asarray(-0.5, a.dtype), a, b[0]),
            lambda a, b: np.minimum(np.maximum(a, -0.5), b[0]),
            by_torch=lambda a, b: torch.clamp(torch.clamp(a, min=-0.5), max=b[0]),
        ),
        "neg": everywhere(lambda xp, a, b: -a),
        "abs": everywhere(lambda xp, a, b: xp.abs(a)),
        "sign": everywhere(lambda xp, a, b: xp.sign(a)),
        "copy": Primitive(lambda a, b: jnp.copy(a), lambda a, b: a),
        "stop_gradient": Primitive(lambda a, b: lax.stop_gradient(a), lambda a, b: a),
        "convert_element_type": converted("float32"),
        "convert_element_type, float16": converted("float16"),
        "convert_element_type, bfloat16": converted("bfloat16"),
        "convert_element_type, integers": Primitive(
            lambda a, b: _counted(jnp, a, b).astype(a.dtype),
            lambda a, b: _counted(np, a, b),
            by_numpy=lambda a, b: _counted(np, a, b).astype(a.dtype),
            by_torch=lambda a, b: _counted(torch, a, b).to(a.dtype),
        ),
        "logistic": _SIGMOID,
        "tanh": elementary("tanh", mpmath.tanh, -0.2, 0.2),
        "exp": elementary("exp", mpmath.exp, -1.2, 1.001),
        "expm1": elementary("expm1", mpmath.expm1, -0.4, 1.001),
        "log": elementary("log", mpmath.log, 0, 0.03),
        "log1p": elementary("log1p", mpmath.log1p, -0.01, 0.03),
        "erf": error_function("erf", -0.05, 0.05),
        "erfc": error_function("erfc", -0.05, 0.15),
        "sqrt": elementary("sqrt", mpmath.sqrt, 0, 1),
        "dot_general": everywhere(
            lambda xp, a, b: xp.matmul(a, b.reshape(-1, 8, 4)), shape=(-1, 4, 8), numbers=2
        ),
        "reduce_max": everywhere(
            lambda xp, a, b: (torch.amax if xp is torch else xp.max)(a, 1), shape=(-1, 8), numbers=8
        ),
        "reduce_sum": everywhere(lambda xp, a, b: xp.sum(a, 1), shape=(-1, 8), numbers=8),
        "broadcast_in_dim": moved(
            lambda a: jnp.broadcast_to(a, (2, *a.shape)), lambda a: np.stack([a, a])
        ),
        "transpose": moved(
            lambda a: a.transpose(2, 0, 3, 1), lambda a: np.moveaxis(a, (0, 1), (1, 3))
        ),
        "reshape": moved(
            lambda a: lax.reshape(a, (a.size,), dimensions=(3, 1, 0, 2)),
            lambda a: np.moveaxis(a, (3, 1, 0, 2), (0, 1, 2, 3)).ravel(),
        ),
        "squeeze": moved(lambda a: jnp.squeeze(a[:, :1, :, :], 1), lambda a: a[:, 0]),
        "slice": moved(lambda a: a[1:-1, :, ::2], lambda a: a[1:-1, :, ::2]),
        "rev": moved(lambda a: lax.rev(a, (1, 3)), lambda a: a[:, ::-1, :, ::-1]),
        "concatenate": moved(
            lambda a: jnp.concatenate([a, a[:, :1]], 1), lambda a: np.concatenate([a, a[:, :1]], 1)
        ),
        "gt": chosen(lambda xp, a, b: a > b),
        "ge": chosen(lambda xp, a, b: a >= b),
        "lt": chosen(lambda xp, a, b: a < b),
        "le": chosen(lambda xp, a, b: a <= b),
        "eq": chosen(lambda xp, a, b: a == b),
        "ne": chosen(lambda xp, a, b: a != b),
        "eq, of a maximum": chosen(lambda xp, a, b: a == xp.maximum(a, b)),
        "and": chosen(lambda xp, a, b: (a > b) & (b > 0)),
        "or": chosen(lambda xp, a, b: (a > b) | (b > 0)),
        "not": chosen(lambda xp, a, b: ~(a > b)),
        "is_finite": chosen(lambda xp, a, b: xp.isfinite(a)),
        "select_n": everywhere(lambda xp, a, b: xp.where(a > b, a, b)),
    }
)
