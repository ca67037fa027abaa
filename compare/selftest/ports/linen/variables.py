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


def embedding(state: State, name: str) -> Tree:
    """[words, features], as it is."""
    return {"embedding": state[f"{name}.weight"]}


def heads(state: State, name: str, n: int) -> Tree:
    """Queries, keys and values that torch packs, by heads: [in, heads, features]."""
    weight, bias = state[f"{name}.in_proj_weight"], state[f"{name}.in_proj_bias"]
    width = weight.shape[1]
    tree = {}
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(i * width, (i + 1) * width)
        tree[part] = {
            "kernel": weight[rows].T.reshape(width, n, -1),
            "bias": bias[rows].reshape(n, -1),
        }
    out = state[f"{name}.out_proj.weight"].T.reshape(n, -1, width)
    return tree | {"out": {"kernel": out, "bias": state[f"{name}.out_proj.bias"]}}


def gates(state: State, name: str) -> Tree:
    """Gates that torch has beside one another; Flax has one bias where torch has two."""
    n = state[f"{name}.weight_hh_l0"].shape[1]
    bias = state[f"{name}.bias_ih_l0"] + state[f"{name}.bias_hh_l0"]
    tree: Tree = {}
    for i, gate in enumerate("ifgo"):
        rows = slice(i * n, (i + 1) * n)
        tree[f"i{gate}"] = {"kernel": state[f"{name}.weight_ih_l0"][rows].T}
        tree[f"h{gate}"] = {"kernel": state[f"{name}.weight_hh_l0"][rows].T, "bias": bias[rows]}
    return tree
