"""Layers as Flax, Equinox and Haiku ship them, with weights that are drawn anew.

What a library is needed for is loaded when its function is first called.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.selftest.everyday.function import Array, Draw, Function, Tree, normal

_ROWS, _IMAGES = (2, 6, 16), (2, 8, 8, 3)  # [N, time, features]; [N, height, width, channels]


class Network(NamedTuple):
    """A network as a function of its weights."""

    weights: Tree  # of shapes
    apply: Callable[[Tree, Array], Tree]


def _linen_network(make: Callable[[Any, Array], Array], shape: tuple[int, ...]) -> Network:
    from flax import linen

    class Whole(linen.Module):
        @linen.compact
        def __call__(self, x: Array) -> Array:
            return make(linen, x)

    module = Whole()
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    apply = functools.partial(module.apply, mutable=["batch_stats"])
    return Network(jax.eval_shape(module.init, jax.random.key(0), x), apply)


def _linen_attention(linen: Any, x: Array) -> Array:
    mask = linen.make_causal_mask(jnp.ones(x.shape[:2]))
    normed = linen.LayerNorm()(x)
    return x + linen.MultiHeadDotProductAttention(num_heads=4)(normed, mask=mask)


def _linen_perceptron(linen: Any, x: Array) -> Array:
    return linen.Dense(8)(linen.gelu(linen.Dense(24)(linen.RMSNorm()(x))))


def _linen_convolution(linen: Any, x: Array) -> Array:
    x = linen.relu(linen.GroupNorm(num_groups=2)(linen.Conv(8, (3, 3))(x)))
    x = linen.BatchNorm(use_running_average=False)(linen.max_pool(x, (2, 2), strides=(2, 2)))
    return linen.ConvTranspose(4, (2, 2), strides=(2, 2))(linen.avg_pool(x, (2, 2)))


def _linen_recurrence(linen: Any, x: Array) -> Array:
    return linen.RNN(linen.GRUCell(8, param_dtype=x.dtype))(x)


def _nnx_network() -> Network:
    from flax import nnx

    class Whole(nnx.Module):
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.norm = nnx.LayerNorm(16, rngs=rngs)
            self.attention = nnx.MultiHeadAttention(4, 16, decode=False, rngs=rngs)
            self.out = nnx.Linear(16, 8, rngs=rngs)

        def __call__(self, x: Array) -> Array:
            return nnx.silu(self.out(x + self.attention(self.norm(x))))

    graph, weights, rest = nnx.split(nnx.eval_shape(Whole), nnx.Param, ...)
    del rest  # the state of random numbers, of which it uses none
    return Network(
        nnx.to_pure_dict(weights),
        lambda values, x: nnx.merge(graph, nnx.State(values))(x),
    )


def _equinox_network(make: Callable[[Any, Array], Any], call: Callable[..., Array]) -> Network:
    import equinox

    made = equinox.filter_eval_shape(lambda key: make(equinox.nn, key), jax.random.key(0))
    weights, rest = equinox.partition(made, lambda leaf: hasattr(leaf, "shape"))

    def apply(weights: Tree, x: Array) -> Array:
        return call(equinox.combine(weights, rest), x)

    return Network(weights, apply)


def _equinox_attention(nn: Any, key: Array) -> Any:
    return {"norm": nn.LayerNorm(16), "attention": nn.MultiheadAttention(4, 16, key=key)}


def _equinox_attended(layers: Any, x: Array) -> Array:
    def one(x: Array) -> Array:
        normed = jax.vmap(layers["norm"])(x)
        return x + layers["attention"](normed, normed, normed)

    return jax.vmap(one)(x)


def _equinox_perceptron(nn: Any, key: Array) -> Any:
    return nn.MLP(16, 8, width_size=12, depth=2, activation=jax.nn.softplus, key=key)


def _haiku_network(make: Callable[[Any, Array], Array], shape: tuple[int, ...]) -> Network:
    import haiku

    network = haiku.without_apply_rng(haiku.transform(lambda x: make(haiku, x)))
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    return Network(jax.eval_shape(network.init, jax.random.key(0), x), network.apply)


def _haiku_attention(haiku: Any, x: Array) -> Array:
    normed = haiku.LayerNorm(-1, create_scale=True, create_offset=True)(x)
    initialised = haiku.initializers.VarianceScaling()
    attention = haiku.MultiHeadAttention(4, 4, w_init=initialised)
    return x + attention(normed, normed, normed)


def _haiku_perceptron(haiku: Any, x: Array) -> Array:
    return haiku.nets.MLP([12, 8])(haiku.Flatten()(x))


def _haiku_convolution(haiku: Any, x: Array) -> Array:
    x = jax.nn.relu(haiku.GroupNorm(2)(haiku.Conv2D(8, 3)(x)))
    return haiku.Linear(4)(jnp.mean(haiku.AvgPool((2, 2, 1), (2, 2, 1), "SAME")(x), axis=(1, 2)))


# name -> its package; the shape of x; the network
_NETWORKS: dict[str, tuple[str, tuple[int, ...], Callable[[], Network]]] = {
    "linen_attention": ("flax", _ROWS, lambda: _linen_network(_linen_attention, _ROWS)),
    "linen_perceptron": ("flax", _ROWS, lambda: _linen_network(_linen_perceptron, _ROWS)),
    "linen_convolution": ("flax", _IMAGES, lambda: _linen_network(_linen_convolution, _IMAGES)),
    "linen_recurrence": ("flax", _ROWS, lambda: _linen_network(_linen_recurrence, _ROWS)),
    "nnx_attention": ("flax", _ROWS, _nnx_network),
    "equinox_attention": (
        "equinox",
        _ROWS,
        lambda: _equinox_network(_equinox_attention, _equinox_attended),
    ),
    "equinox_perceptron": (
        "equinox",
        (5, 16),
        lambda: _equinox_network(_equinox_perceptron, lambda mlp, x: jax.vmap(mlp)(x)),
    ),
    "haiku_attention": ("haiku", _ROWS, lambda: _haiku_network(_haiku_attention, _ROWS)),
    "haiku_perceptron": ("haiku", _ROWS, lambda: _haiku_network(_haiku_perceptron, _ROWS)),
    "haiku_convolution": ("haiku", _IMAGES, lambda: _haiku_network(_haiku_convolution, _IMAGES)),
}


def _drawn(network: Callable[[], Network], shape: tuple[int, ...]) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Tree, ...]:
        def weight(leaf: Any) -> np.ndarray:
            fan_in = max(1, int(np.prod(leaf.shape[:-1])))
            return normal(rng, *leaf.shape, scale=fan_in**-0.5)

        return jax.tree.map(weight, network().weights), normal(rng, *shape)

    return draw


def _row(name: str, package: str, shape: tuple[int, ...], make: Callable[[], Network]) -> Function:
    network = functools.cache(make)
    return Function(
        name,
        lambda weights, x: network().apply(weights, x),
        _drawn(network, shape),
        (0, 1),
        is_layer=False,
        needs=package,
    )


LAYER_LIBRARIES = tuple(_row(name, *rest) for name, rest in _NETWORKS.items())
