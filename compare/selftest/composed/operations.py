"""Operations on two arrays of four numbers each, of which random programs are composed.

All compute in the dtype of what they are given.
"""

import functools
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy import special

Array = Any
SIZE = 4


def _index(a: Array, scale: float = 3) -> Array:
    """Makes integers of numbers, so that rounding may change them."""
    return jnp.clip(jnp.nan_to_num(jnp.floor(a * scale)), -SIZE, SIZE).astype(jnp.int32) % SIZE


@jax.custom_jvp
def _squashed(a: Array) -> Array:
    return a / (1 + jnp.abs(a))


@_squashed.defjvp
def _squashed_jvp(primals: Any, tangents: Any) -> Any:
    (a,), (t,) = primals, tangents
    return _squashed(a), t / jnp.square(1 + jnp.abs(a))


@jax.custom_vjp
def _clipped_gradient(a: Array) -> Array:
    return a * a


_clipped_gradient.defvjp(lambda a: (a * a, a), lambda a, g: (jnp.clip(2 * a * g, -1.5, 1.5),))


def _recurrent(a: Array, b: Array) -> Array:
    return lax.scan(lambda h, x: (jnp.tanh(h * 0.7 + x), h * x), a[0], b)[1] + a


def _newton(a: Array, b: Array) -> Array:
    positive = jnp.square(a) + 0.3
    return lax.fori_loop(0, 3, lambda _, y: (y + positive / y) / 2, jnp.ones_like(a)) + b


def _counted(a: Array, b: Array) -> Array:
    def body(state: tuple[Array, Array]) -> tuple[Array, Array]:
        steps, x = state
        return steps + 1, x * 0.5 + b

    b = lax.stop_gradient(b)
    return lax.while_loop(lambda state: state[0] < 3, body, (0, lax.stop_gradient(a)))[1] + a


def _until_small(a: Array, b: Array) -> Array:
    bounded = jnp.clip(jnp.nan_to_num(a), -8.0, 8.0)
    halved = lax.while_loop(lambda x: jnp.max(jnp.abs(x)) > 1, lambda x: x / 2, bounded)
    return lax.stop_gradient(halved) * b


def _gathered_best(a: Array, b: Array) -> Array:
    values, places = lax.top_k(a, 3)
    return jnp.concatenate([values * b[places], b[:1]])


def _median_of(a: Array, b: Array) -> Array:
    return jnp.sort(jnp.stack([a, b, a * b]), axis=0)[1]


def _of_each(a: Array, b: Array) -> Array:
    return jax.vmap(jax.grad(lambda x, y: jnp.tanh(x * y) * x + jnp.maximum(x, y)))(a, b)


def _layer_norm(a: Array, b: Array) -> Array:
    centred = a - a.mean()
    return centred * lax.rsqrt((centred * centred).mean() + 1e-3) * b


def _attention(a: Array, b: Array) -> Array:
    scores = jnp.outer(a, b)
    masked = jnp.where(jnp.tril(jnp.ones((SIZE, SIZE), bool)), scores, -jnp.inf)
    return jax.nn.softmax(masked, axis=-1) @ b


def _within(function: Callable[[Array], Array], low: float, high: float) -> Callable[..., Array]:
    return lambda a, b: function(jnp.clip(a, low, high))


def _first(function: Callable[[Array], Array]) -> Callable[..., Array]:
    return lambda a, b: function(a)


def _pairs(a: Array) -> Array:
    return a.reshape(2, 2)


def _narrowed(dtype: Any) -> Callable[..., Array]:
    return lambda a, b: a.astype(dtype).astype(a.dtype) - b


_OF_JNP = (
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("cbrt", "exp2", "arctan", "arcsinh", "abs", "sign", "square"),
)
_OF_NN = (
    *("relu", "relu6", "sigmoid", "silu", "gelu", "softplus", "leaky_relu", "elu", "mish", "selu"),
    *("log_sigmoid", "hard_swish", "softmax", "log_softmax", "standardize"),
)

