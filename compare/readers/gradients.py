"""Gradients that exist already: our dumps, what people printed, and arrays in files.

Shape letters: N samples, n_in and n_out the two sides of a layer.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.readers.arrays import FORMATS, Arrays, read_arrays
from compare.readers.naming import Layers, find_layers
from compare.readers.numbers import NamedArray, read_numbers
from compare.readers.precision import ARITHMETIC, arithmetic_of
from compare.readers.shaped import fit_shape, fits
from jaxmlp.base import Grads, Layer, Params, parameter_names

_PREFIX = re.compile(r"^(?:dL?[/_]?d|d_?|grad[_.]?)(?=[wb]_?\d)", re.IGNORECASE)  # dL/dw1, dw1
_SUFFIX = re.compile(r"[._]grad$")  # fc1.weight.grad


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
      dtype: of the arithmetic, where the numbers were read from print.

    Raises:
      UsageError: if it cannot be read, or does not hold these gradients.
    """
    where = f"--gradients {path}"
    arrays, file = _read(path)
    for array in arrays:
        if array.values.dtype.name not in ARITHMETIC:
            raise UsageError(
                f"{where}: {array.name}: expected floating-point numbers, got {array.values.dtype}"
            )
    by_print = any(array.half_unit is not None for array in arrays)
    leaves, order = _in_order(
        arrays, params, n, where, layout=file.layout or layout, ordered=file.ordered
    )
    shapes = [leaf.values.shape for leaf in leaves]
    read_as = file.layout or _layout(shapes, params, n, layout)
    values = _grads([leaf.values for leaf in leaves], params, n, read_as, where)
    if not by_print:
        narrow = arithmetic_of([leaf for layer in values for leaf in layer])
        return Given(_cast(values, narrow), None, None)
    units = [np.zeros(a.values.shape) if a.half_unit is None else a.half_unit for a in leaves]
    return Given(_cast(values, dtype), _grads(units, params, n, read_as, where), order)


def _read(path: str) -> tuple[list[NamedArray], Arrays]:
    """Every array of the file; as Arrays too, which say what is known of layout and order."""
    if Path(path).suffix.lower() in FORMATS:
        found = read_arrays(path, option="--gradients")
        return [NamedArray(name, array) for name, array in found.named.items()], found
    numbers = read_numbers(path)
    return list(numbers.arrays), Arrays({}, numbers.layout)


def _in_order(
    arrays: Sequence[NamedArray],
    params: Params,
    n: int,
    where: str,
    *,
    layout: str,
    ordered: bool,
) -> tuple[list[NamedArray], str | None]:
    """Returns the arrays of w1, b1, w2, ..., found by name, or else by count, in what order."""
    by_name: dict[str, list[NamedArray]] = {}
    for array in arrays:
        by_name.setdefault(_SUFFIX.sub("", _PREFIX.sub("", array.name or "")), []).append(array)
    named = {name: held[0] for name, held in by_name.items()}
    if n > 1 and all(_alike(held) and len(held) == n for held in by_name.values()):
        named = {name: _stacked(held) for name, held in by_name.items()}  # sample after sample

    def fit(layers: Layers) -> bool:
        shapes = [leaf.shape for layer in layers for leaf in layer]
        return any(_fit(shapes, params, n, layout) for layout in ("in_out", "out_in"))

    def leaves(held: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        layers = find_layers(held, layout=layout, where=where, fits=fit, ordered=ordered)
        return [leaf for layer in layers for leaf in layer]

    try:
        if "" in named or any(len(held) not in (1, n) for held in by_name.values()):
            raise UsageError(f"{where}: some arrays have no name")
        values = leaves({name: array.values for name, array in named.items()})
    except UsageError:
        if any(array.half_unit is None for array in arrays):
            raise
        return _by_count(arrays, params, n, where)  # words in a print need not be names
    if len(values) != 2 * len(params):
        raise UsageError(f"{where}: expected {len(params)} layers, found {len(values) // 2}")
    if any(array.half_unit is None for array in arrays):
        return [NamedArray(None, leaf) for leaf in values], None
    units = leaves(
        {k: array.half_unit for k, array in named.items() if array.half_unit is not None}
    )
    return [NamedArray(None, *both) for both in zip(values, units, strict=True)], None


def _by_count(
    arrays: Sequence[NamedArray], params: Params, n: int, where: str
) -> tuple[list[NamedArray], str]:
    """Tells parameters apart by how many numbers they have.

    They come as w1 b1 w2 b2 or w1 w2 b1 b2, with an array for each parameter or for each of every
    sample; however else the numbers are arranged, they are taken sample by sample, w1 b1 w2 b2.
    """
    names = parameter_names(len(params))
    sizes = dict(zip(names, (leaf.size for layer in params for leaf in layer), strict=True))
    found = [array.values.size for array in arrays]
    one_sample = sum(sizes.values())
    for order in (names, names[::2] + names[1::2]):
        expected = [sizes[name] for name in order]
        if found == [n * size for size in expected]:
            return _sorted(order, arrays), " ".join(order)
        if found == expected * n:
            groups = [arrays[i :: len(names)] for i in range(len(names))]
            return _sorted(order, [_stacked(group) for group in groups]), " ".join(order)
    if sum(found) == n * one_sample:
        return _split(arrays, sizes, n), " ".join(names)
    shapes = [list(leaf.shape) for layer in params for leaf in layer]
    each = ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
    raise UsageError(
        f"{where}: expected {n} x {one_sample} numbers, for every sample {each}; found "
        f"{sum(found)} in arrays of {', '.join(map(str, found))}"
        + (f"; pass --samples={sum(found) // one_sample}" if sum(found) % one_sample == 0 else "")
    )


def _sorted(order: Sequence[str], arrays: Sequence[NamedArray]) -> list[NamedArray]:
    """Brings arrays that stand for these names into the order w1, b1, w2, ..."""
    by_name = dict(zip(order, arrays, strict=True))
    return [by_name[name] for name in parameter_names(len(order) // 2)]


def _alike(arrays: Sequence[NamedArray]) -> bool:
    return len({array.values.shape for array in arrays}) == 1


def _stacked(arrays: Sequence[NamedArray]) -> NamedArray:
    """Puts the arrays of several samples into one; they were printed."""
    values = np.stack([array.values.reshape(-1) for array in arrays])
    units = [array.half_unit.reshape(-1) for array in arrays if array.half_unit is not None]
    shape = (len(arrays), *arrays[0].values.shape)
    return NamedArray(None, values.reshape(shape), np.stack(units).reshape(shape))


def _split(arrays: Sequence[NamedArray], sizes: dict[str, int], n: int) -> list[NamedArray]:
    """Cuts samples of all parameters in a row."""
    ends = np.cumsum(list(sizes.values()))[:-1]

    def cut(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
        whole = np.concatenate([part.reshape(-1) for part in parts]).reshape(n, -1)
        return np.split(whole, ends, axis=1)

    units = [array.half_unit for array in arrays if array.half_unit is not None]
    return [
        NamedArray(None, *both)
        for both in zip(cut([array.values for array in arrays]), cut(units), strict=True)
    ]


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
    """The shape that a row of numbers stands for; every other stays."""
    size = int(np.prod(shape))
    return (n, *shape) if found in ((n, size), (n * size,)) else found


def _cast(grads: Grads, dtype: np.dtype) -> Grads:
    return tuple(Layer(w.astype(dtype), b.astype(dtype)) for w, b in grads)
