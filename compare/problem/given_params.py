"""Weights and biases as a user has them in memory: a list of (w, b), or a tree with names."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.catalogue import DTYPES
from compare.errors import RAISED, UsageError, shown
from compare.formats.dtypes import restore_bfloat16
from compare.formats.read.layer_names import is_of_torch, kind_of
from compare.problem.array_likes import array_of, is_array, items_of
from compare.problem.trees import Leaf, Tree, is_number, is_of_a_class, take_apart
from jaxmlp.base import parameter_names

_MOST_LAYERS = 10_000  # the longest list that is read; no framework differentiates as many
_EXPECTED = (
    "params: expected a list of (w, b), a tree of arrays with names, or a torch.nn.Module such as "
    "MLP()"
)


class GivenParams(NamedTuple):
    """Weights and biases, not yet checked."""

    named: dict[str, np.ndarray]  # w1, b1, ...; in a tree params/Dense_0/kernel, ...
    layout: str | None = None  # 'out_in' of torch's and Equinox's; None where nothing says it
    tree: Tree | None = None  # None for a list of (w, b)

    @property
    def first_weight(self) -> np.ndarray:
        """The weights of the layer that comes first."""
        weights = (array for name, array in self.named.items() if kind_of(name) == "w")
        return next(weights, next(iter(self.named.values())))


def given_params(params: Any) -> GivenParams:
    """Reads weights and biases.

    Args:
      params: a list of (w, b), anything that `array_of` reads; or a tree whose paths name them,
        such as {'Dense_0': {'kernel': w, 'bias': b}, ...}, an Equinox module, a state_dict, or a
        list of torch layers; or a flat list w, b, w, b.

    Raises:
      UsageError: for anything else.
    """
    found = None if _is_list_of_pairs(params) else _from_tree(params)
    return found or GivenParams(_from_pairs(params))


def number_biases(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Returns the numbers of a tree that are biases: one for every weight, and no array is one.

    Others are settings, as the b1 of Adam in an object.
    """
    numbers = [one for one in leaves if is_number(one.value) and kind_of(one.name) == "b"]
    arrays = [
        kind_of(one.name) for one in leaves if one.value is not None and not is_number(one.value)
    ]
    are_biases = "b" not in arrays and len(numbers) == arrays.count("w")
    return numbers if are_biases else []


def _is_list_of_pairs(params: Any) -> bool:
    """Whether there is nothing but lists, which have no names; namedtuples may have."""
    return isinstance(params, list | tuple) and all(
        isinstance(layer, list | tuple) and _fields(layer) in ((), ("w", "b")) for layer in params
    )


def _fields(layer: Any) -> tuple[str | None, ...]:
    return tuple(map(kind_of, getattr(layer, "_fields", ())))


def _from_tree(params: Any) -> GivenParams | None:
    """Reads a tree, or a flat list; None where there are neither names nor arrays."""
    try:
        tree = take_apart(params)
    except UsageError:
        raise
    except RAISED:  # whatever an object of a user's own raises
        return None
    leaves = [one for one in tree.leaves if one.value is not None and not is_number(one.value)]
    leaves += number_biases(tree.leaves)
    if isinstance(params, list | tuple) and all(is_array(one) for one in params):
        return _from_flat([one.value for one in leaves], tree)
    known = [one for one in leaves if kind_of(one.name) is not None]
    if not known:
        return None
    leaves = known if is_of_a_class(params) else leaves
    named = {
        one.name: _bias_or_weight(one.name, array_of(f"params: {one.name}", one.value))
        for one in leaves
    }
    of_torch = any(one.of_torch and is_of_torch(one.name) for one in leaves)
    return GivenParams(named, "out_in" if of_torch else None, tree)


def _from_flat(arrays: list[Any], tree: Tree) -> GivenParams | None:
    """Reads w, b, w, b, ...; None for anything else."""
    found = [array_of(f"params[{i}]", array) for i, array in enumerate(arrays)]
    if [array.ndim for array in found] != [2, 1] * (len(found) // 2):
        return None
    names = parameter_names(len(found) // 2)
    leaves = [one._replace(path=(name,)) for one, name in zip(tree.leaves, names, strict=True)]
    named = dict(zip(names, found, strict=True))
    return GivenParams(named, None, tree._replace(leaves=tuple(leaves)))


def _from_pairs(params: Any) -> dict[str, np.ndarray]:
    if isinstance(params, str | bytes | Mapping) or not hasattr(type(params), "__len__"):
        raise UsageError(f"{_EXPECTED}, got {shown(params)}")
    layers = items_of("params", params, expected="a list of (w, b)", at_most=_MOST_LAYERS)
    if not layers:
        raise UsageError("params: expected at least one layer (w, b), got none")
    named: dict[str, np.ndarray] = {}
    for i, layer in enumerate(layers, start=1):
        named[f"w{i}"], named[f"b{i}"] = _pair(i, layer)
    return named


def _pair(i: int, layer: Any) -> tuple[np.ndarray, np.ndarray]:
    expected = f"(w, b) for layer {i}"
    if isinstance(layer, str | bytes | Mapping):
        hint = "; pass its weight and its bias in this order" if isinstance(layer, Mapping) else ""
        raise UsageError(f"params: expected {expected}, got {shown(layer)}{hint}")
    pair = items_of("params", layer, expected=expected, at_most=_MOST_LAYERS)
    if len(pair) != 2:
        raise UsageError(f"params: expected {expected}, got {len(pair)} items")
    w, b = (array_of(f"params: {kind}{i}", one) for kind, one in zip("wb", pair, strict=True))
    return w, _bias_or_weight("b", b)


def dtype_name(dtype: Any, w: np.ndarray | None) -> str:
    """Returns the name of the dtype that is asked for, which may be one that there is not.

    Args:
      dtype: its name, or as NumPy, JAX or torch have it; None for that of w.
      w: weights that are there; without any it is float32.

    Raises:
      UsageError: for what is no dtype.
    """
    if dtype is None:
        return "float32" if w is None else restore_bfloat16(w).dtype.name
    if isinstance(dtype, str) and not dtype:
        return dtype
    try:
        return np.dtype(dtype).name
    except Exception:  # torch.float32 and the like, and those that NumPy does not have
        if not isinstance(dtype, str) and type(dtype).__module__ != "torch":
            raise UsageError(
                f"dtype: expected one of {', '.join(DTYPES)}, got {shown(dtype)}"
            ) from None
        return str.__str__(dtype) if isinstance(dtype, str) else str(dtype).removeprefix("torch.")


def _bias_or_weight(name: str, array: np.ndarray) -> np.ndarray:
    """Returns a parameter as an array; the bias of one unit may be a number."""
    return array.reshape(1) if kind_of(name) == "b" and not array.ndim else array
