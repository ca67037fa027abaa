"""Normalisations, and what divides by a length."""

import jax.numpy as jnp
import torch.nn.functional as F  # noqa: N812
from jax import lax

from compare.selftest.everyday.function import Array, Draw, Function, normal, normals

_EPS = 1e-5
_IMAGES = (4, 6, 5, 5)  # [N, channels, height, width]


def _rows(mean: float = 0.5) -> Draw:
    """Makes a draw of x [6, 64] and of a scale and a shift."""
    return lambda rng: (normal(rng, 6, 64, mean=mean), normal(rng, 64), normal(rng, 64))


def _images(mean: float = 1.0) -> Draw:
    return lambda rng: (
        normal(rng, *_IMAGES, mean=mean),
        normal(rng, _IMAGES[1]),
        normal(rng, _IMAGES[1]),
    )


def _layer_norm(x: Array, scale: Array, shift: Array) -> Array:
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + _EPS) * scale + shift


def _layer_norm_of_squares(x: Array, scale: Array, shift: Array) -> Array:
    """The variance is E[x^2] - E[x]^2, as in Flax."""
    mean = jnp.mean(x, -1, keepdims=True)
    variance = jnp.mean(jnp.square(x), -1, keepdims=True) - jnp.square(mean)
    return (x - mean) * (lax.rsqrt(jnp.maximum(variance, 0) + _EPS) * scale) + shift


def _torch_layer_norm(x: Array, scale: Array, shift: Array) -> Array:
    return F.layer_norm(x, x.shape[-1:], scale, shift, _EPS)


def _rms_norm(x: Array, scale: Array) -> Array:
    return x * lax.rsqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + 1e-6) * scale


def _batch_norm(x: Array, scale: Array, shift: Array) -> Array:
    mean = jnp.mean(x, (0, 2, 3), keepdims=True)
    variance = jnp.var(x, (0, 2, 3), keepdims=True)
    return (x - mean) * lax.rsqrt(variance + _EPS) * _by_channel(scale) + _by_channel(shift)


def _by_channel(x: Array) -> Array:
    return x[:, None, None]


def _batch_norm_in_use(
    x: Array, scale: Array, shift: Array, mean: Array, log_variance: Array
) -> Array:
    factor = scale * lax.rsqrt(jnp.exp(log_variance) + _EPS)
    return x * _by_channel(factor) + _by_channel(shift - mean * factor)


def _torch_batch_norm_in_use(
    x: Array, scale: Array, shift: Array, mean: Array, log_variance: Array
) -> Array:
    factor = scale / (log_variance.exp() + _EPS).sqrt()
    return x * _by_channel(factor) + _by_channel(shift - mean * factor)


def _group_norm(groups: int, x: Array, scale: Array, shift: Array) -> Array:
    grouped = x.reshape(x.shape[0], groups, -1)
    mean, variance = jnp.mean(grouped, 2, keepdims=True), jnp.var(grouped, 2, keepdims=True)
    normalised = ((grouped - mean) / jnp.sqrt(variance + _EPS)).reshape(x.shape)
    return normalised * _by_channel(scale) + _by_channel(shift)


def _cosine(a: Array, b: Array) -> Array:
    lengths = jnp.linalg.norm(a, axis=-1) * jnp.linalg.norm(b, axis=-1)
    return jnp.sum(a * b, -1) / lengths


def _weight_norm(x: Array, direction: Array, length: Array) -> Array:
    return x @ (direction * (length / jnp.linalg.norm(direction, axis=0)))


def _clipped_by_norm(a: Array, b: Array) -> tuple[Array, Array]:
    length = jnp.sqrt(jnp.sum(a * a) + jnp.sum(b * b))
    factor = jnp.minimum(1, 2 / (length + 1e-6))
    return a * factor, b * factor


def _torch_clipped_by_norm(a: Array, b: Array) -> tuple[Array, Array]:
    length = ((a * a).sum() + (b * b).sum()).sqrt()
    factor = (2 / (length + 1e-6)).clamp(max=1)
    return a * factor, b * factor


_THREE = (0, 1, 2)

NORMALISATIONS = (
    Function("layer_norm", _layer_norm, _rows(), _THREE, _torch_layer_norm),
    Function("layer_norm_of_squares", _layer_norm_of_squares, _rows(), _THREE, _torch_layer_norm),
    Function(
        "layer_norm_far_from_0",
        _layer_norm,
        _rows(mean=1e3),
        _THREE,
        _torch_layer_norm,
        ordinary=False,
    ),
    Function(
        "rms_norm",
        _rms_norm,
        normals((6, 64), (64,)),
        (0, 1),
        lambda x, scale: F.rms_norm(x, x.shape[-1:], scale, 1e-6),
    ),
    Function(
        "batch_norm",
        _batch_norm,
        _images(),
        _THREE,
        lambda x, scale, shift: F.batch_norm(x, None, None, scale, shift, training=True),
    ),
    Function(
        "batch_norm_in_use",
        _batch_norm_in_use,
        lambda rng: (*_images()(rng), normal(rng, _IMAGES[1]), normal(rng, _IMAGES[1])),
        _THREE,
        _torch_batch_norm_in_use,
    ),
    Function(
        "group_norm",
        lambda *args: _group_norm(3, *args),
        _images(),
        _THREE,
        lambda x, scale, shift: F.group_norm(x, 3, scale, shift),
    ),
    Function(
        "instance_norm",
        lambda *args: _group_norm(_IMAGES[1], *args),
        _images(),
        _THREE,
        lambda x, scale, shift: F.instance_norm(x, weight=scale, bias=shift),
    ),
    Function(
        "cosine_similarity",
        _cosine,
        normals((8, 32), (8, 32)),
        (0, 1),
        lambda a, b: F.cosine_similarity(a, b, 1),
    ),
    Function(
        "weight_norm",
        _weight_norm,
        normals((5, 12), (12, 7), (7,)),
        _THREE,
        lambda x, direction, length: x @ (direction * (length / direction.norm(dim=0))),
    ),
    Function(
        "clipped_by_norm",
        _clipped_by_norm,
        normals((5, 4), (4,)),
        (0, 1),
        _torch_clipped_by_norm,
    ),
)
