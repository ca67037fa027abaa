"""Named arrays, in the formats that weights are saved in."""

from typing import NamedTuple

import numpy as np

from compare.formats.read.errors import suffix_of
from compare.formats.read.npz import read_npz
from compare.formats.read.safetensors import read_safetensors
from compare.formats.read.state_dict import read_state_dict

FORMATS = (".npz", ".pt", ".pth", ".safetensors")


class Arrays(NamedTuple):
    """All arrays of one file."""

    named: dict[str, np.ndarray]  # in the file's order
    layout: str | None  # 'out_in' from torch's formats; None where the file does not say
    ordered: bool = True  # whether its author chose that order: .safetensors sorts by name


def read_arrays(path: str, *, option: str) -> Arrays:
    """Reads every array of a `.npz`, `.pt`, `.pth` or `.safetensors` file.

    Args:
      path: the file; its suffix says which format it is.
      option: what it was given for, such as '--params', to be named in errors.

    Returns:
      The arrays as they are; bfloat16 is that of ml_dtypes.

    Raises:
      UsageError: for another suffix, and for a file that cannot be read.
    """
    suffix = suffix_of(path, FORMATS, f"{option} {path}")
    if suffix == ".npz":
        return Arrays(read_npz(path, option=option), layout=None)
    if suffix in (".pt", ".pth"):
        return Arrays(read_state_dict(path, option=option), layout="out_in")
    return Arrays(read_safetensors(path, option=option), layout="out_in", ordered=False)
