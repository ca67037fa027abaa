"""Weights and biases from a file."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import convert
from compare.formats.layouts import other_layout
from compare.formats.read.arrays import FORMATS, Arrays, read_arrays
from compare.formats.read.errors import suffix_of
from compare.formats.read.layer_names import (
    NamedLayer,
    Ordering,
    describe,
    is_kernel,
    kind_of,
    order_layers,
)
from compare.formats.read.text import TEXTS, read_named
from compare.formats.reading import Reading, named_parameters
from jaxmlp.base import Layer, Params, check_params

_MOST_READINGS = 120  # of one file: every order of five layers


class ReadParams(NamedTuple):
    """Weights and biases, and how they were found."""

    params: Params  # checked, with NumPy leaves; a bias that the file does not have is 0
    reading: Reading


class ParamsReadings(NamedTuple):
    """Every way to read weights that gives a network, the most likely first."""

    found: tuple[ReadParams, ...]
    doubt: str | None = None  # what to say of layers whose order nobody has said
    likely: bool = True  # whether the first may be taken all the same
    by_format: bool = False  # whether the layout is that of the format, which nobody has chosen


def read_params(
    path: str, *, layout: str | None, dtype: np.dtype, cast: bool = False
) -> ParamsReadings:
    """Reads the weights and biases of a file of named arrays, of JSON or of a `.csv` table.

    Args:
      path: the file.
      layout: of the matrices, 'in_out' or 'out_in', or None if nobody has said it; those with names
        of torch modules are out_in in torch's formats.
      dtype: to convert to; decimal text is rounded to it once.
      cast: whether to round other numbers that dtype does not have; else that is an error.

    Raises:
      UsageError: if the file cannot be read, or if an array is misnamed, misshapen, not exact in
        dtype or not finite.
    """
    where = f"--params {path}"
    is_text = suffix_of(path, (*FORMATS, *TEXTS), where) in TEXTS
    arrays = _read_text(path) if is_text else _read_arrays(path, where)
    named = {}
    for name, array in arrays.named.items():
        named[name] = convert(array, dtype, where=f"{where}: {name}", cast=cast or is_text)
        check_finite(named[name], f"{where}: {name}")
    named = _unstacked(named)
    advice = None
    if arrays.layout is not None:
        advice = "[n_in, n_out]; transpose them, or save them as .npz and pass --layout=in_out"
    try:
        read = find_params(
            named,
            layout=arrays.layout or layout,
            likely=arrays.likely,
            where=where,
            ordering=arrays.ordering,
            advice=advice,
        )
    except UsageError as error:
        raise UsageError(f"{error}; found {describe(named)}") from None
    return read._replace(by_format=arrays.layout is not None)


def _unstacked(named: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns arrays of all layers, w [L, n, n] and b [L, n], by names without numbers, as L."""
    axes = {"w": 3, "b": 2, None: -1}
    stacked = all(
        array.ndim == axes[kind_of(name)] and not any(map(str.isdigit, name))
        for name, array in named.items()
    )
    shapes = {array.shape[:2] for array in named.values()}
    if not stacked or len(shapes) != 1 or any(len(set(a.shape[1:])) > 1 for a in named.values()):
        return named
    return {f"{name}/{i}": one for name, array in named.items() for i, one in enumerate(array)}


def _read_arrays(path: str, where: str) -> Arrays:
    return read_arrays(path, option="--params", check=lambda one: order_layers(one, where=where))


def _read_text(path: str) -> Arrays:
    return Arrays(read_named(path, option="--params"), None, "in_out", "kept")


