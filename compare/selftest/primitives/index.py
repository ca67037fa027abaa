"""Numbers that move."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax._src.lax.lax import empty2  # what JAX puts where something is to be written
from jax.ad_checkpoint import checkpoint_name

from compare.selftest.primitives.base import Array, Binary, Primitive, moved


def written_to(empty: Binary) -> Primitive:
    """Makes an array that is empty first, and then overwritten."""
    return Primitive(lambda a, b: lax.dynamic_update_slice(empty(a, b), a, (0,)), lambda a, b: a)


def _on_one_device(a: Array, b: Array) -> Array:
    device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    return lax.with_sharding_constraint(a, device)


def _stacked(xp: Any, a: Array) -> Array:
    return xp.stack([a[:, 1], a[:, 0]], 2)


def _padded(a: Array) -> Array:
    around = np.full((len(a) + 1, 3, 3, 8), 0.5, a.dtype)
    around[:-1, 1:, 1:, ::2] = a[:, :, :2]
    return around[:, :, :, :7]


def _counted_below(xp: Any, a: Array) -> Array:
    counts = xp.broadcast_to(xp.arange(len(a)).reshape(-1, 1, 1, 1), a.shape)
    return xp.concatenate([a, counts.astype(a.dtype)], 1)


INDEX: dict[str, Primitive] = {
    "copy": Primitive(lambda a, b: jnp.copy(a), lambda a, b: a),
    "stop_gradient": Primitive(lambda a, b: lax.stop_gradient(a), lambda a, b: a),
    "broadcast_in_dim": moved(
        lambda a: jnp.broadcast_to(a, (2, *a.shape)), lambda a: np.stack([a, a])
    ),
    "transpose": moved(lambda a: a.transpose(2, 0, 3, 1), lambda a: np.moveaxis(a, (0, 1), (1, 3))),
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
    "stack": moved(lambda a: _stacked(jnp, a), lambda a: _stacked(np, a)),
    "unstack": moved(
        lambda a: jnp.concatenate(jnp.unstack(a, axis=2)[::-1], 1),
        lambda a: np.concatenate([a[:, :, i] for i in (2, 1, 0)], 1),
    ),
    "split": moved(
        lambda a: jnp.concatenate(jnp.split(a, [1], 2)[::-1], 2), lambda a: np.roll(a, -1, 2)
    ),
    "tile": moved(lambda a: jnp.tile(a, (1, 1, 3, 2)), lambda a: np.tile(a, (1, 1, 3, 2))),
    "pad": moved(
        lambda a: lax.pad(
            a, jnp.asarray(0.5, a.dtype), ((0, 1, 0), (1, 0, 0), (1, -1, 0), (0, 0, 1))
        ),
        _padded,
    ),
    "iota": moved(
        lambda a: jnp.concatenate([a, lax.broadcasted_iota(a.dtype, a.shape, 0)], 1),
        lambda a: _counted_below(np, a),
    ),
    "empty": written_to(lambda a, b: lax.empty(a.shape, a.dtype)),
    "empty2": written_to(
        lambda a, b: jnp.broadcast_to(
            empty2(a.dtype, memory_space=jax.memory.Space.Device), a.shape
        )
    ),
    "name": Primitive(lambda a, b: checkpoint_name(a, "a"), lambda a, b: a),
    "optimization_barrier": Primitive(lambda a, b: lax.optimization_barrier(a), lambda a, b: a),
    "device_put": Primitive(lambda a, b: jax.device_put(a), lambda a, b: a),
    "sharding_constraint": Primitive(_on_one_device, lambda a, b: a),
}
