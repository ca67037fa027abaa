"""`.msgpack` files of Flax: a tree of arrays, as `flax.serialization.to_bytes` writes it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of
from compare.formats.read.errors import readable
from compare.formats.read.layer_names import printable
from compare.formats.read.msgpack import Extension, unpack
from compare.formats.read.opening import open_file

_ARRAY, _SCALAR = 1, 3  # the extensions of Flax that hold numbers
_CHUNKED = "__msgpack_chunked_array__"  # of an array of more than a GiB
_PARAMS = "params"  # of a TrainState, and of a module's variables
_DTYPES = (*FLOAT_DTYPES, *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))


def read_flax(
    path: str, *, option: str, check: Callable[[Mapping[str, np.ndarray]], object] | None = None
) -> dict[str, np.ndarray]:
    """Reads every array below `params`, or of the whole file if there is no such key.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.
      check: as in `read_arrays`.

    Returns:
      name -> array in the file's order; a name is all keys, joined by '/'.

    Raises:
      UsageError: if it is no readable file of Flax, or holds other than arrays of real numbers.
    """
    where = f"{option} {path}"
    damaged = "the .msgpack file is damaged, cut short or not by flax.serialization"
    with readable(where, damaged), open_file(path, where) as file:
        tree = unpack(memoryview(file.read()))
        if isinstance(tree, dict) and isinstance(tree.get(_PARAMS), dict):
            tree = {_PARAMS: tree[_PARAMS]}
        found = dict(_arrays(tree, "", where))
        if check is not None:
            check(found)
        return found


def _arrays(item: Any, name: str, where: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the arrays of a tree with their names; None is no leaf of one."""
    if isinstance(item, Extension) and item.kind in (_ARRAY, _SCALAR):
        yield name, _array(item, f"{where}: {printable(name)}")
    elif isinstance(item, dict) and _CHUNKED in item:
        chunks = dict(_arrays(item["chunks"], "", f"{where}: {printable(name)}"))
        pieces = [chunks[str(i)] for i in range(len(chunks))]
        yield name, np.concatenate(pieces).reshape(_shape([*item["shape"].values()]))
    elif isinstance(item, dict | list):
        for key, inner in item.items() if isinstance(item, dict) else enumerate(item):
            yield from _arrays(inner, f"{name}/{key}" if name else f"{key}", where)
    elif item is not None:
        kind = "an extension" if isinstance(item, Extension) else type(item).__name__
        found = printable(name) if name else "nothing but"
        raise UsageError(f"{where}: expected arrays alone, found {found} ({kind})")


def _array(packed: Extension, where: str) -> np.ndarray:
    match unpack(packed.data):
        case [list(sizes), str(dtype), memoryview() as numbers]:
            shape = _shape(sizes)
        case _:
            raise ValueError("an array is not packed as one")
    if dtype not in _DTYPES:
        raise UsageError(f"{where}: expected real numbers, got dtype {dtype[:40]!r}")
    kind = dtype_of(dtype)
    if len(numbers) != math.prod(shape) * kind.itemsize:
        raise ValueError("an array has another number of bytes than its shape says")
    return np.frombuffer(numbers, kind).reshape(shape)


def _shape(sizes: list[Any]) -> tuple[int, ...]:
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError("a shape is not one")
    return tuple(sizes)
