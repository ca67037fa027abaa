"""Gradients that a user brings, as implementations with names of their own."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from compare.errors import RAISED, UsageError, first_line, shown
from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.implementations.stored import stored
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.user.calling import Calling
from compare.implementations.user.chosen import choose
from compare.implementations.user.first_call import FirstCall
from compare.implementations.user.function import Backward, candidate
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.readable import GradientArrays, GradientsOfFile
from compare.implementations.user.sandbox import errors_told
from compare.options.arguments import list_of
from compare.options.config import Config
from compare.options.wording import Wording, as_argument, as_flag
from compare.problem.problem import Problem, Problems

_INPUTS = ("params", "data")  # files that may be saved beside what is brought


class Brought(NamedTuple):
    """The problem that is meant, and a user's own implementations."""

    problem: Problem
    implementations: list[Implementation]
    weights: Choice | None  # how the weights were read, if somebody brought them
    doubt: str | None  # what to say of an order of layers that nothing has decided


def from_flags(
    config: Config,
    problems: Problems,
    own: Sequence[Implementation] = (),
    *,
    called_first: bool = True,
) -> Brought:
    """Loads every --candidate, reads every --gradients, and settles which problem is meant.

    Args:
      config: the options.
      problems: what the weights may be.
      own: what --module brings.
      called_first: whether candidates are called once to see whether they can be.

    Raises:
      UsageError: if one cannot be had, or fails in that call.
    """
    files = [
        GradientsOfFile(path, problems.candidates[0], config.layout) for path in config.gradients
    ]
    chosen = choose(problems, files)
    problem = chosen.problem
    first_call = _first_call(problem, problem.complete_config(config), as_flag)
    for one in own if called_first else ():
        first_call.check(one)
    made = [("module", one) for one in own]
    for reference in config.candidate:
        source, _, name = reference.rpartition(":")
        function = load_candidate(reference)
        options = {"called_first": called_first}
        make, calling = _ways_to_call(name, reference, function, problem, config, **options)
        one = first_call.check_candidate(make, calling) if called_first else make(calling)
        made.append((Path(source).stem, one))
    for path, answer, choice in zip(config.gradients, chosen.answers, chosen.choices, strict=True):
        one = stored(Path(path).stem, path, answer, choice)
        made.append((Path(path).suffix.lstrip("."), one))
    return Brought(problem, _apart(made), chosen.weights, chosen.doubt)


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
            f"got {shown(candidates)}"
        )
    with errors_told("candidates: cannot be read", passes=UsageError):
        if isinstance(candidates, Mapping):
            pairs = list_of("candidates", candidates.items())
            named = [(_text("candidates", name), function) for name, function in pairs]
        else:
            functions = list_of("candidates", candidates)
            named = [(_own_name(function), function) for function in functions]
    for name, function in named:
        if not callable(function):
            raise UsageError(f"candidates: expected a function for {name}, got {shown(function)}")
    return named


def _own_name(function: Backward) -> str:
    """Returns the name that a function has, or "candidate" for what has none, such as a partial."""
    try:
        return "".join(function.__name__)
    except RAISED:  # it has none, or none that is text
        return "candidate"


def name_gradients(gradients: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns gradients that exist already by name, not yet looked at.

    Raises:
      UsageError: for anything but a dict.
    """
    if gradients is None:
        return {}
    if not isinstance(gradients, Mapping):
        raise UsageError(
            f"gradients: expected a dict of name -> [(dw, db), ...], got {shown(gradients)}"
        )
    with errors_told("gradients: cannot be read", passes=UsageError):
        pairs = list_of("gradients", gradients.items())
    return {_text("gradients", name): arrays for name, arrays in pairs}


def _text(argument: str, name: Any) -> str:
    """Returns a name as text, whatever else it is.

    Raises:
      UsageError: if it cannot be.
    """
    try:
        return "".join(str(name))
    except RAISED as error:  # whatever an object of a user's own raises
        said = first_line(error)
        raise UsageError(f"{argument}: expected names, got one that raises: {said}") from None


def from_objects(
    own: Sequence[Implementation],
    candidates: Sequence[tuple[str, Backward]],
    gradients: Mapping[str, Sequence[tuple[Any, Any]]],
    problems: Problems,
    config: Config,
) -> Brought:
    """Adds functions by name and gradients that exist already.

    Raises:
      UsageError: for gradients of other shapes and dtypes.
    """
    arrays = [GradientArrays(str(name), held, config.layout) for name, held in gradients.items()]
    chosen = choose(problems, arrays)
    problem = chosen.problem
    first_call = _first_call(problem, config, as_argument)
    for one in own:
        first_call.check(one)
    ways = (_ways_to_call(name, name, function, problem, config) for name, function in candidates)
    made = [*own, *(first_call.check_candidate(make, calling) for make, calling in ways)]
    for name, answer, choice in zip(gradients, chosen.answers, chosen.choices, strict=True):
        made.append(stored(str(name), str(name), answer, choice))
    return Brought(problem, _apart([("given", one) for one in made]), chosen.weights, chosen.doubt)


def _first_call(problem: Problem, config: Config, wording: Wording) -> FirstCall:
    """Settles what first calls are made with."""
    is_of_weights = problem.reading is not None and problem.reading.layout == problem.layout
    return FirstCall(
        problem,
        config.only_sample,
        wording,
        layout_is_free=not is_of_weights and not config.gradients,
    )


def _ways_to_call(
    name: str,
    source: str,
    function: Backward,
    problem: Problem,
    config: Config,
    *,
    called_first: bool = True,
) -> tuple[Callable[[Calling], Implementation], Calling]:
    """Returns what makes an implementation of a way to call a function, and the way asked for."""
    calling = Calling(problem.layout, config.candidate_arrays, config.candidate_batched)
    make = functools.partial(
        candidate, name, source, function, problem.params, keeps_first=called_first
    )
    return make, calling


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
