"""Samples, and labels if there are any, from a file."""

import numpy as np

from compare.errors import UsageError
from compare.readers.exact import exactly
from compare.readers.npz import read_npz


def read_data(
    path: str, *, n_inputs: int, n_outputs: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads x [N, n_inputs] and, where there is one, y [N, n_outputs] from a `.npz` file.

    Raises:
      UsageError: if an array is missing, misnamed, misshapen, pickled or not exact in dtype.
    """
    where = f"--data {path}"
    arrays = read_npz(path, option="--data")
    if "x" not in arrays or not set(arrays) <= {"x", "y"}:
        raise UsageError(
            f"{where}: expected the array x and, if there are labels, y; "
            f"found {' '.join(arrays) or 'none'}"
        )
    converted = {k: exactly(v, dtype, where=f"{where}: {k}") for k, v in arrays.items()}
    return check_data(
        converted["x"], converted.get("y"), n_inputs=n_inputs, n_outputs=n_outputs, where=where
    )


def check_data(
    x: np.ndarray, y: np.ndarray | None, *, n_inputs: int, n_outputs: int, where: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Checks shapes; y [N] is taken as [N, 1] where there is one output.

    Raises:
      UsageError: saying which of the two does not fit the network.
    """
    if x.ndim != 2 or x.shape[1] != n_inputs or not len(x):
        raise UsageError(
            f"{where}: expected x of shape [N, {n_inputs}], a column for every input of the "
            f"network, got {list(x.shape)}"
        )
    if y is None:
        return x, None
    if y.shape == (len(x),) and n_outputs == 1:
        y = y[:, None]
    if y.shape != (len(x), n_outputs):
        raise UsageError(
            f"{where}: expected y of shape [{len(x)}, {n_outputs}], a row for every sample and a "
            f"column for every output, got {list(y.shape)}"
        )
    return x, y
