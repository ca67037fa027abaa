"""Named arrays from whatever holds them: `.npz`, torch's `.pt`, `.safetensors`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError

FORMATS = (".npz", ".pt", ".pth", ".safetensors")


class Arrays(NamedTuple):
    """The arrays of one file, bfloat16 widened to float32."""

    named: dict[str, np.ndarray]  # in the file's order
    layout: str | None  # 'out_in' of torch's formats; None where the file does not say


def read_arrays(path: str, *, option: str) -> Arrays:
    """Reads every array of a file.

    Args:
      path: the file; its suffix says what it is.
      option: what it was given for, such as '--params', to be named in errors.

    Raises:
      UsageError: if it cannot be read, or is damaged, or would have to be unpickled.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".npz":
        from compare.readers.npz import read_npz

        return Arrays(_widened(read_npz(path, option=option)), None)
    if suffix in (".pt", ".pth"):
        from compare.readers.state_dict import read_state_dict

        return Arrays(read_state_dict(path, option=option), "out_in")
    if suffix == ".safetensors":
        from compare.readers.safetensors import read_safetensors

        return Arrays(_widened(read_safetensors(path, option=option)), "out_in")
    expected = f"expected a file that ends in {', '.join(FORMATS)}"
    raise UsageError(f"{option} {path}: {expected}, got {suffix or 'no ending'}")


def _widened(named: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float32) if array.dtype.name == "bfloat16" else array
        for name, array in named.items()
    }
