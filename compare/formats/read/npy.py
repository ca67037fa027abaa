"""`.npy` files: one array, which stays in its file until rows of it are read."""

import os
from typing import IO

import numpy as np

from compare.errors import UsageError
from compare.formats.read.errors import readable
from compare.formats.read.opening import open_file
from compare.formats.read.stored_array import HeldFile, StoredArray

MAGIC = b"\x93NUMPY"
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def open_npy(path: str, *, option: str) -> StoredArray:
    """Finds the array of a file without reading it.

    Args:
      path: the file.
      option: what it was given for, such as '--data', to be named in errors.

    Raises:
      UsageError: if it is no readable `.npy` file or holds pickled objects.
    """
    where = f"{option} {path}"
    damaged = "the .npy file is damaged or cut short"
    with readable(where, damaged), open_file(path, where) as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise UsageError(f"{where}: expected a .npy file, as numpy.save writes it")
        file.seek(0)
        shape, by_columns, dtype = read_header(file)
        if dtype.hasobject:
            raise UsageError(
                f"{where}: it holds pickled objects, which are never loaded; "
                "save plain arrays of numbers"
            )
        held = HeldFile(path)
        found = StoredArray(held, where, file.tell(), shape, dtype, by_columns)
        if found.end > os.fstat(file.fileno()).st_size:
            raise ValueError("it ends before its numbers do")
        return found


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Reads the header of a `.npy` file, or of a member of a `.npz` archive.

    Returns:
      The shape, whether numbers are in Fortran's order, and the dtype.

    Raises:
      ValueError: for a header that cannot be read.
    """
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"expected a file of version 1 or 2, got {version[0]}.{version[1]}")
    return _READERS[version](file)
