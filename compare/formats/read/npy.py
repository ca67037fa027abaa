"""`.npy` files: one array, which stays in its file until rows of it are read."""

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import restore_bfloat16
from compare.formats.read.errors import readable

_MAGIC = b"\x93NUMPY"


def map_npy(path: str, *, option: str) -> np.ndarray:
    """Maps an array into memory, read-only; pickled objects cannot be mapped, and so are refused.

    Args:
      path: the file.
      option: what it was given for, such as '--data', to be named in errors.

    Raises:
      UsageError: if it is no readable `.npy` file or holds pickled objects.
    """
    where = f"{option} {path}"
    with readable(where, damaged="the .npy file is damaged or cut short"):
        with open(path, "rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise UsageError(f"{where}: expected a .npy file, as numpy.save writes it")
        try:
            return restore_bfloat16(np.lib.format.open_memmap(path, mode="r"))
        except ValueError as error:
            if "Python objects" not in str(error):
                raise
            raise UsageError(
                f"{where}: it holds pickled objects, which are never loaded; "
                "save plain arrays of numbers"
            ) from None
