"""`.safetensors` files: named arrays, read whole or some rows at a time."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import dtype_of
from compare.formats.read.errors import readable
from compare.formats.read.opening import open_file
from compare.formats.read.stored_array import HeldFile, StoredArray

_SIZE = 8  # bytes at the beginning: how long the header is
HEAD = _SIZE + 1  # bytes by which a file is known
_DTYPES = {
    "BF16": "bfloat16",
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


def is_safetensors(head: bytes) -> bool:
    """Whether a file begins so: with the length of a header, and the header, which is JSON."""
    return len(head) >= HEAD and head[_SIZE : _SIZE + 1] == b"{" and head[_SIZE - 1] == 0


def read_safetensors(
    path: str, *, option: str, check: Callable[[Mapping[str, np.ndarray]], object] | None = None
) -> dict[str, np.ndarray]:
    """Reads every array of a file.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.
      check: as in `read_arrays`.

    Raises:
      UsageError: if it is no readable `.safetensors` file or holds other than real numbers.
    """
    found = open_safetensors(path, option=option)
    if check is not None:
        check({name: one.stand_in() for name, one in found.items()})
    with readable(f"{option} {path}"):
        return {name: one.read() for name, one in found.items()}


def open_safetensors(path: str, *, option: str) -> dict[str, StoredArray]:
    """Finds the arrays of a file without reading them.

    Args:
      path: the file.
      option: what it was given for, such as '--data', to be named in errors.

    Raises:
      UsageError: as in `read_safetensors`.
    """
    where = f"{option} {path}"
    import_safetensors(where)
    from safetensors import safe_open

    damaged = "the .safetensors file is damaged, cut short or of an unknown kind"
    with (
        readable(where, damaged),
        open_file(path, where) as file,
        safe_open(path, framework="np") as checked,
    ):
        # The library has checked the header, and maps numbers into memory; we read them.
        size = int.from_bytes(file.read(_SIZE), "little")
        header = json.loads(file.read(size))
        held = HeldFile(path)
        return {
            name: _array(held, header[name], _SIZE + size, f"{where}: {name}")
            for name in checked.offset_keys()
        }


def import_safetensors(where: str) -> None:
    """Loads the package, which is an extra.

    Raises:
      UsageError: if it is not installed.
    """
    try:
        import safetensors  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError(
            f"{where}: .safetensors needs the package safetensors, which is not installed; "
            "pip install jaxmlp[safetensors]"
        ) from None


def _array(held: HeldFile, entry: Any, start: int, where: str) -> StoredArray:
    """Returns the array of one entry of the header; numbers begin at `start`."""
    dtype = _DTYPES.get(entry["dtype"])
    if dtype is None:
        raise UsageError(f"{where}: expected real numbers, got dtype {entry['dtype']}")
    offset = start + entry["data_offsets"][0]
    return StoredArray(held, where, offset, tuple(entry["shape"]), dtype_of(dtype))
