"""The one bridge between Params [n_in, n_out] and torch's weights [n_out, n_in].

Numbers cross by copy, never as a view, and the crossing is checked bit for bit.
"""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import torch

from jaxmlp.base import Grads, Layer, Params
from torch_ref.mlp import MLP

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)  # which torch does not know; it crosses as integers


def to_tensor(array: np.ndarray, device: torch.device | str | None = None) -> torch.Tensor:
    """Copies an array into a tensor of the same bits, bfloat16 of ml_dtypes into torch's."""
    if array.dtype == _BFLOAT16:
        return torch.tensor(array.view(np.int16), device=device).view(torch.bfloat16)
    return torch.tensor(array, device=device)


def share_tensor(array: np.ndarray) -> torch.Tensor:
    """Returns a tensor in the memory of a writable array."""
    if array.dtype == _BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def to_array(tensor: torch.Tensor) -> np.ndarray:
    """Returns an array of the same bits, which may be in the tensor's memory.

    Raises:
      TypeError: for a dtype that NumPy does not have.
      RuntimeError: for a tensor without memory, such as those in `torch.func.functionalize`, of
        which `Tensor.numpy` would return whatever lies there.
    """
    plain = tensor.detach().cpu()
    is_bfloat16 = plain.dtype == torch.bfloat16
    array = (plain.view(torch.int16) if is_bfloat16 else plain).numpy()
    if plain.numel() and not plain.data_ptr():
        raise RuntimeError("expected a tensor that holds its numbers, got one without memory")
    return array.view(_BFLOAT16) if is_bfloat16 else array


def to_state_dict(params: Params, biases: Sequence[bool] = ()) -> dict[str, torch.Tensor]:
    """Copies params into torch's names and layout; `biases` says which layers have one, () all."""
    state = {}
    for i, (w, b) in enumerate(params):
        state[f"layers.{i}.weight"] = to_tensor(np.ascontiguousarray(np.asarray(w).T))
        if not biases or biases[i]:
            state[f"layers.{i}.bias"] = to_tensor(np.asarray(b))
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
    return tuple(Layer(*map(np.array, layer)) for layer in view_tensors(tensors))


def view_tensors(tensors: Sequence[torch.Tensor]) -> Grads:
    """Returns what `from_tensors` does, but in the memory of the tensors where that is possible."""
    arrays = list(map(to_array, tensors))
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
        weight, bias = to_array(linear.weight), to_array(linear.bias)
        w, b = np.asarray(w), np.asarray(b)
        if not all(_same_bits(weight[j], w[:, j]) for j in range(w.shape[1])):
            raise RuntimeError(f"w{i}: torch does not hold the bits it was given")
        if not _same_bits(bias, b):
            raise RuntimeError(f"b{i}: torch does not hold the bits it was given")


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()
