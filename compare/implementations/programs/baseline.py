"""Results and places of an earlier comparison of functions, kept to hold later ones against.

The file is a `.npz` archive of plain arrays, `0/forward/NAME` and so on, 0 being the number of the
program, and `about`, a JSON text that says of what and on what they were computed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.evidence.local.check import KINDS
from compare.formats.conversion import narrow, widen
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of
from compare.formats.read.npz import read_npz
from compare.formats.write.npz import write_npz
from compare.function_results import FunctionReport
from compare.implementations.environment import all_settings
from compare.problem.function import FunctionProblem
from compare.problem.recording import Key, Recording

_KIND = "a comparison of functions"
_MOST_ENTRIES = 2**27  # of all programs together: a gigabyte of float64
_IDENTITY = ("dtype", "inside", "arguments", "cotangents")


class BaselineProgram(NamedTuple):
    """What a program computed in an earlier run.

    Attributes:
      verdict: on it.
      wrong: what rounding did not explain.
      arrays: all of it.
    """

    verdict: str
    wrong: frozenset[Key]
    arrays: dict[Key, np.ndarray]


class FunctionBaseline(NamedTuple):
    """What an earlier run has found for the same arguments."""

    path: str
    identity: dict[str, str]  # what has to be the same
    environment: dict[str, Any]  # as `describe_environment` gives it
    programs: dict[str, BaselineProgram]


def write_baseline(
    path: Path,
    report: FunctionReport,
    recordings: Mapping[str, Recording],
    problem: FunctionProblem,
    inside: np.dtype,
) -> None:
    """Writes all that programs computed, with what a report says of them.

    Raises:
      UsageError: if there is too much.
    """
    found: dict[str, Any] = {}
    stored: dict[str, np.ndarray] = {}
    for number, one in enumerate((report.reference, *report.candidates)):
        arrays = recordings[one.name].arrays
        found[one.name] = {
            "verdict": one.verdict,
            "wrong": [[check.kind, check.name] for check in one.checks if not check.holds],
            "arrays": [[*key, array.dtype.name] for key, array in arrays.items()],
        }
        stored |= {_entry(number, key): widen(array) for key, array in arrays.items()}
    _check_size(sum(array.size for array in stored.values()))
    about = {
        "of": _KIND,
        **_identity(problem, inside),
        "environment": report.environment,
        "programs": found,
    }
    with open(path, "wb") as file:
        write_npz(file, {"about": np.array(json.dumps(about)), **stored})


def _check_size(entries: int) -> None:
    if entries > _MOST_ENTRIES:
        raise UsageError(
            f"save_baseline: expected at most {_MOST_ENTRIES:,} numbers to keep, got {entries:,}, "
            "all places and results of every program; take smaller arguments"
        )


def read_baseline(path: str) -> FunctionBaseline:
    """Reads a file that `write_baseline` has written.

    Raises:
      UsageError: if there is no such file.
    """
    where = f"baseline {path}"
    if not Path(path).exists():
        raise UsageError(f"{where}: there is no such file; save_baseline={path!r} writes it")
    arrays = read_npz(path, option="baseline")
    try:
        about = json.loads(str(arrays["about"][()]))
        _check(about)
        programs = {
            name: BaselineProgram(
                one["verdict"],
                frozenset((kind, of) for kind, of in one["wrong"]),
                dict(_taken(arrays, number, one["arrays"], where)),
            )
            for number, (name, one) in enumerate(about["programs"].items())
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(
            f"{where}: expected a file that save_baseline of compare_functions has written, got "
            "another archive"
        ) from None
    identity = {key: about[key] for key in _IDENTITY}
    return FunctionBaseline(path, identity, about["environment"], programs)


def check_same(baseline: FunctionBaseline, problem: FunctionProblem, inside: np.dtype) -> None:
    """Checks that a baseline is of the same arguments.

    Raises:
      UsageError: naming the first thing that is another.
    """
    for key, here in _identity(problem, inside).items():
        then = baseline.identity[key]
        if then != here:
            said = f"other {key}"
            if key in ("dtype", "inside"):
                said = f"{key}={then!r}, and this run has {here!r}"
            raise UsageError(f"baseline {baseline.path}: it was made with {said}; pass the same")


def _check(about: Any) -> None:
    """Raises one of many errors if a text says anything but what it has to."""
    environment = about["environment"]
    conditions = {**environment["versions"], **all_settings(environment)}
    programs = about["programs"].values()
    sound = [
        about["of"] == _KIND,
        all(isinstance(about[key], str) for key in _IDENTITY),
        all(isinstance(one, str) for one in conditions.values()),
        len(programs) > 0,
        all(one["verdict"] in ("agree", "disagree", "undecided") for one in programs),
        all(kind in KINDS for one in programs for kind, *_ in (*one["arrays"], *one["wrong"])),
        all(isinstance(each[1], str) for one in programs for each in one["arrays"]),
    ]
    if not all(sound):
        raise ValueError


def _taken(
    arrays: Mapping[str, np.ndarray], number: int, listed: Any, where: str
) -> Iterator[tuple[Key, np.ndarray]]:
    for kind, name, dtype in listed:
        entry = _entry(number, (kind, name))
        array = arrays.get(entry)
        if array is None or array.dtype.kind not in "biuf":
            raise UsageError(f"{where}: expected numbers as {entry}, got none; is it damaged?")
        if dtype in FLOAT_DTYPES:
            array = narrow(array, dtype_of(dtype), where=f"{where}: {entry}")
        yield (kind, name), array


def _entry(number: int, key: Key) -> str:
    return f"{number}/{key[0]}/{key[1]}"


def _identity(problem: FunctionProblem, inside: np.dtype) -> dict[str, str]:
    """What has to be the same for results to be held against each other, in JSON's types."""
    arguments = problem.arguments
    given = dict(zip(arguments.array_names, arguments.arrays, strict=True))
    values = (
        problem.dtype.name,
        inside.name,
        _hashed(given),
        _hashed(problem.cotangents),
    )
    return dict(zip(_IDENTITY, values, strict=True))


def _hashed(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
