"""Weights and biases as a file, from which `--params` reads the same bits."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compare.formats.layouts import in_layout
from compare.formats.ours import SIGN, sign_archive
from compare.formats.write.npz import write_npz
from jaxmlp.base import Params


def write_params(
    path: Path, params: Params, *, suffix: str, layout: str, biases: Sequence[bool] = ()
) -> None:
    """Writes weights.

    Args:
      path: the file, whatever its name.
      params: leaves [n_in, n_out] and [n_out].
      suffix: '.npz', '.pt', '.pth' or '.safetensors'.
      layout: of the matrices in a `.npz` file, 'in_out' or 'out_in'; other files are out_in.
      biases: whether each layer has one, () if all have; no other is written.
    """
    path.write_bytes(_bytes(suffix, params, layout, biases))


def _bytes(suffix: str, params: Params, layout: str, biases: Sequence[bool]) -> bytes:
    encoders: dict[str, Callable[[], bytes]] = {
        ".npz": lambda: _npz(params, layout, biases),
        ".pt": lambda: _pt(params, biases),
        ".pth": lambda: _pt(params, biases),
        ".safetensors": lambda: _safetensors(params, biases),
    }
    return encoders[suffix]()


def named_params(params: Params, layout: str, biases: Sequence[bool] = ()) -> dict[str, Any]:
    """Returns w1, b1, ..., with the matrices in a layout, and the biases that there are."""
    named = {}
    for i, (w, b) in enumerate(params, start=1):
        named[f"w{i}"] = in_layout(w, layout)
        if not biases or biases[i - 1]:
            named[f"b{i}"] = b
    return named


def _npz(params: Params, layout: str, biases: Sequence[bool]) -> bytes:
    buffer = io.BytesIO()
    write_npz(buffer, named_params(params, layout, biases))
    return buffer.getvalue()


def _pt(params: Params, biases: Sequence[bool]) -> bytes:
    import torch

    from torch_ref.convert import to_state_dict

    buffer = io.BytesIO()
    torch.save(to_state_dict(params, biases), buffer)
    sign_archive(buffer)
    return buffer.getvalue()


def _safetensors(params: Params, biases: Sequence[bool]) -> bytes:
    from safetensors.numpy import save

    from torch_ref.convert import to_array, to_state_dict

    # `save` writes the memory of an array, whatever its strides are.
    tensors = to_state_dict(params, biases)
    state = {k: np.ascontiguousarray(to_array(v)) for k, v in tensors.items()}
    return save(state, metadata={"note": SIGN})
