"""Layers of Equinox with the weights that they have in torch, whose shapes they share."""

from typing import Any

import equinox as eqx
import jax

from compare.selftest.modules.example import Array, State

KEY = jax.random.key(0)  # all that is drawn with it is replaced


class Batched(eqx.Module):
    """A network of one sample, for many: [N, ...]."""

    one: eqx.Module

    def __call__(self, *inputs: Array) -> Array:
        return jax.vmap(self.one)(*inputs)


def loaded(layer: Any, state: State, name: str) -> Any:
    """Gives a linear layer, a convolution, a norm or an embedding its weight, and its bias."""
    layer = eqx.tree_at(lambda one: one.weight, layer, state[f"{name}.weight"])
    if getattr(layer, "bias", None) is None:
        return layer
    bias = state[f"{name}.bias"].reshape(layer.bias.shape)
    return eqx.tree_at(lambda one: one.bias, layer, bias)
