"""Weights and biases as a file, from which `--params` reads the same bits."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compare.formats.layouts import in_layout
from compare.formats.ours import SIGN, sign_archive
from compare.formats.write.npz import write_npz
from jaxmlp.base import Params


def write_params(path: Path, params: Params, *, suffix: str, layout: str) -> None:
    """Writes weights.

    Args:
      path: the file, whatever its name.
      params: leaves [n_in, n_out] and [n_out].
      suffix: '.npz', '.pt', '.pth' or '.safetensors'.
      layout: of the matrices in a `.npz` file, 'in_out' or 'out_in'; other files are out_in.
    """
    path.write_bytes(_bytes(suffix, params, layout))


def _bytes(suffix: str, params: Params, layout: str) -> bytes:
    encoders: dict[str, Callable[[], bytes]] = {
        ".npz": lambda: _npz(params, layout),
        ".pt": lambda: _pt(params),
        ".pth": lambda: _pt(params),
        ".safetensors": lambda: _safetensors(params),
    }
    return encoders[suffix]()


def named_params(params: Params, layout: str) -> dict[str, Any]:
    """Returns w1, b1, ..., with the matrices in a layout."""
    named = {}
    for i, (w, b) in enumerate(params, start=1):
        named[f"w{i}"] = in_layout(w, layout)
        named[f"b{i}"] = b
    return named


def _npz(params: Params, layout: str) -> bytes:
    buffer = io.BytesIO()
    write_npz(buffer, named_params(params, layout))
    return buffer.getvalue()


def _pt(params: Params) -> bytes:
    import torch

    from torch_ref.convert import to_state_dict

    buffer = io.BytesIO()
    torch.save(to_state_dict(params), buffer)
    sign_archive(buffer)
    return buffer.getvalue()


def _safetensors(params: Params) -> bytes:
    from safetensors.numpy import save

    from torch_ref.convert import to_array, to_state_dict

    # `save` writes the memory of an array, whatever its strides are.
    state = {k: np.ascontiguousarray(to_array(v)) for k, v in to_state_dict(params).items()}
    return save(state, metadata={"note": SIGN})
