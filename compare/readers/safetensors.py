"""`.safetensors` files; the package of that name is an extra."""

from typing import Any

import numpy as np

from compare.errors import UsageError


def read_safetensors(path: str, *, option: str) -> dict[str, np.ndarray]:
    """Reads every tensor of a file.

    Raises:
      UsageError: if it cannot be read, or the package is not installed.
    """
    with open_safetensors(path, option=option) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def open_safetensors(path: str, *, option: str) -> Any:
    """Opens a file, of which single tensors and slices of them can be had.

    Raises:
      UsageError: if it cannot be read, or the package is not installed.
    """
    where = f"{option} {path}"
    try:
        import safetensors
    except ImportError:
        raise UsageError(
            f"{where}: reading this takes the package safetensors, which is not installed; "
            'pip install "jaxmlp[safetensors]"'
        ) from None
    try:
        return safetensors.safe_open(path, framework="numpy")
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except safetensors.SafetensorError as error:
        raise UsageError(
            f"{where}: the file is damaged, cut short or of another kind: {error}"
        ) from None
