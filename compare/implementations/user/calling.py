"""How a user's function is called, and how errors tell it."""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.implementations.user.torch_module import is_module

_MOST_LAYERS = 4  # that an error shows
_KINDS = {"numpy": "NumPy arrays", "torch": "torch tensors", "jax": "JAX arrays"}
_USUAL = "(params, x, y)"


class Calling(NamedTuple):
    """How a function is called; the fields are called as the options that say so."""

    layout: str  # 'in_out' or 'out_in', of w and dw
    candidate_arrays: str  # 'numpy', 'torch' or 'jax': what it is given
    candidate_batched: bool  # whether it takes x [N, d] and y [N, k], and returns a leading N


def call_words(
    function: Any,
    weights: Mapping[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    arrays: str,
) -> str:
    """Says what a function takes, if that is anything else, and what it was given.

    Args:
      function: a user's own.
      weights: w1, b1, ... by name, in the layout that it was given.
      x: [d] or [N, d].
      y: [k] or [N, k].
      arrays: 'numpy', 'torch' or 'jax'.
    """
    leaves = [f"{name} {list(leaf.shape)}" for name, leaf in weights.items()]
    in_pairs = list(weights)[:2] == ["w1", "b1"]
    pairs = [f"({w}, {b})" for w, b in zip(leaves[::2], leaves[1::2], strict=False)]
    shown, most = (pairs, _MOST_LAYERS) if in_pairs else (leaves, 2 * _MOST_LAYERS)
    if len(shown) > most:
        shown[most - 2 : -1] = ["..."]
    params = f"[{', '.join(shown)}]" if in_pairs else f"with {', '.join(shown)}"
    given = (
        f"it was given {_USUAL}: params {params}, x {list(x.shape)}, "
        f"y {list(y.shape)}{_one_hot(y)}, {_KINDS[arrays]} of {x.dtype}"
    )
    try:
        return "; ".join([*_signature_words(function), given])
    except (Exception, SystemExit):  # whatever an object of a user's own raises; a builtin has none
        return given


def _one_hot(y: np.ndarray) -> str:
    """Says how labels of classes are to be read; a function may expect their numbers."""
    is_one_hot = y.shape[-1] > 1 and ((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all()
    return " (one-hot: y.argmax(-1) is the class)" * bool(is_one_hot)


def _signature_words(function: Any) -> list[str]:
    own = inspect.unwrap(function)
    if is_module(own):
        return ["it is a torch module, which is given as params, or by --module"]
    if inspect.isclass(own):
        return ["it is a class: name a function, or a method of an object of it"]
    parameters = inspect.signature(function).parameters.values()
    if [one.name for one in parameters][:1] == ["self"]:
        return ["it is a method without its object: name that of an object, such as net.gradients"]
    plain = [one.replace(annotation=one.empty, default=one.empty) for one in parameters]
    signature = str(inspect.Signature(plain))
    takes_any = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return [] if takes_any or signature.lower() == _USUAL else [f"its signature is {signature}"]
