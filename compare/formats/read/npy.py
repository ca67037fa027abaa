"""`.npy` files: one array, which stays in its file until rows of it are read."""

import numpy as np

from compare.errors import UsageError
from compare.formats.precision import named

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
    try:
        with open(path, "rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise UsageError(f"{where}: expected a .npy file, as numpy.save writes it")
        return named(np.lib.format.open_memmap(path, mode="r"))
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except UsageError:
        raise
    except Exception as error:  # numpy, its tokenizer and mmap raise several kinds
        said = str(error).partition("\n")[0]
        if "Python objects" in said:
            raise UsageError(
                f"{where}: it holds pickled objects, which are never loaded; "
                "save plain arrays of numbers"
            ) from None
        raise UsageError(f"{where}: the .npy file is damaged or cut short: {said}") from None
