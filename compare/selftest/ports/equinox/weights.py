"""Layers of Equinox with the weights that they have in torch, whose shapes they share."""

from typing import Any

import equinox as eqx
import jax

from compare.selftest.modules.example import State

KEY = jax.random.key(0)  # all that is drawn with it is replaced


def loaded(layer: Any, state: State, name: str) -> Any:
    """Gives a linear layer, a convolution, a norm or an embedding its weight, and its bias."""
    layer = eqx.tree_at(lambda one: one.weight, layer, state[f"{name}.weight"])
    if getattr(layer, "bias", None) is None:
        return layer
    bias = state[f"{name}.bias"].reshape(layer.bias.shape)
    return eqx.tree_at(lambda one: one.bias, layer, bias)
