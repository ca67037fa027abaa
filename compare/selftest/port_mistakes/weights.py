"""Weights that were converted wrongly, each as a right conversion of wrong weights."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.selftest.modules.example import Array
from compare.selftest.port_mistakes.mistake import PortMistake, loaded
from compare.selftest.ports import PORTS

_MAKES = {port.name: port.make for port in PORTS}


def _wrong(
    name: str, port: str, leaf: str, change: Callable[[Array], Any], words: str
) -> PortMistake:
    """A mistake in one weight."""
    make = loaded(_MAKES[port], {leaf: lambda state: change(state[leaf])})
    return PortMistake(name, port, make, "weights", leaf, words)


def _swapped(name: str, port: str, leaf: str, other: str) -> PortMistake:
    """Two weights in the place of each other."""
    changes = {leaf: lambda state: state[other], other: lambda state: state[leaf]}
    return PortMistake(name, port, loaded(_MAKES[port], changes), "weights", leaf, f"`{other}`")


def _copied(name: str, port: str, leaf: str, other: str) -> PortMistake:
    """A weight of another layer."""
    make = loaded(_MAKES[port], {leaf: lambda state: state[other]})
    return PortMistake(name, port, make, "weights", leaf, f"`{other}`")


def _drawn(weight: Array) -> Array:
    """As a layer begins with that nothing was loaded into."""
    rng = np.random.default_rng(5)
    return (0.2 * rng.standard_normal(weight.shape)).astype(weight.dtype)


def _rounded(weight: Array) -> Array:
    return jnp.asarray(weight).astype(jnp.bfloat16).astype(weight.dtype)


def _queries_for_keys(packed: Array) -> Array:
    q, k, v = jnp.split(packed, 3)
    return jnp.concatenate([k, q, v])


def _heads_interleaved(packed: Array) -> Array:
    """Of queries, keys and values, features before heads."""
    split = packed.reshape(3, 2, 8, -1)
    return jnp.swapaxes(split, 1, 2).reshape(packed.shape)


def _gates_reordered(packed: Array) -> Array:
    i, f, g, o = jnp.split(packed, 4)
    return jnp.concatenate([i, f, o, g])


def _gates_transposed(packed: Array) -> Array:
    return jnp.concatenate([one.T for one in jnp.split(packed, 4)])


def _forget_more(bias: Array) -> Array:
    """The bias that Haiku adds to the forget gate is still in the weights."""
    return jnp.asarray(bias).at[12:24].add(1)


WEIGHTS: tuple[PortMistake, ...] = (
    _wrong(
        "a square kernel not transposed",
        "mlp, Flax linen",
        "fc2.weight",
        lambda weight: weight.T,
        "transposed",
    ),
    _wrong("a layer not loaded", "mlp, Equinox", "fc3.weight", _drawn, "not loaded"),
    _wrong("a weight in bfloat16", "mlp, Haiku", "fc1.weight", _rounded, "bfloat16"),
    _wrong("a weight scaled", "mlp, Flax nnx", "fc2.weight", lambda weight: weight / 2, "times"),
    _wrong("a bias forgotten", "mlp, Haiku", "fc1.bias", jnp.zeros_like, "not loaded"),
    _swapped("scale and offset swapped", "mlp, Flax nnx", "norm.weight", "norm.bias"),
    _wrong("a bias negated", "classifier, Haiku", "mlp.fc2.bias", jnp.negative, "opposite sign"),
    _wrong(
        "one row of a weight changed",
        "classifier, Flax nnx",
        "mlp.fc1.weight",
        lambda weight: jnp.asarray(weight).at[3].add(0.5),
        "entries",
    ),
    _wrong(
        "height and width of a kernel swapped",
        "cnn, Flax linen",
        "conv2.weight",
        lambda kernel: kernel.transpose(0, 1, 3, 2),
        "axes",
    ),
    _wrong(
        "channels of a kernel swapped",
        "cnn, Equinox",
        "conv2.weight",
        lambda kernel: kernel.transpose(1, 0, 2, 3),
        "axes",
    ),
    _wrong(
        "a running variance not loaded",
        "cnn in eval mode, Haiku",
        "bn2.running_var",
        jnp.ones_like,
        "1 everywhere",
    ),
    _wrong(
        "a standard deviation for a variance",
        "cnn in eval mode, Flax nnx",
        "bn1.running_var",
        jnp.sqrt,
        "root",
    ),
    _swapped(
        "two batch norms swapped",
        "cnn in eval mode, Flax linen",
        "bn1.weight",
        "bn2.weight",
    ),
    _wrong(
        "an eps in a running variance",
        "cnn in eval mode, Equinox",
        "bn2.running_var",
        lambda var: var + 1e-3,
        "plus",
    ),
    _wrong(
        "queries and keys swapped",
        "transformer, Equinox",
        "blocks.0.attn.mha.in_proj_weight",
        _queries_for_keys,
        "query",
    ),
    _wrong(
        "heads interleaved in the weights",
        "transformer, Flax linen",
        "blocks.0.attn.mha.in_proj_weight",
        _heads_interleaved,
        "order",
    ),
    _wrong(
        "the bias of attention forgotten",
        "transformer, Haiku",
        "blocks.0.attn.mha.out_proj.bias",
        jnp.zeros_like,
        "not loaded",
    ),
    _copied(
        "a layer of the other block",
        "transformer, Flax nnx",
        "blocks.0.mlp.fc1.weight",
        "blocks.1.mlp.fc1.weight",
    ),
    _copied("a head that is tied", "transformer, Equinox", "head.weight", "tok.weight"),
    _wrong(
        "attention in bfloat16",
        "transformer, Flax linen",
        "blocks.1.attn.qkv.weight",
        _rounded,
        "bfloat16",
    ),
    _wrong(
        "a bias twice",
        "lstm, Haiku",
        "lstm.bias_ih_l0",
        _forget_more,
        "1",
    ),
    _wrong(
        "one of two biases forgotten",
        "lstm, Flax linen",
        "lstm.bias_hh_l0",
        jnp.zeros_like,
        "lstm.bias_hh_l0",
    ),
    _wrong(
        "gates in another order in the weights",
        "lstm, Flax nnx",
        "lstm.weight_ih_l0",
        _gates_reordered,
        "order",
    ),
    _wrong(
        "gates transposed",
        "lstm, Equinox",
        "lstm.weight_hh_l0",
        _gates_transposed,
        "transposed",
    ),
)
