"""`.npz` archives of arrays, as NumPy and our readers understand them."""

from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from compare.formats.ours import sign_archive


def write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays of one dtype as an archive that says it is ours."""
    known, note = as_numpy_knows(arrays)
    named: dict[str, Any] = {**known, **note}
    np.savez(file, **named)
    sign_archive(file)


def as_numpy_knows(
    arrays: Mapping[str, np.ndarray],
) -> tuple[Mapping[str, np.ndarray], dict[str, np.ndarray]]:
    """Returns arrays as an archive has them, and an entry that says what its readers must know.

    NumPy does not know bfloat16, which is widened to float32; an entry `dtype` then says what the
    numbers are, for readers of ours.
    """
    if all(array.dtype.name != "bfloat16" for array in arrays.values()):
        return arrays, {}
    widened = {name: array.astype(np.float32) for name, array in arrays.items()}
    return widened, {"dtype": np.array("bfloat16")}
