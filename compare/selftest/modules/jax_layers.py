"""Layers of the twins, by the mathematics: each takes (state, name, x) and names its value."""

import jax
import jax.numpy as jnp
from jax import lax

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, State


def linear(state: State, name: str, x: Array) -> Array:
    """x W^T + b for x of [..., n_in]; b where there is one."""
    value = jnp.einsum("...i,oi->...o", x, state[f"{name}.weight"])
    bias = state.get(f"{name}.bias")
    return cut(value if bias is None else value + bias, name)


def layer_norm(state: State, name: str, x: Array, eps: float = 1e-5) -> Array:
    """Normalises the last axis, and scales and shifts it."""
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
    normed = centred / jnp.sqrt(variance + eps)
    return cut(normed * state[f"{name}.weight"] + state[f"{name}.bias"], name)


def rms_norm(state: State, name: str, x: Array, eps: float = 1e-5) -> Array:
    """Divides by the root of the mean square of the last axis, and scales."""
    scale = lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps)
    return cut(x * scale * state[f"{name}.weight"], name)


def batch_norm(state: State, name: str, x: Array, *, is_training: bool, eps: float = 1e-5) -> Array:
    """Normalises the channels of [N, C, ...], by the batch or by what ran along."""
    axes = (0, *range(2, x.ndim))
    if is_training:
        mean, variance = jnp.mean(x, axis=axes), jnp.var(x, axis=axes)
    else:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / jnp.sqrt(variance + eps)
    normed = (x - _by_channel(mean, x)) * _by_channel(scale, x)
    return cut(normed + _by_channel(state[f"{name}.bias"], x), name)


def convolution(
    state: State,
    name: str,
    x: Array,
    *,
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
    dilation: int = 1,
    groups: int = 1,
) -> Array:
    """Convolves [N, C, ...] with the same stride, padding and dilation along each axis."""
    n_axes = x.ndim - 2
    value = lax.conv_general_dilated(
        x,
        state[f"{name}.weight"],
        (stride,) * n_axes,
        [padding] * n_axes,
        rhs_dilation=(dilation,) * n_axes,
        feature_group_count=groups,
    )
    bias = state.get(f"{name}.bias")
    return cut(value if bias is None else value + _by_channel(bias, x), name)


def attention(q: Array, k: Array, v: Array, *, is_causal: bool = False) -> Array:
    """softmax(q k^T / sqrt(d)) v for [..., time, d]."""
    scores = jnp.einsum("...qd,...kd->...qk", q, k) / q.shape[-1] ** 0.5
    if is_causal:
        seen = jnp.tril(jnp.ones((q.shape[-2], k.shape[-2]), bool))
        scores = jnp.where(seen, scores, -jnp.inf)
    return jnp.einsum("...qk,...kd->...qd", jax.nn.softmax(scores, axis=-1), v)


def split_heads(x: Array, heads: int) -> Array:
    """[N, time, heads d] to [N, heads, time, d]."""
    return jnp.swapaxes(x.reshape(*x.shape[:2], heads, -1), 1, 2)


def joined_heads(x: Array) -> Array:
    """[N, heads, time, d] to [N, time, heads d]."""
    return jnp.swapaxes(x, 1, 2).reshape(x.shape[0], x.shape[2], -1)


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean of -log p of the labels, over all axes but the last."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)
    return -jnp.mean(chosen)


def _by_channel(vector: Array, x: Array) -> Array:
    return vector.reshape(-1, *(1,) * (x.ndim - 2))
