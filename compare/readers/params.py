"""Weights from a file."""

import re

import numpy as np

from compare.errors import UsageError
from compare.readers.npz import exactly, read_npz
from jaxmlp.base import Layer, Params, check_params, parameter_names


def read_params(path: str, *, layout: str, dtype: np.dtype) -> Params:
    """Reads w1 b1 w2 b2 ... from a `.npz` file.

    Args:
      path: the file.
      layout: of its weight matrices, 'in_out' or 'out_in'.
      dtype: to convert to, without rounding.

    Returns:
      Checked Params with NumPy leaves.

    Raises:
      UsageError: if an array is missing, misnamed, misshapen, non-finite or pickled.
    """
    where = f"--params {path}"
    arrays = read_npz(path, option="--params")
    n_layers = sum(bool(re.fullmatch(r"w\d+", name)) for name in arrays) or 1
    names = parameter_names(n_layers)
    if set(names) != set(arrays):
        raise UsageError(
            f"{where}: expected the arrays w1 b1 w2 b2 ... and no other, "
            f"found {' '.join(arrays) or 'none'}"
        )
    for name in names:
        arrays[name] = exactly(arrays[name], dtype, where=f"{where}: {name}")
        if not np.isfinite(arrays[name]).all():
            raise UsageError(f"{where}: {name} has entries that are not finite")
    layers = [(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(1, n_layers + 1)]
    return params_from_layers(layers, layout=layout, where=where)


def params_from_layers(
    layers: list[tuple[np.ndarray, np.ndarray]], *, layout: str, where: str
) -> Params:
    """Makes Params of (w, b) in a layout.

    Raises:
      UsageError: if the shapes do not chain, with a hint if they would in the other layout.
    """
    as_given = tuple(Layer(w, b) for w, b in layers)
    transposed = tuple(Layer(np.ascontiguousarray(w.T), b) for w, b in layers)
    params, other = (as_given, transposed) if layout == "in_out" else (transposed, as_given)
    try:
        check_params(params)
    except ValueError as error:
        hint = ""
        if _chains(other):
            hint = f"; they fit in the other layout, --layout={_other(layout)}"
        raise UsageError(f"{where}, read as {layout}: {error}{hint}") from None
    return params


def _other(layout: str) -> str:
    return "out_in" if layout == "in_out" else "in_out"


def _chains(params: Params) -> bool:
    try:
        check_params(params)
    except ValueError:
        return False
    return True