OPERATIONS: MappingProxyType[str, Callable[[Array, Array], Array]] = MappingProxyType(
    {
        # arithmetic
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "div, safe": lambda a, b: a / (b * b + 0.1),
        "reciprocal": lambda a, b: 1 / a + b,
        "cube": lambda a, b: a**3,
        "power": lambda a, b: (jnp.abs(a) + 0.1) ** jnp.clip(b, -3.0, 3.0),
        "inverse square": lambda a, b: a**-2,
        "third": lambda a, b: a / 3 + 0.1 * b,
        "fma": lambda a, b: a * b - b,
        "cancel": lambda a, b: (a + b) - a,
        "lerp": lambda a, b: a + 0.3 * (b - a),
        # functions
        **{name: _first(getattr(jnp, name)) for name in _OF_JNP},
        "asin": _within(jnp.arcsin, -0.9, 0.9),
        "acos": _within(jnp.arccos, -0.9, 0.9),
        "acosh": _within(jnp.arccosh, 1.1, 9.0),
        "atanh": _within(jnp.arctanh, -0.9, 0.9),
        "exp, of a few": _within(jnp.exp, -9.0, 5.0),
        "log, of more": lambda a, b: jnp.log(a * a + 0.3),
        "rsqrt": lambda a, b: lax.rsqrt(jnp.abs(a) + 0.01),
        "atan2": jnp.arctan2,
        "hypot": jnp.hypot,
        "logaddexp": jnp.logaddexp,
        "erf": _first(special.erf),
        "erfc": _first(special.erfc),
        "erf_inv": _within(lax.erf_inv, -0.9, 0.9),
        "lgamma": lambda a, b: special.gammaln(jnp.abs(a) + 0.5),
        "digamma": lambda a, b: special.digamma(lax.stop_gradient(jnp.abs(a) + 0.5)),
        **{name: _first(getattr(jax.nn, name)) for name in _OF_NN},
        "logsumexp": lambda a, b: jax.nn.logsumexp(a) - b,
        # sums and products
        "sum": lambda a, b: jnp.sum(a * b) + a,
        "mean": lambda a, b: a - jnp.mean(a),
        "variance": lambda a, b: jnp.var(a) * b,
        "norm": lambda a, b: a / jnp.linalg.norm(a + b),
        "prod": lambda a, b: jnp.prod(a) + b,
        "cumsum": lambda a, b: jnp.cumsum(a) * b,
        "cumprod": lambda a, b: jnp.cumprod(a),
        "cumlogsumexp": lambda a, b: lax.cumlogsumexp(a),
        "matvec": lambda a, b: (jnp.outer(a, b) - a[:, None]) @ b + a,
        "matmul": lambda a, b: (_pairs(a) @ _pairs(b)).reshape(-1),
        "bias": lambda a, b: (_pairs(a) @ _pairs(b) + a[:2]).reshape(-1),
        "einsum": lambda a, b: jnp.einsum("ij,kj,ki->ki", *map(_pairs, (a, b, a))).reshape(-1),
        "dot": lambda a, b: jnp.dot(a, b) * a,
        "convolve": lambda a, b: jnp.convolve(a, b[:3], mode="same"),
        # choices and order
        "max": jnp.maximum,
        "min": jnp.minimum,
        "where": lambda a, b: jnp.where(a > b, b * b, a),
        "where, equal": lambda a, b: jnp.where(a == b, a, -b),
        "select": lambda a, b: lax.select_n(_index(a) % 3, a, b, a + b),
        "clip": lambda a, b: jnp.clip(a, -jnp.abs(b), 0.7),
        "largest": lambda a, b: jnp.max(a) - b,
        "smallest": lambda a, b: jnp.min(a * b) + a,
        "amax": lambda a, b: a - jnp.max(_pairs(a), axis=1, keepdims=True).repeat(2, 0)[:, 0],
        "sort": lambda a, b: jnp.sort(a),
        "argsort": lambda a, b: b[jnp.argsort(a)],
        "argmax": lambda a, b: b * b[jnp.argmax(a)],
        "argmin": lambda a, b: jax.nn.one_hot(jnp.argmin(a), SIZE, dtype=a.dtype) * b,
        "top_k": _gathered_best,
        "median": _median_of,
        "median of a": lambda a, b: jnp.median(a) * b,
        "cummax": lambda a, b: lax.cummax(a) + b,
        "cummin": lambda a, b: lax.cummin(a) * b,
        "rank": lambda a, b: jnp.searchsorted(jnp.sort(a), b).astype(a.dtype) * b,
        "count": lambda a, b: (a > b).sum().astype(a.dtype) + a,
        "any": lambda a, b: jnp.where(jnp.any(a > 1), a, b),
        "finite": lambda a, b: jnp.where(jnp.isfinite(a), a, b),
        "nan_to_num": lambda a, b: jnp.nan_to_num(a),
        # places
        "gather": lambda a, b: b[_index(a)],
        "gather, filled": lambda a, b: b.at[_index(a, 2) + 1].get(mode="fill", fill_value=0),
        "roll": lambda a, b: jnp.roll(a, 1) - b,
        "flip": lambda a, b: jnp.concatenate([b[::-1][:2], a[:2]]),
        "pad": lambda a, b: jnp.pad(a[1:3], 1) + b,
        "transpose": lambda a, b: _pairs(a).T.reshape(-1) * b,
        "split": lambda a, b: jnp.concatenate(jnp.split(a, 2)[::-1]) + b,
        "slice": lambda a, b: jnp.tile(lax.dynamic_slice(a, (_index(b)[0],), (2,)), 2),
        "update": lambda a, b: lax.dynamic_update_slice(a, b[:2], (_index(a)[1],)),
        "scatter": lambda a, b: a.at[_index(b)[:2]].set(b[:2]),
        "scatter add": lambda a, b: a.at[_index(b)].add(b * a),
        "scatter max": lambda a, b: a.at[_index(b)].max(b),
        "scatter mul": lambda a, b: a.at[jnp.array([0, 3, 2])].mul(b[:3], unique_indices=True),
        "segments": lambda a, b: jax.ops.segment_sum(a, _index(b), SIZE),
        "diagonal": lambda a, b: jnp.diag(jnp.outer(a, b)) + jnp.trace(_pairs(a)),
        "triangle": lambda a, b: jnp.tril(jnp.outer(a, b)).sum(0),
        # steps and conversions
        "floor": lambda a, b: jnp.floor(a * 4) / 4 * b,
        "round": lambda a, b: jnp.round(a) + b,
        "remainder": lambda a, b: lax.rem(a, b),
        "modulo": lambda a, b: jnp.mod(a, 0.7),
        "to integers": lambda a, b: _index(a).astype(a.dtype) * b,
        "float16": _narrowed(jnp.float16),
        "bfloat16": _narrowed(jnp.bfloat16),
        "float32": _narrowed(jnp.float32),
        "precision": lambda a, b: lax.reduce_precision(a, 8, 10) * b,
        # control, and functions of functions
        "scan": _recurrent,
        "fori": _newton,
        "while": _counted,
        "while, uncertain": _until_small,
        "cond": lambda a, b: lax.cond(a[0] > b[0], lambda: a * b, lambda: a - b),
        "switch": lambda a, b: lax.switch(
            _index(a)[0], [lambda: a, lambda: b, lambda: a * 2, lambda: jnp.tanh(b)]
        ),
        "map": lambda a, b: lax.map(lambda x: jnp.dot(x, b) + x[0], jnp.outer(a, b)),
        "checkpoint": lambda a, b: jax.checkpoint(lambda x: jnp.sin(x) * jnp.exp(-x * x))(a) + b,
        "custom_jvp": lambda a, b: _squashed(a),
        "custom_vjp": lambda a, b: _clipped_gradient(a) + b,
        "vmap of grad": _of_each,
        "hessian": lambda a, b: jax.jvp(jax.grad(lambda x: jnp.sum(jnp.tanh(x * b))), (a,), (b,))[
            1
        ],
        "layer norm": _layer_norm,
        "attention": _attention,
        "cross entropy": lambda a, b: -jax.nn.softmax(b) * jax.nn.log_softmax(a),
        "jit": lambda a, b: functools.partial(jax.jit(lambda x, y: x * y + x), a)(b),
    }
)
