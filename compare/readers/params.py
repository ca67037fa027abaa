"""Weights from a file."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError
from compare.readers.arrays import read_arrays
from compare.readers.exact import exactly
from compare.readers.naming import LayerNames, find_layers
from jaxmlp.base import Layer, Params, check_params


def read_params(path: str, *, layout: str, dtype: np.dtype, cast: bool = False) -> Params:
    """Reads the weights and biases of a chain of layers.

    Args:
      path: `.npz`, a state_dict of torch, or `.safetensors`.
      layout: of the weight matrices in an `.npz` file, 'in_out' or 'out_in'; torch's formats are
        out_in, and a kernel, as Flax and Keras call it, is in_out everywhere.
      dtype: to convert to.
      cast: whether to round numbers that dtype does not have.

    Returns:
      Checked Params with NumPy leaves.

    Raises:
      UsageError: if an array is missing, misnamed, misshapen, non-finite, pickled or not exact.
    """
    where = f"--params {path}"
    arrays = read_arrays(path, option="--params")
    read_as = arrays.layout or layout

    def layer(names: LayerNames) -> tuple[np.ndarray, np.ndarray]:
        w, b = (arrays.named[name] for name in names)
        flipped = read_as == "out_in" and "kernel" in names.w.lower()
        return w.T if flipped else w, b

    def fits(layers: Sequence[LayerNames]) -> bool:
        return _chains(_in_out([layer(names) for names in layers], read_as))

    shapes = {name: array.shape for name, array in arrays.named.items()}
    found = find_layers(shapes, where=where, fits=fits)
    layers = []
    for names in found:
        w, b = (
            exactly(array, dtype, where=f"{where}: {name}", cast=cast)
            for array, name in zip(layer(names), names, strict=True)
        )
        for name, array in zip(names, (w, b), strict=True):
            if not np.isfinite(array).all():
                raise UsageError(f"{where}: {name} has entries that are not finite")
        layers.append((w, b))
    return params_from_layers(layers, layout=read_as, where=where, fixed=arrays.layout is not None)


def params_from_layers(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    layout: str,
    where: str,
    fixed: bool = False,
) -> Params:
    """Makes Params of (w, b) in a layout; a bias may be a row or a column.

    Args:
      layers: (w, b), first layer first.
      layout: of every w.
      where: for errors.
      fixed: whether no option can name another layout.

    Raises:
      UsageError: if the shapes do not chain, with a hint if they would in the other layout.
    """
    params = _in_out(layers, layout)
    try:
        check_params(params)
    except ValueError as error:
        other = "out_in" if layout == "in_out" else "in_out"
        hint = ""
        if _chains(_in_out(layers, other)):
            remedy = "transpose them" if fixed else f"pass --layout={other}"
            hint = f"; they fit as {other}: {remedy}"
        raise UsageError(f"{where}, read as {layout}: {error}{hint}") from None
    return params


def _in_out(layers: Sequence[tuple[np.ndarray, np.ndarray]], layout: str) -> Params:
    return tuple(
        Layer(w if layout == "in_out" else np.ascontiguousarray(w.T), _flat(b)) for w, b in layers
    )


def _flat(b: np.ndarray) -> np.ndarray:
    return b.reshape(-1) if b.ndim == 2 and 1 in b.shape else b


def _chains(params: Params) -> bool:
    try:
        check_params(params)
    except ValueError:
        return False
    return True
