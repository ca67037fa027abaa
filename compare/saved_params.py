"""The weights of a run as a file that --params reads."""

from pathlib import Path

import numpy as np

from jaxmlp.base import Params


def write_params(path: Path, params: Params, *, suffix: str, layout: str) -> None:
    """Writes weights and biases.

    Args:
      path: the file, under whatever name.
      params: NumPy leaves.
      suffix: '.npz' for w1 b1 ... in `layout`; '.pt', '.pth' or '.safetensors' for a state_dict
        layers.0.weight layers.0.bias ..., which is out_in.
      layout: 'in_out' or 'out_in'.
    """
    if suffix == ".npz":
        with open(path, "wb") as file:
            np.savez(file, **named_params(params, layout))  # type: ignore[arg-type]
        return
    import torch

    from torch_ref import convert

    state = convert.to_state_dict(params)
    if suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(state, path)
    else:
        torch.save(state, path)


def named_params(params: Params, layout: str) -> dict[str, np.ndarray]:
    """Returns w1 [n_in, n_out] or its transpose, b1 [n_out], ..."""
    named = {}
    for i, (w, b) in enumerate(params, start=1):
        named[f"w{i}"] = w if layout == "in_out" else np.ascontiguousarray(w.T)
        named[f"b{i}"] = b
    return named
