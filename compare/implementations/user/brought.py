"""Gradients that a user brings, as implementations with names of their own."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from compare.catalogue import LAYOUTS
from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.implementations.stored import stored
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.user.call import Backward
from compare.implementations.user.calling import Calling
from compare.implementations.user.chosen import Chosen, choose
from compare.implementations.user.first_call import FirstCall, FirstUse
from compare.implementations.user.function import Returns, candidate
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.of_batches import stored_batch
from compare.implementations.user.params_form import TreeForm
from compare.implementations.user.readable import GradientArrays, GradientsOfFile
from compare.implementations.user.trials import Readable
from compare.options.config import Config
from compare.options.wording import Wording, as_argument, as_flag
from compare.problem.batches import Reduction, reduction_of
from compare.problem.problem import Problem, Problems
from compare.problem.trees import Tree

_INPUTS = ("params", "data")  # files that may be saved beside what is brought


class Brought(NamedTuple):
    """The problem that is meant, and a user's own implementations."""

    problem: Problem
    implementations: list[Implementation]
    weights: Choice | None  # how the weights were read, if somebody brought them
    doubt: str | None  # what to say of an order of layers that nothing has decided
    first_calls: tuple[FirstUse | None, ...]  # of each implementation, if it was not called yet

    def called(self) -> "Brought":
        """Calls all that can be called, and returns what each then is.

        A function may turn out to take batches alone.

        Raises:
          UsageError: if one fails.
        """
        pairs = zip(self.implementations, self.first_calls, strict=True)
        called = [one if call is None else call(one) for one, call in pairs]
        return self._replace(implementations=called, first_calls=(None,) * len(called))


class _Made(NamedTuple):
    """An implementation that has no name of its own yet."""

    source: str  # where it comes from, for its name
    one: Implementation
    first_call: FirstUse | None = None


def from_flags(config: Config, problems: Problems, own: Sequence[Implementation] = ()) -> Brought:
    """Loads every --candidate, reads every --gradients, and settles which problem is meant.

    Args:
      config: the options.
      problems: what the weights may be.
      own: what --module brings.

    Returns:
      What is brought; nothing of it was called.

    Raises:
      UsageError: if one cannot be had.
    """
    files = [
        GradientsOfFile(path, problems.candidates[0], config.layout) for path in config.gradients
    ]
    chosen = choose(problems, () if config.reduction else files)
    problem = chosen.problem
    reduction = reduction_of(problem.complete_config(config), problem)
    first_call = _first_call(problem, problem.complete_config(config), as_flag)
    made = [_Made("module", one, first_call.check_module) for one in own]
    for reference in config.candidate:
        source, _, name = reference.rpartition(":")
        make, calling = _ways_to_call(name, reference, load_candidate(reference), problem, config)
        check = functools.partial(first_call.check_candidate, make=make, calling=calling)
        made.append(_Made(Path(source).stem, make(calling), check))
    named = [(Path(path).stem, path) for path in config.gradients]
    suffixes = (Path(path).suffix.lstrip(".") for path in config.gradients)
    made += map(_Made, suffixes, _stored(chosen, reduction, named, files))
    return _brought(chosen, made)


def from_objects(
    own: Sequence[Implementation],
    candidates: Sequence[tuple[str, Backward]],
    gradients: Mapping[str, Any],
    problems: Problems,
    config: Config,
    tree: Tree | None = None,
) -> Brought:
    """Adds functions by name and gradients that exist already.

    Functions take weights in a tree, if that is how they came.

    Raises:
      UsageError: for gradients of other shapes and dtypes.
    """
    arrays = [GradientArrays(str(name), held, config.layout) for name, held in gradients.items()]
    chosen = choose(problems, () if config.reduction else arrays)
    problem = chosen.problem
    reduction = reduction_of(problem.complete_config(config), problem)
    form = None
    if tree is not None and problem.reading is not None:
        form = TreeForm(tree, problem.reading)
    first_call = _first_call(problem, config, as_argument, form)
    made = [_Made("given", one, first_call.check_module) for one in own]
    for name, function in candidates:
        make, calling = _ways_to_call(name, name, function, problem, config, form=form)
        check = functools.partial(first_call.check_candidate, make=make, calling=calling)
        made.append(_Made("given", make(calling), check))
    named = [(str(name), str(name)) for name in gradients]
    made += [_Made("given", one) for one in _stored(chosen, reduction, named, arrays)]
    return _brought(chosen, made).called()


def _stored(
    chosen: Chosen,
    reduction: Reduction | None,
    named: Sequence[tuple[str, str]],
    readables: Sequence[Readable],
) -> list[Implementation]:
    """Makes implementations of gradients that exist already; named by (name, source)."""
    if reduction is not None:
        return [
            stored_batch(chosen.problem, reduction, *names, readable)
            for names, readable in zip(named, readables, strict=True)
        ]
    found = zip(named, chosen.answers, chosen.choices, strict=True)
    return [stored(*names, answer, choice) for names, answer, choice in found]


def _first_call(
    problem: Problem, config: Config, wording: Wording, form: TreeForm | None = None
) -> FirstCall:
    """Settles what first calls are made with."""
    is_of_weights = problem.reading is not None and problem.reading.layout == problem.layout
    return FirstCall(
        problem,
        config.only_sample,
        wording,
        layout_is_free=not is_of_weights and not config.gradients,
        layouts=LAYOUTS if form is None else (problem.layout,),
        reduction=reduction_of(problem.complete_config(config), problem),
    )


def _ways_to_call(
    name: str,
    source: str,
    function: Backward,
    problem: Problem,
    config: Config,
    *,
    form: TreeForm | None = None,
) -> tuple[Callable[[Calling], Implementation], Calling]:
    """Returns what makes an implementation of a way to call a function, and the way asked for."""
    calling = Calling(problem.layout, config.candidate_arrays, config.candidate_batched)
    network = problem.network
    returns = Returns(config.learning_rate, network.biases, network.l2, config.reduction)

    def make(calling: Calling) -> Implementation:
        return candidate(name, source, function, problem.params, calling, returns, tree=form)

    return make, calling


def _brought(chosen: Chosen, made: Sequence[_Made]) -> Brought:
    """Makes the names differ from each other and from ours, by where they come from if need be.

    Ours are those of implementations and of files that are written beside theirs.
    """
    stems = (entry.dump_stem for entry in IMPLEMENTATIONS.values())
    taken = [*IMPLEMENTATIONS, *stems, *_INPUTS]
    named = []
    for source, one, _ in made:
        plain = re.sub(r"[^\w.-]", "_", one.name) or "candidate"  # it names files too
        options = (plain, *(f"{source}.{plain}{i}" for i in ("", *range(2, len(made) + 2))))
        name = next(option for option in options if option not in taken)
        taken.append(name)
        named.append(one._replace(name=name))
    calls = tuple(one.first_call for one in made)
    return Brought(chosen.problem, named, chosen.weights, chosen.doubt, calls)
