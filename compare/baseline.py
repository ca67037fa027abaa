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

from compare.answers import Answer, name_parameters
from compare.blocks import block_size
from compare.errors import UsageError
from compare.problem import Problem
from compare.readers.npz import read_npz
from compare.readers.precision import dtype_of
from compare.report.base import Report
from compare.report.dat import storable
from jaxmlp.base import Layer, parameter_count

_MOST_ENTRIES = 2**27  # of all implementations together: a gigabyte of float64


class Baseline(NamedTuple):
    """What an earlier run has found for the same weights and samples."""

    path: str
    about: dict[str, Any]
    answers: dict[str, Answer]  # of all samples


class Keeper:
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
        self._blocks: dict[str, list[Answer]] = {}

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Takes the answers to the next block."""
        for name, answer in answers.items():
            self._blocks.setdefault(name, []).append(answer)

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
        arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
        for name, blocks in self._blocks.items():
            named = [name_parameters(answer.grads, "in_out") for answer in blocks]
            for parameter in named[0]:
                whole = np.concatenate([one[parameter] for one in named])
                arrays[f"{name}/{parameter}"] = storable(whole)
        with open(path, "wb") as file:
            np.savez(file, **arrays)


def read_baseline(path: str, problem: Problem) -> Baseline:
    """Reads a file that `Keeper.write` has written.

    Raises:
      UsageError: if it is no such file, or one of other weights or samples.
    """
    where = f"--baseline {path}"
    arrays = read_npz(path, option="--baseline")
    try:
        about = json.loads(str(arrays["about"][()]))
        found = {key: about[key] for key in _identity(problem)}
        answers = {
            name: Answer(_layers(arrays, name, problem, dtype_of(known["dtype"])))
            for name, known in about["implementations"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(f"{where}: expected a file that --save_baseline has written") from None
    for key, here in _identity(problem).items():
        if found[key] != here:
            raise UsageError(f"{where}: {_other(key, found[key], here)}")
    for name, answer in answers.items():
        expected = [(problem.n_samples, *leaf.shape) for layer in problem.params for leaf in layer]
        if [leaf.shape for layer in answer.grads for leaf in layer] != expected:
            raise UsageError(
                f"{where}: the arrays of {name} are not of this network; is it damaged?"
            )
    return Baseline(path, about, answers)


def _layers(
    arrays: Mapping[str, np.ndarray], name: str, problem: Problem, dtype: np.dtype
) -> tuple[Layer, ...]:
    return tuple(
        Layer(*(arrays[f"{name}/{kind}{i}"].astype(dtype) for kind in "wb"))
        for i in range(1, len(problem.params) + 1)
    )


def _identity(problem: Problem) -> dict[str, Any]:
    """What has to be the same for gradients to be held against each other, in JSON's types."""
    weights, data = hashlib.sha256(), hashlib.sha256()
    for leaf in (leaf for layer in problem.params for leaf in layer):
        weights.update(leaf.tobytes())
    size = block_size(problem.layer_sizes)
    for start in range(0, problem.n_samples, size):
        for array in problem.batch(start, min(start + size, problem.n_samples)):
            data.update(array.tobytes())
    return {
        "layer_sizes": list(problem.layer_sizes),
        "activation": problem.activation,
        "samples": problem.n_samples,
        "dtype": problem.dtype.name,
        "weights": weights.hexdigest(),
        "data": data.hexdigest(),
    }


def _other(key: str, then: Any, here: Any) -> str:
    if key == "weights":
        return "it was made with other weights; pass the same --params, or --init and --seed"
    if key == "data":
        return "it was made with other samples; pass the same --data, or --seed"
    return f"it was made with --{key}={_typed(then)}, and this run has {_typed(here)}"


def _typed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
