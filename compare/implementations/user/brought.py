"""Gradients that a user brings, as implementations with names of their own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compare.errors import UsageError
from compare.formats.read.gradients.files import read_gradients
from compare.implementations.base import Implementation
from compare.implementations.stored import stored
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.user.function import Backward, candidate
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.returned import read_returned
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.updates import with_hidden_digits
from compare.options.arguments import list_of
from compare.options.config import Config
from compare.problem.answers import Answer
from compare.problem.problem import Problem
from jaxmlp.base import Grads

_INPUTS = ("params", "data")  # files that may be saved beside what is brought


def from_flags(config: Config, problem: Problem) -> list[Implementation]:
    """Loads every --candidate and reads every --gradients.

    Raises:
      UsageError: if one cannot be had.
    """
    made = []
    for reference in config.candidate:
        source, _, name = reference.rpartition(":")
        one = _candidate(name, reference, load_candidate(reference), problem, config)
        made.append((Path(source).stem, one))
    for path in config.gradients:
        given = read_gradients(
            path,
            problem.params,
            n=problem.n_samples,
            layout=config.layout,
            dtype=problem.dtype,
        )
        source = path if given.order is None else f"{path}, taken as {given.order}"
        one = stored(Path(path).stem, source, _known(given.grads, problem, given.printed))
        made.append((Path(path).suffix.lstrip("."), one))
    return _apart(made)


def name_candidates(
    candidates: Mapping[str, Backward] | Iterable[Backward],
) -> list[tuple[str, Backward]]:
    """Names functions by their keys or by themselves.

    Raises:
      UsageError: for anything but functions.
    """
    is_text = isinstance(candidates, str | bytes)
    if is_text or callable(candidates) or not isinstance(candidates, Iterable):
        raise UsageError(
            "candidates: expected functions in a list, or by name in a dict, "
            f"got {type(candidates).__name__}"
        )
    if isinstance(candidates, Mapping):
        pairs = list_of("candidates", candidates.items())
        named = [(str(name), function) for name, function in pairs]
    else:
        functions = list_of("candidates", candidates)
        named = [(getattr(function, "__name__", "candidate"), function) for function in functions]
    for name, function in named:
        if not callable(function):
            raise UsageError(
                f"candidates: expected a function for {name}, got {type(function).__name__}"
            )
    return named


def name_gradients(gradients: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns gradients that exist already by name, not yet looked at.

    Raises:
      UsageError: for anything but a dict.
    """
    if gradients is None:
        return {}
    if not isinstance(gradients, Mapping):
        raise UsageError(
            f"gradients: expected a dict of name -> [(dw, db), ...], got {type(gradients).__name__}"
        )
    return {str(name): arrays for name, arrays in list_of("gradients", gradients.items())}


def from_objects(
    own: Sequence[Implementation],
    candidates: Sequence[tuple[str, Backward]],
    gradients: Mapping[str, Sequence[tuple[Any, Any]]],
    problem: Problem,
    config: Config,
) -> list[Implementation]:
    """Adds functions by name and gradients that exist already.

    Raises:
      UsageError: for gradients of other shapes and dtypes.
    """
    made = [*own, *(_candidate(k, k, function, problem, config) for k, function in candidates)]
    for name, arrays in gradients.items():
        where = f"gradients {name}"
        with contained(), errors_told(f"{where} raise when they are read", passes=UsageError):
            grads = read_returned(
                arrays, problem.params, layout=config.layout, n=problem.n_samples, where=where
            )
        made.append(stored(str(name), str(name), _known(grads, problem)))
    return _apart([("given", one) for one in made])


def _known(grads: Grads, problem: Problem, printed: Grads | None = None) -> Answer:
    return with_hidden_digits(Answer(grads, printed=printed), problem.params)


def _candidate(
    name: str, source: str, function: Backward, problem: Problem, config: Config
) -> Implementation:
    return candidate(
        name,
        source,
        function,
        problem.params,
        layout=config.layout,
        arrays=config.candidate_arrays,
        batched=config.candidate_batched,
    )


def _apart(made: Sequence[tuple[str, Implementation]]) -> list[Implementation]:
    """Makes the names differ from each other and from ours, by where they come from if need be.

    Ours are those of implementations and of files that are written beside theirs.
    """
    stems = (entry.dump_stem for entry in IMPLEMENTATIONS.values())
    taken = [*IMPLEMENTATIONS, *stems, *_INPUTS]
    named = []
    for source, one in made:
        plain = re.sub(r"[^\w.-]", "_", one.name) or "candidate"  # it names files too
        options = (plain, *(f"{source}.{plain}{i}" for i in ("", *range(2, len(made) + 2))))
        name = next(option for option in options if option not in taken)
        taken.append(name)
        named.append(one._replace(name=name))
    return named
