"""Attention with the masks that people use, and the positions that go with it."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from compare.selftest.everyday.function import (
    Array,
    Draw,
    Function,
    Tree,
    integers,
    normal,
    normals,
)

_N, _HEADS, _T, _D = 2, 2, 10, 8
_BY_HEAD, _BY_PLACE = (_N, _HEADS, _T, _D), (_N, _T, _HEADS, _D)
_THREE = (0, 1, 2)


def _three(*shape: int) -> Draw:
    return normals(shape, shape, shape)


def _scores(q: Array, k: Array) -> Array:
    return jnp.einsum("nhqd,nhkd->nhqk", q, k) / math.sqrt(q.shape[-1])


def _mixed(scores: Array, v: Array) -> Array:
    return jnp.einsum("nhqk,nhkd->nhqd", jax.nn.softmax(scores, axis=-1), v)


def _causal(q: Array, k: Array, v: Array) -> Array:
    mask = jnp.tril(jnp.ones((q.shape[2], k.shape[2]), bool))
    return _mixed(jnp.where(mask, _scores(q, k), -jnp.inf), v)


def _torch_causal(q: Array, k: Array, v: Array) -> Array:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def _padded(q: Array, k: Array, v: Array, lengths: Array) -> Array:
    mask = jnp.arange(k.shape[2]) < lengths[:, None]
    scores = _scores(q, k)
    return _mixed(jnp.where(mask[:, None, None], scores, jnp.finfo(scores.dtype).min), v)


def _torch_padded(q: Array, k: Array, v: Array, lengths: Array) -> Array:
    mask = torch.arange(k.shape[2]) < lengths[:, None]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(~mask[:, None, None], torch.finfo(scores.dtype).min)
    return scores.softmax(-1) @ v


def _by_jax_nn(q: Array, k: Array, v: Array) -> Array:
    return jax.nn.dot_product_attention(q, k, v, is_causal=True)


def _torch_by_place(q: Array, k: Array, v: Array) -> Array:
    return _torch_causal(*(x.transpose(1, 2) for x in (q, k, v))).transpose(1, 2)


def _grouped_queries(q: Array, k: Array, v: Array) -> Array:
    k, v = (jnp.repeat(x, q.shape[1] // x.shape[1], axis=1) for x in (k, v))
    return _causal(q, k, v)


def _torch_grouped_queries(q: Array, k: Array, v: Array) -> Array:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


def _with_bias_and_cap(q: Array, k: Array, v: Array, bias: Array) -> Array:
    return _mixed(5 * jnp.tanh((_scores(q, k) + bias) / 5), v)


def _torch_with_bias_and_cap(q: Array, k: Array, v: Array, bias: Array) -> Array:
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias
    return (5 * (scores / 5).tanh()).softmax(-1) @ v


def _linear(q: Array, k: Array, v: Array) -> Array:
    q, k = jax.nn.elu(q) + 1, jax.nn.elu(k) + 1
    total = jnp.einsum("nhqd,nhd->nhq", q, jnp.sum(k, axis=2))
    return jnp.einsum("nhqd,nhkd,nhke->nhqe", q, k, v) / total[..., None]


def _torch_linear(q: Array, k: Array, v: Array) -> Array:
    q, k = F.elu(q) + 1, F.elu(k) + 1
    return torch.einsum("nhqd,nhkd,nhke->nhqe", q, k, v) / (q @ k.sum(2)[..., None])


def _rotary(x: Array) -> Array:
    frequencies = 1 / 10000 ** (jnp.arange(0, _D, 2) / _D)
    angles = jnp.arange(_T)[:, None] * frequencies
    cos, sin = jnp.cos(angles).astype(x.dtype), jnp.sin(angles).astype(x.dtype)
    even, odd = x[..., ::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def _torch_rotary(x: Array) -> Array:
    frequencies = 1 / 10000 ** (torch.arange(0, _D, 2, dtype=x.dtype) / _D)
    angles = torch.arange(_T, dtype=x.dtype)[:, None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def _block_and_x(rng: np.random.Generator) -> tuple[Tree, ...]:
    d, hidden, scale = 16, 32, 0.25
    params = {
        "scale1": normal(rng, d, scale=0.1, mean=1),
        "shift1": normal(rng, d, scale=0.1),
        "qkv": normal(rng, d, 3 * d, scale=scale),
        "out": normal(rng, d, d, scale=scale),
        "scale2": normal(rng, d, scale=0.1, mean=1),
        "shift2": normal(rng, d, scale=0.1),
        "up": normal(rng, d, hidden, scale=scale),
        "down": normal(rng, hidden, d, scale=scale),
    }
    return params, normal(rng, _N, _T, d)


def _block(params: dict[str, Any], x: Array) -> Array:
    """One block of a transformer, with its norms first."""

    def norm(x: Array, scale: Array, shift: Array) -> Array:
        mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
        return (x - mean) / jnp.sqrt(variance + 1e-5) * scale + shift

    qkv = norm(x, params["scale1"], params["shift1"]) @ params["qkv"]
    heads = [part.reshape(_N, _T, 2, -1).swapaxes(1, 2) for part in jnp.split(qkv, 3, -1)]
    x = x + _causal(*heads).swapaxes(1, 2).reshape(x.shape) @ params["out"]
    hidden = norm(x, params["scale2"], params["shift2"]) @ params["up"]
    return x + jax.nn.gelu(hidden) @ params["down"]


def _torch_block(params: dict[str, Any], x: Array) -> Array:
    d = x.shape[-1:]
    qkv = F.layer_norm(x, d, params["scale1"], params["shift1"]) @ params["qkv"]
    heads = [part.reshape(_N, _T, 2, -1).transpose(1, 2) for part in qkv.chunk(3, -1)]
    x = x + _torch_causal(*heads).transpose(1, 2).reshape(x.shape) @ params["out"]
    hidden = F.layer_norm(x, d, params["scale2"], params["shift2"]) @ params["up"]
    return x + F.gelu(hidden, approximate="tanh") @ params["down"]


ATTENTION = (
    Function("causal_attention", _causal, _three(*_BY_HEAD), _THREE, _torch_causal),
    Function(
        "padded_attention",
        _padded,
        lambda rng: (*_three(*_BY_HEAD)(rng), 1 + integers(rng, _T, _N)),
        _THREE,
        _torch_padded,
    ),
    Function(
        "dot_product_attention",
        _by_jax_nn,
        _three(*_BY_PLACE),
        _THREE,
        _torch_by_place,
        in_float64=False,
    ),
    Function(
        "grouped_query_attention",
        _grouped_queries,
        normals((_N, 4, _T, _D), _BY_HEAD, _BY_HEAD),
        _THREE,
        _torch_grouped_queries,
    ),
    Function(
        "capped_attention",
        _with_bias_and_cap,
        lambda rng: (*_three(*_BY_HEAD)(rng), normal(rng, _HEADS, _T, _T)),
        (0, 1, 2, 3),
        _torch_with_bias_and_cap,
    ),
    Function("linear_attention", _linear, _three(*_BY_HEAD), _THREE, _torch_linear),
    Function("rotary", _rotary, normals(_BY_HEAD), by_torch=_torch_rotary),
    Function("transformer_block", _block, _block_and_x, (0, 1), _torch_block, is_layer=False),
)