def find_params(
    named: Mapping[str, np.ndarray],
    *,
    layout: str | None,
    likely: str = "in_out",
    where: str,
    ordering: Ordering = "kept",
    advice: str | None = None,
) -> ParamsReadings:
    """Finds the networks that named arrays may be.

    Args:
      named: w [n_in, n_out] if in_out, [n_out, n_in] if out_in, and b [n_out] of every layer.
      layout: 'in_out' or 'out_in'; None for either. A kernel of Flax is in_out.
      likely: the one of both that comes first.
      where: the file, to be named in errors.
      ordering: what is known of the order of `named`.
      advice: how to choose the other layout, for errors where it would fit; None for --layout.

    Raises:
      UsageError: if the shapes do not chain, with a hint if they would in the other layout.
    """
    orders = order_layers(named, where=where, ordering=ordering)
    layouts = (likely, other_layout(likely)) if layout is None else (layout,)
    if _same_in_both(named, orders.natural):
        layouts = layouts[:1]
    views = {held: _in_out(named, held) for held in layouts}
    fitting = [
        (order, held)
        for order in orders.candidates()
        for held in layouts
        if _fault(_params(views[held], order)) is None
    ]
    if not fitting:
        in_file = _fault(_params(views[layouts[0]], orders.in_file)) is not None
        shown = orders.in_file if in_file else orders.natural
        raise _unfit(named, shown, layouts[0], where, advice)
    whole = {
        held: {name: np.ascontiguousarray(array) for name, array in views[held].items()}
        for held in {held for _, held in fitting}
    }
    found = tuple(
        ReadParams(_params(whole[held], order), _reading(order, held))
        for order, held in fitting[:_MOST_READINGS]
    )
    if len({order for order, _ in fitting}) == 1:
        return ParamsReadings(found)
    doubt = (
        f"{where}: its layers may stand in more than one order; expected numbers that say it, such "
        f"as w1 b1 w2 b2 or fc1.weight fc1.bias; found {describe(named)}"
    )
    return ParamsReadings(found, doubt, ordering == "kept" and orders.in_file == orders.natural)


def check_finite(array: np.ndarray, name: str) -> None:
    """Checks that all numbers are finite.

    Raises:
      UsageError: if one is NaN or infinite.
    """
    if not np.isfinite(array).all():
        raise UsageError(f"{name} has entries that are not finite")


def _in_out(named: Mapping[str, np.ndarray], layout: str) -> dict[str, np.ndarray]:
    """Returns views: matrices in_out, and a bias [1, n] or [n, 1] as [n]."""
    views = {}
    for name, array in named.items():
        if kind_of(name) == "b":
            views[name] = array.reshape(-1) if array.ndim == 2 and 1 in array.shape else array
        else:
            turned = layout == "out_in" and array.ndim == 2 and not is_kernel(name)
            views[name] = array.T if turned else array
    return views


def _params(arrays: Mapping[str, np.ndarray], order: Sequence[NamedLayer]) -> Params:
    return tuple(Layer(arrays[layer.weight], _bias(arrays, layer)) for layer in order)


def _bias(arrays: Mapping[str, np.ndarray], layer: NamedLayer) -> np.ndarray:
    """Returns the bias of a layer, zeros where it has none."""
    if layer.bias is not None:
        return arrays[layer.bias]
    weight = arrays[layer.weight]
    return np.zeros(weight.shape[-1:], weight.dtype)


def _same_in_both(named: Mapping[str, np.ndarray], layers: Sequence[NamedLayer]) -> bool:
    """Whether the layout makes no difference: to kernels, which are in_out, and to [1, 1]."""
    return all(is_kernel(one.weight) for one in layers) or all(
        named[one.weight].size == 1 for one in layers
    )


def _fault(params: Params) -> ValueError | None:
    """Returns what is wrong first with the shapes of layers, None if they chain."""
    try:
        check_params(params)
    except ValueError as error:
        return error
    return None


def _unfit(
    named: Mapping[str, np.ndarray],
    order: Sequence[NamedLayer],
    layout: str,
    where: str,
    advice: str | None,
) -> UsageError:
    fault, other, hint = _fault(_params(_in_out(named, layout), order)), other_layout(layout), ""
    if _fault(_params(_in_out(named, other), order)) is None:
        hint = f"; they fit in the other layout, {advice or f'--layout={other}'}"
    return UsageError(f"{where}, read as {layout}: {fault}{hint}")


def _reading(order: Sequence[NamedLayer], layout: str) -> Reading:
    labels = tuple(layer.label for layer in order)
    return Reading(
        named_parameters([layer.bias is not None for layer in order]),
        tuple(name for layer in order for name in layer.arrays),
        layout,
        labels if not all(map(str.isdecimal, labels)) else (),
    )
