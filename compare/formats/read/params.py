"""Weights and biases from a file."""

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import convert
from compare.formats.layouts import other_layout
from compare.formats.read.arrays import read_arrays
from compare.formats.read.layer_names import Layers, describe, find_layers
from jaxmlp.base import Layer, Params, check_params


def read_params(path: str, *, layout: str, dtype: np.dtype, cast: bool = False) -> Params:
    """Reads the weights and biases of a `.npz`, `.pt`, `.pth` or `.safetensors` file.

    Args:
      path: the file.
      layout: of the matrices in a `.npz` file, 'in_out' or 'out_in'; torch's formats are out_in.
      dtype: to convert to.
      cast: whether to round what dtype does not have; else that is an error.

    Returns:
      Checked Params with NumPy leaves.

    Raises:
      UsageError: if the file cannot be read, or if an array is misnamed, misshapen, not exact in
        dtype or not finite.
    """
    where = f"--params {path}"
    arrays = read_arrays(path, option="--params")
    named = {}
    for name, array in arrays.named.items():
        named[name] = convert(array, dtype, where=f"{where}: {name}", cast=cast)
        check_finite(named[name], f"{where}: {name}")
    held = arrays.layout or layout

    def fits(layers: Layers) -> bool:
        return _chains(_in_out(_flat(layers), held))

    layers = find_layers(named, layout=held, where=where, fits=fits, ordered=arrays.ordered)
    advice = f"--layout={other_layout(held)}"
    if arrays.layout is not None:
        advice = "[n_in, n_out]; transpose them, or save them as .npz and pass --layout=in_out"
    try:
        return params_from_layers(_flat(layers), layout=held, where=where, advice=advice)
    except UsageError as error:
        raise UsageError(f"{error}; found {describe(named)}") from None


def check_finite(array: np.ndarray, name: str) -> None:
    """Checks that all numbers are finite.

    Raises:
      UsageError: if one is NaN or infinite.
    """
    if not np.isfinite(array).all():
        raise UsageError(f"{name} has entries that are not finite")


def params_from_layers(
    layers: Layers, *, layout: str, where: str, advice: str | None = None
) -> Params:
    """Makes Params of layers (w, b) in a layout.

    Args:
      layers: w [n_in, n_out] if in_out, [n_out, n_in] if out_in; b [n_out].
      layout: 'in_out' or 'out_in'.
      where: the file, to be named in errors.
      advice: how to choose the other layout, for errors where it would fit; None for --layout.

    Raises:
      UsageError: if the shapes do not chain, with a hint if they would in the other layout.
    """
    params = _in_out(layers, layout)
    try:
        check_params(params)
    except ValueError as error:
        hint = ""
        if _chains(_in_out(layers, other_layout(layout))):
            hint = f"; they fit in the other layout, {advice or f'--layout={other_layout(layout)}'}"
        raise UsageError(f"{where}, read as {layout}: {error}{hint}") from None
    return params


def _in_out(layers: Layers, layout: str) -> Params:
    return tuple(
        Layer(np.ascontiguousarray(w.T) if layout == "out_in" and w.ndim == 2 else w, b)
        for w, b in layers
    )


def _flat(layers: Layers) -> Layers:
    """Reshapes a bias [1, n] or [n, 1] to [n]."""
    return [(w, b.reshape(-1) if b.ndim == 2 and 1 in b.shape else b) for w, b in layers]


def _chains(params: Params) -> bool:
    try:
        check_params(params)
    except ValueError:
        return False
    return True
