"""`.npz` archives: named arrays, never pickles.

NumPy has no bfloat16. We write it as float32, with an entry `dtype` that says 'bfloat16'; in files
of others it is raw bytes.
"""

from collections.abc import Callable, Mapping
from typing import IO

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import narrow
from compare.formats.dtypes import dtype_of, restore_bfloat16
from compare.formats.read.errors import readable
from compare.formats.read.npy import MAGIC, read_header
from compare.formats.read.opening import open_file
from compare.formats.read.stored_array import stand_in

DAMAGED = "the .npz archive is damaged, cut short or of an unknown kind"

_WIDENED = "bfloat16"


def read_npz(
    path: str, *, option: str, check: Callable[[Mapping[str, np.ndarray]], object] | None = None
) -> dict[str, np.ndarray]:
    """Reads every array of an archive.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.
      check: as in `read_arrays`.

    Raises:
      UsageError: if it is no readable archive, holds a pickled object, or numbers that are not of
        the dtype that it says.
    """
    where = f"{option} {path}"
    with readable(where, DAMAGED), open_file(path, where) as file:
        check_beginning(file, where)
        with np.load(file, allow_pickle=False) as archive:
            if check is not None:
                check(_stand_ins(archive, where))
            found = {name: _read_array(archive, name, where) for name in archive.files}
            return _narrowed(found, where)


def check_beginning(file: IO[bytes], where: str) -> None:
    """Checks that an open file begins as an archive does.

    Raises:
      UsageError: if it does not.
    """
    if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):  # the latter holds no array
        raise UsageError(f"{where}: expected a .npz archive, as numpy.savez writes it")
    file.seek(0)


def _stand_ins(archive: np.lib.npyio.NpzFile, where: str) -> dict[str, np.ndarray]:
    """Returns what the headers of the arrays say."""
    found = {}
    assert archive.zip is not None  # before it is closed
    for member in archive.zip.namelist():
        name = member.removesuffix(".npy")
        with archive.zip.open(member) as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise UsageError(f"{where}: {name} is no .npy array")
            file.seek(0)
            shape, _, dtype = read_header(file)
            if not (name == "dtype" and dtype.kind == "U"):
                found[name] = stand_in(shape, dtype)
    return found


def _read_array(archive: np.lib.npyio.NpzFile, name: str, where: str) -> np.ndarray:
    try:
        array = archive[name]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise UsageError(
            f"{where}: {name} is a pickled object, which is never loaded; "
            "save plain arrays of numbers"
        ) from None
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{where}: {name} is no .npy array")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)  # '>f4' of another machine
    return restore_bfloat16(native)


def _narrowed(arrays: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
    """Takes numbers back to the dtype that an archive of ours says they have."""
    said = arrays.get("dtype")
    if said is None or said.dtype.kind != "U":
        return arrays
    if said.shape or said.item() != _WIDENED:
        raise UsageError(
            f"{where}: expected {_WIDENED} as the entry dtype, or no such entry, got "
            f"{said.tolist()!r}"
        )
    dtype = dtype_of(_WIDENED)
    return {
        name: narrow(array, dtype, where=f"{where}: {name}")
        for name, array in arrays.items()
        if name != "dtype"
    }
