"""Gradients that a user brings, as implementations with names of their own."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compare.answers import Answer
from compare.candidate import Backward, candidate, load_candidate
from compare.config import Config
from compare.implementations import IMPLEMENTATIONS, Implementation
from compare.problem import Problem
from compare.readers.gradients import read_gradients
from compare.recorded import recorded
from compare.returned import read_returned


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
        one = recorded(Path(path).stem, source, Answer(given.grads, printed=given.printed))
        made.append((Path(path).suffix.lstrip("."), one))
    return _apart(made)


def from_objects(
    own: Sequence[Implementation],
    candidates: Mapping[str, Backward] | Iterable[Backward],
    gradients: Mapping[str, Sequence[tuple[Any, Any]]],
    problem: Problem,
    config: Config,
) -> list[Implementation]:
    """Adds functions, named by their keys or by themselves, and gradients that exist already.

    Raises:
      UsageError: for gradients of other shapes and dtypes.
    """
    if not isinstance(candidates, Mapping):
        named = [(getattr(function, "__name__", "candidate"), function) for function in candidates]
    else:
        named = list(candidates.items())
    made = list(own)
    made += [_candidate(name, name, function, problem, config) for name, function in named]
    for name, arrays in gradients.items():
        grads = read_returned(
            arrays,
            problem.params,
            layout=config.layout,
            n=problem.n_samples,
            where=f"gradients {name}",
        )
        made.append(recorded(name, name, Answer(grads)))
    return _apart([("given", one) for one in made])


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
    """Makes the names differ from each other and from ours, by where they come from if need be."""
    taken = list(IMPLEMENTATIONS)
    named = []
    for source, one in made:
        options = (one.name, *(f"{source}.{one.name}{i}" for i in ("", *range(2, len(made) + 2))))
        name = next(option for option in options if option not in taken)
        taken.append(name)
        named.append(one._replace(name=name))
    return named
