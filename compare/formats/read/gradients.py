"""Gradients that exist already: our dumps, what people printed, and arrays in files.

Shape letters: N samples, n_in and n_out the two sides of a layer.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.precision import ARITHMETIC, arithmetic_of, largest_of
from compare.formats.read.arrays import FORMATS, read_arrays
from compare.formats.read.naming import Layers, find_layers
from compare.formats.read.numbers import NamedArray, read_numbers
from compare.formats.read.shaped import fit_shape, fits
from compare.formats.read.unnamed import alike, by_count, stacked
from jaxmlp.base import Grads, Layer, Params, parameter_names

_PREFIX = re.compile(r"^(?:dL?[/_]?d|d_?|grad[_.]?)(?=[wb]_?\d*$)", re.IGNORECASE)  # dL/dw1, dw1
_SUFFIX = re.compile(r"[._]grad$")  # fc1.weight.grad


class _Held(NamedTuple):
    """What a file holds."""

    arrays: Sequence[NamedArray]
    layout: str | None  # that it should have; None where the file does not say
    ordered: bool = True  # whether the order of the arrays means anything


class Given(NamedTuple):
    """The gradients of a file, and how they were understood."""

    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out]
    printed: Grads | None  # half a unit of the last printed digit of each; None: not from print
    order: str | None  # of the parameters, where they were not told apart by name


def read_gradients(path: str, params: Params, *, n: int, layout: str, dtype: np.dtype) -> Given:
    """Reads the per-sample gradients of n samples.

    Args:
      path: a dump of ours, a print, `.npz`, a `.pt` of named tensors, or `.safetensors`.
      params: the weights.
      n: N.
      layout: of matrices where the file does not say and their shapes do not tell.
      dtype: of the arithmetic, where the numbers were read from print or wider arrays hold them.

    Raises:
      UsageError: if it cannot be read, or does not hold these gradients.
    """
    where = f"--gradients {path}"
    held = _read(path)
    for array in held.arrays:
        if array.values.dtype.name not in ARITHMETIC:
            raise UsageError(
                f"{where}: {array.name}: expected floating-point numbers ({', '.join(ARITHMETIC)}),"
                f" got {array.values.dtype}"
            )
    by_print = any(array.half_unit is not None for array in held.arrays)
    read_as = held.layout or layout
    leaves, order = _in_order(held, params, n, where, layout=read_as)
    read_as = _layout([leaf.values.shape for leaf in leaves], params, n, read_as)
    values = _grads([leaf.values for leaf in leaves], params, n, read_as, where)
    if not by_print:
        narrow = arithmetic_of([leaf for layer in values for leaf in layer], dtype)
        return Given(_cast(values, narrow), None, None)
    units = [np.zeros(a.values.shape) if a.half_unit is None else a.half_unit for a in leaves]
    _check_range(values, dtype, where)
    return Given(_cast(values, dtype), _grads(units, params, n, read_as, where), order)


def _read(path: str) -> _Held:
    if Path(path).suffix.lower() in FORMATS:
        found = read_arrays(path, option="--gradients")
        arrays = [NamedArray(name, array) for name, array in found.named.items()]
        return _Held(arrays, found.layout, ordered=found.ordered)
    try:
        numbers = read_numbers(path)
    except UsageError as error:
        raise UsageError(f"--gradients {error}") from None
    return _Held(numbers.arrays, numbers.layout)


def _in_order(
    held: _Held, params: Params, n: int, where: str, *, layout: str
) -> tuple[list[NamedArray], str | None]:
    """Returns the arrays of w1, b1, w2, ..., found by name, or else by count, in what order."""
    printed = any(array.half_unit is not None for array in held.arrays)
    try:
        return _by_name(held, params, n, where, layout=layout, printed=printed), None
    except UsageError:
        if not printed:
            raise
        return by_count(held.arrays, params, n, where)  # words in a print need not be names


def _by_name(
    held: _Held, params: Params, n: int, where: str, *, layout: str, printed: bool
) -> list[NamedArray]:
    """Tells parameters apart by their names, which a print may repeat for every sample.

    Raises:
      UsageError: if those are not the names of these layers.
    """
    by_name: dict[str, list[NamedArray]] = {}
    for array in held.arrays:
        by_name.setdefault(_SUFFIX.sub("", _PREFIX.sub("", array.name or "")), []).append(array)
    repeated = n > 1 and all(alike(same) and len(same) == n for same in by_name.values())
    if printed and repeated:
        named = {name: stacked(same, name) for name, same in by_name.items()}
    else:
        named = {name: same[0] for name, same in by_name.items()}
        for same in by_name.values():
            if len(same) > 1:
                names = " and ".join(str(array.name) for array in same)
                raise UsageError(f"{where}: {names} are named as if they were the same gradient")
    if {name.rstrip("0123456789") for name in named} in ({"w"}, {"b"}):
        raise UsageError(
            f"{where}: expected weights and biases in one file, got {' '.join(named)}, one half of "
            "what --split_dumps writes; write it without"
        )

    def fit(layers: Layers) -> bool:
        shapes = [leaf.shape for layer in layers for leaf in layer]
        return any(_fit(shapes, params, n, one) for one in ("in_out", "out_in"))

    def leaves(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        layers = find_layers(arrays, layout=layout, where=where, fits=fit, ordered=held.ordered)
        return [leaf for layer in layers for leaf in layer]

    values = leaves({name: array.values for name, array in named.items()})
    if len(values) != 2 * len(params):
        raise UsageError(f"{where}: expected {len(params)} layers, found {len(values) // 2}")
    if not printed:
        return [NamedArray(None, leaf) for leaf in values]
    units = leaves({k: a.half_unit for k, a in named.items() if a.half_unit is not None})
    return [NamedArray(None, *both) for both in zip(values, units, strict=True)]


def _layout(shapes: Sequence[tuple[int, ...]], params: Params, n: int, layout: str) -> str:
    """The layout that the shapes have, which is the one given where both would do."""
    other = "out_in" if layout == "in_out" else "in_out"
    fits = _fit(shapes, params, n, layout) or not _fit(shapes, params, n, other)
    return layout if fits else other


def _fit(shapes: Sequence[tuple[int, ...]], params: Params, n: int, layout: str) -> bool:
    expected = _shapes(params, layout)
    return len(shapes) == len(expected) and all(
        fits(_unflattened(found, shape, n), shape, n)
        for found, shape in zip(shapes, expected, strict=True)
    )


def _grads(leaves: Sequence[np.ndarray], params: Params, n: int, layout: str, where: str) -> Grads:
    """Brings arrays of w1, b1, ... into [N, n_in, n_out] and [N, n_out]."""
    names = parameter_names(len(params))
    fitted = [
        fit_shape(leaf.reshape(_unflattened(leaf.shape, shape, n)), shape, n, f"{where}: {name}")
        for leaf, shape, name in zip(leaves, _shapes(params, layout), names, strict=True)
    ]
    return tuple(
        Layer(dw if layout == "in_out" else np.swapaxes(dw, 1, 2), db)
        for dw, db in zip(fitted[::2], fitted[1::2], strict=True)
    )


def _shapes(params: Params, layout: str) -> list[tuple[int, ...]]:
    """Of w1, b1, ... in that layout; b has the same in both."""
    return [
        leaf.shape if layout == "in_out" else leaf.shape[::-1] for one in params for leaf in one
    ]


def _unflattened(found: tuple[int, ...], shape: tuple[int, ...], n: int) -> tuple[int, ...]:
    """The shape that rows of numbers stand for, as savetxt writes them; every other stays."""
    size = int(np.prod(shape))
    rows = ((n, size), (n * size,), (n * shape[0], *shape[1:]))
    return (n, *shape) if found in rows else found


def _check_range(grads: Grads, dtype: np.dtype, where: str) -> None:
    """Refuses printed numbers that the arithmetic does not have, as it cannot have made them."""
    largest = largest_of(dtype)
    for name, leaf in zip(
        parameter_names(len(grads)), (leaf for layer in grads for leaf in layer), strict=True
    ):
        if (np.isfinite(leaf) & (np.abs(leaf) > largest)).any():
            raise UsageError(f"{where}: {name} has numbers too large for {dtype}")


def _cast(grads: Grads, dtype: np.dtype) -> Grads:
    return tuple(Layer(w.astype(dtype), b.astype(dtype)) for w, b in grads)
