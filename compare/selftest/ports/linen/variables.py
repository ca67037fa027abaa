"""The weights of torch's layers as those of Flax linen."""

from typing import Any, TypeAlias

from compare.selftest.modules.example import State

Tree: TypeAlias = dict[str, Any]


def _bias(state: State, name: str) -> Tree:
    return {"bias": state[f"{name}.bias"]} if f"{name}.bias" in state else {}


def dense(state: State, name: str) -> Tree:
    """[out, in] to [in, out]; the bias is left out where there is none."""
    return {"kernel": state[f"{name}.weight"].T, **_bias(state, name)}


def conv(state: State, name: str) -> Tree:
    """[out, in, height, width] to [height, width, in, out]."""
    return {"kernel": state[f"{name}.weight"].transpose(2, 3, 1, 0), **_bias(state, name)}


def norm(state: State, name: str) -> Tree:
    """Of a layer norm or a batch norm."""
    return {"scale": state[f"{name}.weight"], "bias": state[f"{name}.bias"]}


def statistics(state: State, name: str) -> Tree:
    """Of a batch norm."""
    return {"mean": state[f"{name}.running_mean"], "var": state[f"{name}.running_var"]}
