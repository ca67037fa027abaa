"""Gradients of an earlier run, kept in a file to hold later ones against.

The file is a `.npz` archive of plain arrays: `NAME/w1` [N, n_in, n_out], `NAME/b1` [N, n_out], ...
for every implementation, and `about`, a JSON text that says of what and on what they were computed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import narrow, widen
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of
from compare.formats.read.stored_array import StoredArray
from compare.formats.read.stored_npz import open_npz
from compare.formats.write.growing_npz import GrowingNpz
from compare.implementations.environment import all_settings
from compare.problem.answers import Answer
from compare.problem.blocks import block_size
from compare.problem.problem import Problem
from compare.results import Report
from jaxmlp.base import Layer

_END = {"output": "linear", "loss": "squared", "l2": 0.0}  # of a file that says nothing of it
_IDENTITY = ("layer_sizes", "activation", *_END, "samples", "dtype", "weights", "data")


class Baseline(NamedTuple):
    """What an earlier run has found for the same weights and samples."""

    path: str
    environment: dict[str, Any]  # as `describe_environment` gives it
    certified: dict[str, int]  # implementation -> samples
    # implementation -> (start, stop) -> gradients of samples start .. stop - 1
    answers: dict[str, Callable[[int, int], Answer]]


class BaselineWriter:
    """Writes the gradients of a run, a block at a time; `finish` makes a baseline of them."""

    def __init__(self, file: IO[bytes], problem: Problem) -> None:
        """Takes an empty file."""
        self._archive = GrowingNpz(file, problem.n_samples)
        self._problem = problem

    def add(self, grads: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Writes the next block: implementation -> parameter -> [N, ...], in_out."""
        self._archive.add(
            {
                f"{name}/{parameter}": widen(array)
                for name, arrays in grads.items()
                for parameter, array in arrays.items()
            }
        )

    def finish(self, report: Report) -> None:
        """Adds what the report says of all blocks, after the last one."""
        about = {
            **_identity(self._problem),
            "environment": report.environment,
            "implementations": {
                one.name: {
                    "dtype": one.dtype,
                    "certified": one.certificate.certified,
                    "failed": one.certificate.failed,
                    "silent": one.certificate.silent,
                }
                for one in report.implementations
            },
        }
        self._archive.finish(about=np.array(json.dumps(about)))


def read_baseline(path: str, problem: Problem) -> Baseline:
    """Reads a file that `BaselineWriter` has written.

    Raises:
      UsageError: if there is no such file, or it is of other weights or samples.
    """
    where = f"--baseline {path}"
    if not Path(path).exists():
        raise UsageError(f"{where}: there is no such file; --save_baseline={path} writes it")
    arrays = open_npz(path, option="--baseline")
    try:
        about = _about(arrays)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise UsageError(
            f"{where}: expected a file that --save_baseline has written, got another archive"
        ) from None
    for key, here in _identity(problem).items():
        if about[key] != here:
            raise UsageError(f"{where}: {_other(key, about[key], here)}")
    known = about["implementations"]
    return Baseline(
        path,
        environment=about["environment"],
        certified={name: one["certified"] for name, one in known.items()},
        answers={
            name: _rows_of(arrays, name, problem, dtype_of(one["dtype"]), where)
            for name, one in known.items()
        },
    )


def _about(arrays: Mapping[str, StoredArray]) -> dict[str, Any]:
    """Returns what a file says of itself; raises one of many errors if it says anything else."""
    about = {**_END, **json.loads(str(arrays["about"].read()[()]))}
    environment, known = about["environment"], about["implementations"]
    conditions = {**environment["versions"], **all_settings(environment)}
    sound = [
        len(known) > 0,
        all(isinstance(one, str) for one in conditions.values()),
        all(one["dtype"] in FLOAT_DTYPES for one in known.values()),
        all(type(one["certified"]) is int for one in known.values()),
        all(0 <= one["certified"] <= about["samples"] for one in known.values()),
        all(key in about for key in _IDENTITY),
    ]
    if not all(sound):
        raise ValueError
    return dict(about)


def _rows_of(
    arrays: Mapping[str, StoredArray], name: str, problem: Problem, dtype: np.dtype, where: str
) -> Callable[[int, int], Answer]:
    """Returns a function that reads the gradients of samples start .. stop - 1."""
    kept_as = np.dtype(np.float64 if dtype == np.float64 else np.float32)

    def find(parameter: str, like: np.ndarray) -> StoredArray:
        expected = (problem.n_samples, *like.shape)
        array = arrays.get(f"{name}/{parameter}")
        if array is None or array.shape != expected or _native(array.dtype) != kept_as:
            raise UsageError(
                f"{where}: expected floating-point numbers of shape {list(expected)} as "
                f"{name}/{parameter}, got {_shown(array)}; is it damaged?"
            )
        return array._replace(where=f"{where}: {name}/{parameter}")

    layers = list(enumerate(problem.params, start=1))
    ws = [find(f"w{i}", w) for i, (w, _) in layers]
    bs = [find(f"b{i}", b) if problem.network.has_bias(i - 1) else None for i, (_, b) in layers]

    def rows_of(start: int, stop: int) -> Answer:
        def take(array: StoredArray | None) -> np.ndarray:
            if array is None:
                return np.zeros((stop - start, 0), dtype)
            rows = array.read_rows(start, stop).astype(kept_as, copy=False)
            return narrow(rows, dtype, where=array.where)

        return Answer(tuple(Layer(take(w), take(b)) for w, b in zip(ws, bs, strict=True)))

    if dtype != kept_as:  # so that what it does not have is found before anything is computed
        for block in _blocks(problem):
            rows_of(*block)
    return rows_of


def _native(dtype: np.dtype) -> np.dtype:
    """The dtype in this machine's order of bytes."""
    return dtype.newbyteorder("=")


def _shown(array: StoredArray | None) -> str:
    return "none" if array is None else f"{array.dtype} of shape {list(array.shape)}"


def _identity(problem: Problem) -> dict[str, Any]:
    """What has to be the same for gradients to be held against each other, in JSON's types."""
    weights, data = hashlib.sha256(), hashlib.sha256()
    for leaf in (leaf for layer in problem.params for leaf in layer):
        weights.update(leaf.tobytes())
    for block in _blocks(problem):
        for array in problem.batch(*block):
            data.update(array.tobytes())
    found = (
        list(problem.layer_sizes),
        ",".join(dict.fromkeys(problem.network.activations)),
        problem.network.output,
        problem.network.loss,
        problem.network.l2,
        problem.n_samples,
        problem.dtype.name,
        weights.hexdigest(),
        data.hexdigest(),
    )
    return dict(zip(_IDENTITY, found, strict=True))


def _blocks(problem: Problem) -> Iterator[tuple[int, int]]:
    """Yields the first sample of each block, and the first one behind it."""
    size = block_size(problem)
    for start in range(0, problem.n_samples, size):
        yield start, min(start + size, problem.n_samples)


def _other(key: str, then: Any, here: Any) -> str:
    if key == "weights":
        return "it was made with other weights; pass the same --params, or --init and --seed"
    if key == "data":
        return "it was made with other samples; pass the same --data, or --seed"
    return (
        f"it was made with --{key}={_typed(then)}, and this run has {_typed(here)}; pass the same"
    )


def _typed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
