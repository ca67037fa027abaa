"""`.safetensors` files: named arrays, read whole or some rows at a time."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.errors import readable

_REAL = {
    "F64",
    "F32",
    "F16",
    "BF16",
    *(f"{kind}{bits}" for kind in "IU" for bits in (8, 16, 32, 64)),
}


class Tensor(NamedTuple):
    """One array, which stays in its file until it is read."""

    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]
    read_rows: Callable[[int, int], np.ndarray]  # (start, stop) -> rows start .. stop - 1


def read_safetensors(path: str, *, option: str) -> dict[str, np.ndarray]:
    """Reads every array of a file; the arguments are as in `open_safetensors`.

    Raises:
      UsageError: if it is no readable `.safetensors` file or holds other than real numbers.
    """
    return {name: one.read() for name, one in open_safetensors(path, option=option).items()}


def open_safetensors(path: str, *, option: str) -> dict[str, Tensor]:
    """Finds the arrays of a file without reading them.

    Args:
      path: the file.
      option: what it was given for, such as '--data', to be named in errors.

    Raises:
      UsageError: as in `read_safetensors`.
    """
    where = f"{option} {path}"
    import_safetensors(where)
    import ml_dtypes  # noqa: F401  (teaches NumPy bfloat16)
    from safetensors import safe_open

    with readable(where, "the .safetensors file is damaged, cut short or of an unknown kind"):
        with open(path, "rb"):
            pass  # safetensors says nothing clear of a folder
        file = safe_open(path, framework="np")
        return {name: _tensor(file, name, where) for name in file.offset_keys()}


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


def _tensor(file: Any, name: str, where: str) -> Tensor:
    stored = file.get_slice(name)
    if stored.get_dtype() not in _REAL:
        raise UsageError(f"{where}: {name}: expected real numbers, got dtype {stored.get_dtype()}")
    return Tensor(
        tuple(stored.get_shape()),
        lambda: file.get_tensor(name),
        lambda start, stop: stored[start:stop],
    )
