"""Samples from a file, and their labels if it has any."""

import itertools
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import convert
from compare.formats.dtypes import restore_bfloat16
from compare.formats.read.csv import read_csv
from compare.formats.read.errors import suffix_of
from compare.formats.read.npy import open_npy
from compare.formats.read.npz import read_npz
from compare.formats.read.safetensors import open_safetensors

_MOST_LISTED = 20  # arrays that are named in an error


class Rows(NamedTuple):
    """A matrix [N, columns], or [N], of which some rows are read at a time."""

    shape: tuple[int, ...]
    read: Callable[[int, int], np.ndarray]  # (start, stop) -> rows start .. stop - 1


class Samples(NamedTuple):
    """The samples and labels of a file, in shapes that fit the network."""

    x: Rows  # [N, d]
    y: Rows | None  # [N, k]


def read_data(
    path: str,
    *,
    n_inputs: int,
    n_outputs: int,
    dtype: np.dtype,
    cast: bool = False,
    classes: bool = False,
) -> Samples:
    """Finds x [N, d] and, where there is one, y [N, k] in a file.

    A `.npz` or `.csv` file is read and converted at once. A `.npy` or `.safetensors` file may be
    larger than memory, so its rows are read and converted when they are asked for.

    Args:
      path: of a `.npz`, `.npy`, `.csv` or `.safetensors` file.
      n_inputs: d.
      n_outputs: k.
      dtype: to convert to; decimal text is rounded to it once.
      cast: whether to round other numbers that dtype does not have; else that is an error.
      classes: whether y may be [N], a class for every sample, where there are several outputs.

    Raises:
      UsageError: if the file cannot be read, or an array in it is misnamed, misshapen, pickled or
        not exact in dtype. Reading rows raises it too.
    """
    where = f"--data {path}"
    suffix = suffix_of(path, tuple(_FORMATS), where)
    stored = _FORMATS[suffix](path, n_inputs, n_outputs, classes)
    _check_names(stored, where)
    x, y = stored["x"].shape, stored["y"].shape if "y" in stored else None
    check_shapes(x, y, n_inputs=n_inputs, n_outputs=n_outputs, where=where, classes=classes)
    converted = {}
    for name, rows in stored.items():
        at = f"{where}: {name}"
        if suffix in (".npz", ".csv"):
            array = rows.read(0, rows.shape[0])
            is_text = suffix == ".csv"
            converted[name] = rows_of(convert(array, dtype, where=at, cast=cast or is_text))
        else:
            converted[name] = _converted(rows, dtype, where=at, cast=cast)
            converted[name].read(0, 1)  # so that a wrong kind of numbers is found at once
    return Samples(converted["x"], converted.get("y"))


def rows_of(array: np.ndarray) -> Rows:
    """Returns the rows of an array, as views."""
    return Rows(array.shape, lambda start, stop: array[start:stop])


def check_shapes(
    x: tuple[int, ...],
    y: tuple[int, ...] | None,
    *,
    n_inputs: int,
    n_outputs: int,
    where: str,
    classes: bool = False,
) -> None:
    """Checks that x is [N, d] and y, if there is one, [N, k]; or [N], of one output or of classes.

    Raises:
      UsageError: naming the one that does not fit the network.
    """
    if len(x) != 2 or x[1] != n_inputs or not x[0]:
        raise UsageError(
            f"{where}: expected x of shape [N, {n_inputs}], a column for every input of the "
            f"network, got {list(x)}"
        )
    columns = (n_outputs, 1) if classes else (n_outputs,)
    fitting = [(x[0], n) for n in columns] + [x[:1]] * (1 in columns)
    if y is not None and y not in fitting:
        of_classes = f", or a class for every sample, [{x[0]}]" * classes
        advice = "; numbers of classes go with a cross-entropy" * (y == x[:1] and not classes)
        raise UsageError(
            f"{where}: expected y of shape [{x[0]}, {n_outputs}], a row for every sample and a "
            f"column for every output{of_classes}, got {list(y)}{advice}"
        )


def _check_names(stored: Collection[str], where: str) -> None:
    if "x" not in stored or not set(stored) <= {"x", "y"}:
        found = [*itertools.islice(stored, _MOST_LISTED)]
        more = f" and {len(stored) - len(found):,} more" * (len(stored) > len(found))
        raise UsageError(
            f"{where}: expected the array x and, if there are labels, y; "
            f"found {' '.join(found) or 'none'}{more}"
        )


def _converted(rows: Rows, dtype: np.dtype, *, where: str, cast: bool) -> Rows:
    def read(start: int, stop: int) -> np.ndarray:
        at = f"{where} of samples {start} to {stop - 1}"
        return convert(rows.read(start, stop), dtype, where=at, cast=cast)

    return rows._replace(read=read)


def _npz(path: str, n_inputs: int, n_outputs: int, classes: bool) -> dict[str, Rows]:
    def check(named: Mapping[str, np.ndarray]) -> None:
        _check_names(named, f"--data {path}")

    return {k: rows_of(v) for k, v in read_npz(path, option="--data", check=check).items()}


def _safetensors(path: str, n_inputs: int, n_outputs: int, classes: bool) -> dict[str, Rows]:
    tensors = open_safetensors(path, option="--data")
    return {k: Rows(one.shape, one.read_rows) for k, one in tensors.items()}


def _npy(path: str, n_inputs: int, n_outputs: int, classes: bool) -> dict[str, Rows]:
    stored = open_npy(path, option="--data")
    rows = Rows(stored.shape, lambda *ends: restore_bfloat16(stored.read_rows(*ends)))
    return _by_position(rows, n_inputs, n_outputs, classes, f"--data {path}")


def _csv(path: str, n_inputs: int, n_outputs: int, classes: bool) -> dict[str, Rows]:
    table = read_csv(path, option="--data")
    labels = table.labels
    if not labels.any():
        return _by_position(rows_of(table.values), n_inputs, n_outputs, classes, f"--data {path}")
    fits = sum(labels) == n_outputs or (classes and sum(labels) == 1)
    if sum(~labels) != n_inputs or not fits:
        raise UsageError(
            f"--data {path}: expected {n_inputs} columns of inputs and {n_outputs} of labels "
            f"(named y or label); got {sum(~labels)} and {sum(labels)} in the header "
            f"{','.join(table.names or ())}"
        )
    return {"x": rows_of(table.values[:, ~labels]), "y": rows_of(table.values[:, labels])}


def _by_position(
    rows: Rows, n_inputs: int, n_outputs: int, classes: bool, where: str
) -> dict[str, Rows]:
    """Takes the first columns as x and what follows, if anything does, as y."""
    both = [n_inputs + n_outputs, *[n_inputs + 1] * (classes and n_outputs > 1)]
    if len(rows.shape) != 2 or rows.shape[1] not in (n_inputs, *both):
        raise UsageError(
            f"{where}: expected {n_inputs} columns of inputs, or {' or '.join(map(str, both))} "
            f"with the labels after them; got shape {list(rows.shape)}"
        )
    found = {"x": _columns(rows, slice(0, n_inputs))}
    if rows.shape[1] > n_inputs:
        found["y"] = _columns(rows, slice(n_inputs, rows.shape[1]))
    return found


def _columns(rows: Rows, columns: slice) -> Rows:
    shape = (rows.shape[0], columns.stop - columns.start)
    return Rows(shape, lambda start, stop: rows.read(start, stop)[:, columns])


_FORMATS = {".npz": _npz, ".npy": _npy, ".csv": _csv, ".safetensors": _safetensors}
