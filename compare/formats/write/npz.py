"""`.npz` archives of arrays, as NumPy and our readers understand them."""

from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from compare.formats.ours import sign_archive


def write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays of one dtype as an archive that says it is ours.

    NumPy does not know bfloat16, which is widened to float32; an entry `dtype` then says what the
    numbers are, for readers of ours.
    """
    stored: dict[str, Any] = dict(arrays)
    if any(array.dtype.name == "bfloat16" for array in arrays.values()):
        stored = {name: array.astype(np.float32) for name, array in arrays.items()}
        stored["dtype"] = np.array("bfloat16")
    np.savez(file, **stored)
    sign_archive(file)
