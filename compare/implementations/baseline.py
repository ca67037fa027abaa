"""Gradients of an earlier run, kept in a file to hold later ones against.

The file is a `.npz` archive of plain arrays: `NAME/w1` [N, n_in, n_out], `NAME/b1` [N, n_out], ...
for every implementation, and `about`, a JSON text that says of what and on what they were computed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import narrow, widen
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of
from compare.formats.read.npz import read_npz
from compare.formats.write.npz import write_npz
from compare.implementations.environment import all_settings
from compare.problem.answers import Answer
from compare.problem.blocks import block_size
from compare.problem.problem import Problem
from compare.results import Report
from jaxmlp.base import Layer, parameter_count

_MOST_ENTRIES = 2**27  # of all implementations together: a gigabyte of float64
_END = {"output": "linear", "loss": "squared", "l2": 0.0}  # of a file that says nothing of it
_IDENTITY = ("layer_sizes", "activation", *_END, "samples", "dtype", "weights", "data")


class Baseline(NamedTuple):
    """What an earlier run has found for the same weights and samples."""

    path: str
    environment: dict[str, Any]  # as `describe_environment` gives it
    certified: dict[str, int]  # implementation -> samples
    answers: dict[str, Answer]  # of all samples


class BaselineWriter:
    """Collects the gradients of a run; `write` makes a file of them."""

    def __init__(self, problem: Problem, n_implementations: int) -> None:
        """Checks that they can be kept.

        Raises:
          UsageError: if there are too many.
        """
        entries = parameter_count(problem.layer_sizes) * problem.n_samples * n_implementations
        if entries > _MOST_ENTRIES:
            raise UsageError(
                f"--save_baseline: expected at most {_MOST_ENTRIES:,} numbers to keep, got "
                f"{entries:,}, every gradient of every implementation; take fewer --samples"
            )
        self._problem = problem
        self._blocks: dict[str, list[Mapping[str, np.ndarray]]] = {}

    def add(self, grads: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Takes the next block: implementation -> parameter -> [N, ...], in_out."""
        for name, arrays in grads.items():
            self._blocks.setdefault(name, []).append(arrays)

    def write(self, path: Path, report: Report) -> None:
        """Writes all that was taken, with what the report says of it."""
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
        arrays = {"about": np.array(json.dumps(about))}
        for name, blocks in self._blocks.items():
            for parameter in blocks[0]:
                whole = np.concatenate([one[parameter] for one in blocks])
                arrays[f"{name}/{parameter}"] = widen(np.asarray(whole, order="C"))
        with open(path, "wb") as file:
            write_npz(file, arrays)


def read_baseline(path: str, problem: Problem) -> Baseline:
    """Reads a file that `BaselineWriter.write` has written.

    Raises:
      UsageError: if there is no such file, or it is of other weights or samples.
    """
    where = f"--baseline {path}"
    if not Path(path).exists():
        raise UsageError(f"{where}: there is no such file; --save_baseline={path} writes it")
    arrays = read_npz(path, option="--baseline")
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
            name: Answer(_grads(arrays, name, problem, dtype_of(one["dtype"]), where))
            for name, one in known.items()
        },
    )


def _about(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Returns what a file says of itself; raises one of many errors if it says anything else."""
    about = {**_END, **json.loads(str(arrays["about"][()]))}
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


def _grads(
    arrays: Mapping[str, np.ndarray], name: str, problem: Problem, dtype: np.dtype, where: str
) -> tuple[Layer, ...]:
    kept_as = np.dtype(np.float64 if dtype == np.float64 else np.float32)

    def take(parameter: str, like: np.ndarray) -> np.ndarray:
        expected = (problem.n_samples, *like.shape)
        array = arrays.get(f"{name}/{parameter}")
        if array is None or array.shape != expected or array.dtype != kept_as:
            raise UsageError(
                f"{where}: expected floating-point numbers of shape {list(expected)} as "
                f"{name}/{parameter}, got {_shown(array)}; is it damaged?"
            )
        return narrow(array, dtype, where=f"{where}: {name}/{parameter}")

    def take_bias(i: int, like: np.ndarray) -> np.ndarray:
        if problem.network.has_bias(i - 1):
            return take(f"b{i}", like)
        return np.zeros((problem.n_samples, len(like)), dtype)

    layers = enumerate(problem.params, start=1)
    return tuple(Layer(take(f"w{i}", w), take_bias(i, b)) for i, (w, b) in layers)


def _shown(array: np.ndarray | None) -> str:
    return "none" if array is None else f"{array.dtype} of shape {list(array.shape)}"


def _identity(problem: Problem) -> dict[str, Any]:
    """What has to be the same for gradients to be held against each other, in JSON's types."""
    weights, data = hashlib.sha256(), hashlib.sha256()
    for leaf in (leaf for layer in problem.params for leaf in layer):
        weights.update(leaf.tobytes())
    size = block_size(problem.layer_sizes)
    for start in range(0, problem.n_samples, size):
        for array in problem.batch(start, min(start + size, problem.n_samples)):
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
