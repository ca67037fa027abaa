"""Activations, as the two libraries have them, and elementary functions."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812

from compare.selftest.everyday.function import (
    Array,
    Function,
    distinct,
    integers,
    normal,
    normals,
    positive,
)

_Unary = Callable[[Array], Array]

# name -> as JAX and as torch have it
_ACTIVATIONS: dict[str, tuple[_Unary, _Unary]] = {
    "relu": (jax.nn.relu, F.relu),
    "sigmoid": (jax.nn.sigmoid, F.sigmoid),
    "tanh": (jnp.tanh, torch.tanh),
    "softmax": (jax.nn.softmax, lambda x: F.softmax(x, -1)),
    "log_softmax": (jax.nn.log_softmax, lambda x: F.log_softmax(x, -1)),
    "gelu": (
        lambda x: jax.nn.gelu(x, approximate=False),
        lambda x: 0.5 * x * torch.erfc(-x * 0.5**0.5),
    ),
    "gelu_by_erf": (
        lambda x: 0.5 * x * (1 + jax.lax.erf(x * 0.5**0.5)),
        lambda x: 0.5 * x * (1 + (x * 0.5**0.5).erf()),
    ),
    "gelu_by_tanh": (jax.nn.gelu, lambda x: F.gelu(x, approximate="tanh")),
    "leaky_relu": (jax.nn.leaky_relu, F.leaky_relu),
    "elu": (jax.nn.elu, F.elu),
    "selu": (jax.nn.selu, F.selu),
    "celu": (jax.nn.celu, F.celu),
    "silu": (jax.nn.silu, F.silu),
    "mish": (jax.nn.mish, F.mish),
    "softplus": (jax.nn.softplus, lambda x: torch.logaddexp(x, torch.zeros((), dtype=x.dtype))),
    "log_sigmoid": (jax.nn.log_sigmoid, F.logsigmoid),
    "glu": (jax.nn.glu, F.glu),
    "softsign": (jax.nn.soft_sign, F.softsign),
    "squareplus": (jax.nn.squareplus, lambda x: (x + (x.square() + 4).sqrt()) / 2),
    "sinc": (jnp.sinc, torch.sinc),
}
# the same of those that have kinks elsewhere than at 0, where either slope is right
_WITH_KINKS: dict[str, tuple[_Unary, _Unary]] = {
    "hard_swish": (jax.nn.hard_swish, F.hardswish),
    "hard_tanh": (jax.nn.hard_tanh, F.hardtanh),
    "relu6": (jax.nn.relu6, F.relu6),
}


def _clip_abs_sign(x: Array, y: Array) -> tuple[Array, ...]:
    return jnp.clip(x, -1, 1) * y, jnp.abs(x * y), x * jnp.sign(y * 3)


def _torch_clip_abs_sign(x: Array, y: Array) -> tuple[Array, ...]:
    return x.clip(-1, 1) * y, (x * y).abs(), x * (y * 3).sign()


def _powers(a: Array, b: Array) -> tuple[Array, ...]:
    return a**b, jnp.exp2(b), jnp.log2(a), jnp.log10(a), a**-2, jnp.cbrt(a), a**0.75


def _torch_powers(a: Array, b: Array) -> tuple[Array, ...]:
    return a**b, b.exp2(), a.log2(), a.log10(), a**-2, a ** (1 / 3), a**0.75


def _trigonometry(x: Array, y: Array) -> tuple[Array, ...]:
    small = 0.9 * jnp.tanh(y)
    waves = jnp.sin(x) * jnp.cos(y), jnp.tan(small)
    return *waves, jnp.arctan2(y, x), jnp.arctan(x), jnp.arcsin(small), jnp.arccos(small)


def _torch_trigonometry(x: Array, y: Array) -> tuple[Array, ...]:
    small = 0.9 * y.tanh()
    waves = x.sin() * y.cos(), small.tan()
    return *waves, torch.atan2(y, x), x.atan(), small.asin(), small.acos()


def _hyperbolic(x: Array, a: Array) -> tuple[Array, ...]:
    small = 0.9 * jnp.tanh(x)
    return jnp.sinh(x), jnp.cosh(x), jnp.arcsinh(x), jnp.arccosh(a + 1), jnp.arctanh(small)


def _torch_hyperbolic(x: Array, a: Array) -> tuple[Array, ...]:
    return x.sinh(), x.cosh(), x.asinh(), (a + 1).acosh(), (0.9 * x.tanh()).atanh()


def _errors(x: Array) -> tuple[Array, ...]:
    small = 0.9 * jnp.tanh(x)
    odds = jax.scipy.special.logit(0.5 + 0.5 * small)
    return jax.lax.erf(x), jax.lax.erfc(x), jax.lax.erf_inv(small), odds


def _torch_errors(x: Array) -> tuple[Array, ...]:
    small = 0.9 * x.tanh()
    return x.erf(), x.erfc(), small.erfinv(), (0.5 + 0.5 * small).logit()


def _whole_numbers(x: Array, i: Array) -> tuple[Array, ...]:
    fraction, remainder = (x - jnp.floor(x)) * (i % 7), jnp.mod(x, 1.5)
    return fraction, remainder, jnp.round(x) * (i // 3 % 2), jnp.ceil(x) - jnp.trunc(x)


def _torch_whole_numbers(x: Array, i: Array) -> tuple[Array, ...]:
    fraction, remainder = (x - x.floor()) * (i % 7), torch.remainder(x, 1.5)
    return fraction, remainder, x.round() * (i // 3 % 2), x.ceil() - x.trunc()


def _bits(i: Array, j: Array) -> tuple[Array, ...]:
    whole = i * j - (i << 3), (i & j) ^ (i >> 1), jnp.bitwise_count(i), jax.lax.clz(i)
    return *whole, i % (j + 1), jnp.where(i > j, i, -j), (i == j) | (i > 50), i.astype(jnp.int8)


ACTIVATIONS = (
    *(
        Function(name, by_jax, normals((4, 24), scale=2), by_torch=by_torch)
        for name, (by_jax, by_torch) in _ACTIVATIONS.items()
    ),
    *(
        Function(name, by_jax, lambda rng: (distinct(rng, 4, 24),), by_torch=by_torch)
        for name, (by_jax, by_torch) in _WITH_KINKS.items()
    ),
    Function(
        "clip_abs_sign",
        _clip_abs_sign,
        lambda rng: (distinct(rng, 40), normal(rng, 40)),
        by_torch=_torch_clip_abs_sign,
    ),
    Function(
        "powers",
        _powers,
        lambda rng: (positive(rng, 40), normal(rng, 40)),
        (0, 1),
        _torch_powers,
    ),
    Function(
        "trigonometry",
        _trigonometry,
        lambda rng: (normal(rng, 40, scale=3), normal(rng, 40)),
        (0, 1),
        _torch_trigonometry,
    ),
    Function(
        "hyperbolic",
        _hyperbolic,
        lambda rng: (normal(rng, 40), positive(rng, 40)),
        (0, 1),
        _torch_hyperbolic,
    ),
    Function("error_functions", _errors, normals((40,)), by_torch=_torch_errors),
    Function(
        "whole_numbers",
        _whole_numbers,
        lambda rng: (normal(rng, 20, scale=3), integers(rng, 100, 20)),
        by_torch=_torch_whole_numbers,
    ),
    Function(
        "bits",
        _bits,
        lambda rng: (integers(rng, 100, 20), integers(rng, 100, 20)),
        argnums=(),
    ),
)
