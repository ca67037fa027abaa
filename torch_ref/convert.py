"""The one bridge between Params [n_in, n_out] and torch's weights [n_out, n_in].

Numbers cross by copy, never as a view, and the crossing is checked bit for bit.
"""

from collections.abc import Sequence

import numpy as np
import torch

from jaxmlp.base import Grads, Layer, Params
from torch_ref.mlp import MLP


def to_state_dict(params: Params) -> dict[str, torch.Tensor]:
    """Copies params into torch's names and layout."""
    state = {}
    for i, (w, b) in enumerate(params):
        state[f"layers.{i}.weight"] = torch.tensor(np.ascontiguousarray(np.asarray(w).T))
        state[f"layers.{i}.bias"] = torch.tensor(np.asarray(b))
    return state


def from_state_dict(state: dict[str, torch.Tensor]) -> Params:
    """Copies the state_dict of an `MLP` into Params with NumPy leaves."""
    return from_tensors(
        [state[f"layers.{i}.{kind}"] for i in range(len(state) // 2) for kind in ("weight", "bias")]
    )


def from_tensors(tensors: Sequence[torch.Tensor]) -> Grads:
    """Copies [weight, bias, ...], with or without a sample axis, into layers with NumPy leaves.

    What lies side by side in memory stays so: a weight that torch has as [n_out, n_in] is a view.
    """
    arrays = [np.array(t.detach().cpu().numpy()) for t in tensors]
    return tuple(
        Layer(w=np.swapaxes(weight, -1, -2), b=bias)
        for weight, bias in zip(arrays[::2], arrays[1::2], strict=True)
    )


def load_params(model: MLP, params: Params) -> None:
    """Gives the model the weights of params, and checks that it has them.

    Raises:
      RuntimeError: if names, shapes or dtypes do not fit, or a bit differs afterwards.
    """
    model.load_state_dict(to_state_dict(params), strict=True)
    check_same_bits(model, params)


def check_same_bits(model: MLP, params: Params) -> None:
    """Checks unit by unit that the model holds exactly these weights.

    It reads both sides by what a unit computes with, `weight[j]` in torch and `w[:, j]` here, and
    so finds a forgotten transpose on a square layer too.

    Raises:
      RuntimeError: naming the first parameter that differs.
    """
    for i, (linear, (w, b)) in enumerate(zip(model.layers, params, strict=True), start=1):
        weight = linear.weight.detach().cpu().numpy()
        bias = linear.bias.detach().cpu().numpy()
        w, b = np.asarray(w), np.asarray(b)
        if not all(_same_bits(weight[j], w[:, j]) for j in range(w.shape[1])):
            raise RuntimeError(f"w{i}: torch does not hold the bits it was given")
        if not _same_bits(bias, b):
            raise RuntimeError(f"b{i}: torch does not hold the bits it was given")


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()
