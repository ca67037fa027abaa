"""Named arrays, in the formats that weights are saved in."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from compare.formats.read.errors import readable, suffix_of
from compare.formats.read.flax import read_flax
from compare.formats.read.layer_names import Ordering, is_of_torch
from compare.formats.read.npz import read_npz
from compare.formats.read.opening import open_file
from compare.formats.read.safetensors import HEAD, is_safetensors, read_safetensors
from compare.formats.read.state_dict import read_state_dict

FORMATS = (".npz", ".pt", ".pth", ".safetensors", ".ckpt", ".bin", ".msgpack")
_OF_EITHER = (".ckpt", ".bin")  # of torch.save or safetensors, told apart by the first bytes

Check = Callable[[Mapping[str, np.ndarray]], object]  # raises for arrays that nobody expects


class Arrays(NamedTuple):
    """All arrays of one file."""

    named: dict[str, np.ndarray]  # in the file's order
    layout: str | None  # 'out_in' where format and names are torch's; None where nothing says it
    likely: str  # the layout that is usual in the format
    ordering: Ordering  # what that order means


def read_arrays(path: str, *, option: str, check: Check | None = None) -> Arrays:
    """Reads every array of a file in one of FORMATS.

    Args:
      path: the file; its suffix says which format it is.
      option: what it was given for, such as '--params', to be named in errors.
      check: is called before numbers are read, with arrays of the right names, dtypes and shapes
        that take no memory, and raises if they are not what is expected.

    Returns:
      The arrays as they are; bfloat16 is that of ml_dtypes.

    Raises:
      UsageError: for another suffix, and for a file that cannot be read.
    """
    suffix = suffix_of(path, FORMATS, f"{option} {path}")
    if suffix == ".npz":
        return Arrays(read_npz(path, option=option, check=check), None, "in_out", "kept")
    if suffix == ".msgpack":
        return Arrays(read_flax(path, option=option, check=check), None, "in_out", "kept")
    if suffix == ".safetensors" or (suffix in _OF_EITHER and _begins_as_safetensors(path, option)):
        named = read_safetensors(path, option=option, check=check)
        return Arrays(named, _layout(named), "out_in", "sorted")
    named = read_state_dict(path, option=option, check=check)
    return Arrays(named, _layout(named), "out_in", "chosen")


def _begins_as_safetensors(path: str, option: str) -> bool:
    where = f"{option} {path}"
    with readable(where), open_file(path, where) as file:
        return is_safetensors(file.read(HEAD))


def _layout(names: Iterable[str]) -> str | None:
    """Returns the layout in a format of torch: that of its modules, if a name is of one."""
    return "out_in" if any(map(is_of_torch, names)) else None
