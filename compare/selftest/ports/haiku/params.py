"""The weights of torch's layers as those of Haiku."""

from typing import Any, TypeAlias

import jax.numpy as jnp

from compare.selftest.modules.example import State

Tree: TypeAlias = dict[str, Any]
_MANY = 1000  # batches that the running statistics have seen: no correction for the first is left


def linear(state: State, name: str) -> Tree:
    """[out, in] to [in, out]; the bias is left out where there is none."""
    return {"w": state[f"{name}.weight"].T, **_bias(state, name)}


def conv(state: State, name: str) -> Tree:
    """[out, in, height, width] to [height, width, in, out]."""
    return {"w": state[f"{name}.weight"].transpose(2, 3, 1, 0), **_bias(state, name)}


def norm(state: State, name: str) -> Tree:
    """Of a layer norm."""
    return {"scale": state[f"{name}.weight"], "offset": state[f"{name}.bias"]}


def batch_norm(state: State, name: str) -> Tree:
    """Of a batch norm of images: [1, 1, 1, channels]."""
    return {one: array.reshape(1, 1, 1, -1) for one, array in norm(state, name).items()}


def average(statistics: Any) -> Tree:
    """The running mean, or the running variance, of a batch norm."""
    shaped = statistics.reshape(1, 1, 1, -1)
    return {"average": shaped, "hidden": shaped, "counter": jnp.array(_MANY, jnp.int32)}


def attention(state: State, name: str, within: str) -> Tree:
    """Queries, keys and values that torch packs, each by itself."""
    weights = jnp.split(state[f"{name}.in_proj_weight"], 3)
    biases = jnp.split(state[f"{name}.in_proj_bias"], 3)
    tree = {
        f"{within}/{part}": {"w": weight.T, "b": bias}
        for part, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True)
    }
    return tree | {f"{within}/linear": linear(state, f"{name}.out_proj")}


def gates(state: State, name: str) -> Tree:
    """The gates i, f, g, o as i, g, f, o; Haiku adds 1 to the forget gate by itself."""
    x, h = state[f"{name}.weight_ih_l0"], state[f"{name}.weight_hh_l0"]
    bias = state[f"{name}.bias_ih_l0"] + state[f"{name}.bias_hh_l0"]
    i, f, g, o = jnp.split(jnp.concatenate([x, h, bias[:, None]], axis=1), 4)
    packed = jnp.concatenate([i, g, f.at[:, -1].add(-1), o])
    return {"w": packed[:, :-1].T, "b": packed[:, -1]}


def embedding(state: State, name: str) -> Tree:
    """[words, features], as it is."""
    return {"embeddings": state[f"{name}.weight"]}


def _bias(state: State, name: str) -> Tree:
    return {"b": state[f"{name}.bias"]} if f"{name}.bias" in state else {}
