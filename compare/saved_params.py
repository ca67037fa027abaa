"""Weights as a file that `--params` reads back to the same bits."""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.readers.safetensors import import_safetensors
from compare.staging import Staging
from jaxmlp.base import Params


@contextlib.contextmanager
def staged_params(path: str | None, params: Params, *, layout: str) -> Iterator[tuple[str, ...]]:
    """Writes weights to a file that appears when the `with` block has ended, unless it raised.

    Args:
      path: ends in .npz, .pt or .safetensors; None for no file.
      params: leaves [n_in, n_out] and [n_out].
      layout: of the matrices in a `.npz` file, 'in_out' or 'out_in'; the others are torch's.

    Yields:
      The names of the files that will appear, one or none.

    Raises:
      UsageError: if the file cannot be written or needs a package that is not installed.
    """
    if path is None:
        yield ()
        return
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"--save_params {path}: expected the name of a file, got that of a folder")
    if file.suffix.lower() == ".safetensors":
        import_safetensors(f"--save_params {path}")
    with Staging(file.parent, option="--save_params") as staging:
        staging.path(file.name).write_bytes(_bytes(file.suffix.lower(), params, layout))
        yield staging.names


def _bytes(suffix: str, params: Params, layout: str) -> bytes:
    encoders: dict[str, Callable[[], bytes]] = {
        ".npz": lambda: _npz(params, layout),
        ".pt": lambda: _pt(params),
        ".safetensors": lambda: _safetensors(params),
    }
    return encoders[suffix]()


def named_params(params: Params, layout: str) -> dict[str, Any]:
    """Returns w1, b1, ..., w in a layout."""
    named = {}
    for i, (w, b) in enumerate(params, start=1):
        named[f"w{i}"] = w if layout == "in_out" else w.T
        named[f"b{i}"] = b
    return named


def _npz(params: Params, layout: str) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **named_params(params, layout))
    return buffer.getvalue()


def _pt(params: Params) -> bytes:
    import torch

    from torch_ref.convert import to_state_dict

    buffer = io.BytesIO()
    torch.save(to_state_dict(params), buffer)
    return buffer.getvalue()


def _safetensors(params: Params) -> bytes:
    from safetensors.numpy import save

    from torch_ref.convert import to_state_dict

    # It writes the memory of an array, whatever its strides are.
    state = {k: np.ascontiguousarray(v.numpy()) for k, v in to_state_dict(params).items()}
    return save(state)
