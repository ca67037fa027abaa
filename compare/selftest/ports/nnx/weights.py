"""The weights of torch's layers as those of Flax nnx, which has what linen has."""

from flax import nnx

from compare.selftest.modules.example import State
from compare.selftest.ports.linen.variables import Tree, norm, statistics


def batch_norm(state: State, name: str) -> Tree:
    """Weights and statistics beside one another."""
    return norm(state, name) | statistics(state, name)


def gates(state: State, name: str) -> Tree:
    """The gates stay beside one another; Flax has one bias where torch has two."""
    bias = state[f"{name}.bias_ih_l0"] + state[f"{name}.bias_hh_l0"]
    return {
        "dense_i": {"kernel": state[f"{name}.weight_ih_l0"].T},
        "dense_h": {"kernel": state[f"{name}.weight_hh_l0"].T, "bias": bias},
    }


def loaded(model: nnx.Module, weights: Tree) -> nnx.Module:
    """Gives a network weights, in place."""
    nnx.update(model, weights)
    return model
