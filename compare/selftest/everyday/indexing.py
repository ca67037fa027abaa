"""What moves numbers: looking up, scattering, slicing, joining."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jax import lax

from compare.selftest.everyday.function import Array, Function, Tree, integers, normal, normals


def _embedding(table: Array, w: Array, ids: Array) -> Array:
    return jnp.mean(table[ids], axis=1) @ w


def _torch_embedding(table: Array, w: Array, ids: Array) -> Array:
    return F.embedding(ids, table).mean(1) @ w


def _segment_sum(x: Array, ids: Array, scale: Array) -> Array:
    return jax.ops.segment_sum(x, ids, 6) * scale


def _torch_segment_sum(x: Array, ids: Array, scale: Array) -> Array:
    return torch.zeros_like(scale).index_add(0, ids, x) * scale


def _segment_softmax(x: Array, ids: Array) -> Array:
    powers = jnp.exp(x - jax.ops.segment_max(x, ids, 5)[ids])
    return powers / jax.ops.segment_sum(powers, ids, 5)[ids]


def _torch_segment_softmax(x: Array, ids: Array) -> Array:
    largest = torch.full((5,), -torch.inf, dtype=x.dtype).scatter_reduce(0, ids, x, "amax")
    powers = (x - largest[ids]).exp()
    return powers / torch.zeros(5, dtype=x.dtype).index_add(0, ids, powers)[ids]


def _updated_at(x: Array, y: Array) -> Array:
    x = x.at[1:3, 0].set(0.5).at[0].multiply(2.0).at[3].add(y)
    return x.at[4, 1:].min(y[1:]).at[5].max(y)


def _torch_updated_at(x: Array, y: Array) -> Array:
    x = x.clone()
    x[1:3, 0] = 0.5
    rows = [x[0] * 2, x[1], x[2], x[3] + y, x[4], torch.maximum(x[5], y)]
    rows[4] = torch.cat([x[4, :1], torch.minimum(x[4, 1:], y[1:])])
    return torch.stack(rows)


def _cached(cache: Array, new: Array, place: Array) -> Array:
    cache = lax.dynamic_update_slice_in_dim(cache, new, place, axis=0)
    return lax.dynamic_slice_in_dim(cache, place - 2, 5) * 1.5


def _torch_cached(cache: Array, new: Array, place: Array) -> Array:
    at = int(place)
    return torch.cat([cache[at - 2 : at], new, cache[at + 1 : at + 3]]) * 1.5


def _joined(a: Array, b: Array) -> tuple[Array, Array]:
    beside = jnp.roll(jnp.concatenate([a, jnp.flip(b, axis=0)], axis=1), 2, axis=1)
    return jnp.pad(beside, 1) * 1.5, jnp.stack([a, b], axis=1)


def _torch_joined(a: Array, b: Array) -> tuple[Array, Array]:
    beside = torch.cat([a, b.flip(0)], 1).roll(2, 1)
    return F.pad(beside, (1, 1, 1, 1)) * 1.5, torch.stack([a, b], 1)


def _repeated(a: Array) -> tuple[Array, Array, Array]:
    tiled, repeated = jnp.tile(a, (2, 3)), jnp.repeat(a, 2, axis=0)
    return tiled.T * 0.1, jnp.cumsum(repeated, axis=0), jnp.triu(a[:4]) + jnp.diag(a[0])


def _torch_repeated(a: Array) -> tuple[Array, Array, Array]:
    tiled, repeated = a.tile(2, 3), a.repeat_interleave(2, 0)
    return tiled.T * 0.1, repeated.cumsum(0), a[:4].triu() + a[0].diag()


def _patches(image: Array, w: Array) -> Array:
    """A vision transformer's first layer: [N, 2 * 4, 2 * 4, channels], in patches of 4 by 4."""
    n, _, _, channels = image.shape
    patches = image.reshape(n, 2, 4, 2, 4, channels).transpose(0, 1, 3, 2, 4, 5)
    return patches.reshape(n, 4, -1) @ w


def _torch_patches(image: Array, w: Array) -> Array:
    kernel = w.reshape(4, 4, image.shape[-1], -1).permute(3, 2, 0, 1)
    made = F.conv2d(image.permute(0, 3, 1, 2), kernel, stride=4)
    return made.flatten(2).transpose(1, 2)


def _place(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, 12, 6), normal(rng, 1, 6), np.int32(rng.integers(2, 9))


INDEXING = (
    Function(
        "embedding",
        _embedding,
        lambda rng: (normal(rng, 50, 16), normal(rng, 16, 4), integers(rng, 50, 3, 7)),
        (0, 1),
        _torch_embedding,
    ),
    Function(
        "segment_sum",
        _segment_sum,
        lambda rng: (normal(rng, 20, 4), integers(rng, 6, 20), normal(rng, 6, 4)),
        (0, 2),
        _torch_segment_sum,
    ),
    Function(
        "segment_softmax",
        _segment_softmax,
        lambda rng: (normal(rng, 20), integers(rng, 5, 20)),
        by_torch=_torch_segment_softmax,
    ),
    Function("updated_at", _updated_at, normals((6, 4), (4,)), (0, 1), _torch_updated_at),
    Function("cached", _cached, _place, (0, 1), _torch_cached),
    Function("joined", _joined, normals((5, 4), (5, 4)), (0, 1), _torch_joined),
    Function("repeated", _repeated, normals((5, 4)), by_torch=_torch_repeated),
    Function("patches", _patches, normals((2, 8, 8, 3), (48, 5)), (0, 1), _torch_patches),
)
