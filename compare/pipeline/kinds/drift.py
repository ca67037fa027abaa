"""How far implementations have moved since a baseline."""

import operator
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.evidence.differences.noise import count_moved
from compare.implementations.base import Implementation
from compare.implementations.baseline import Baseline
from compare.implementations.stored import read_from
from compare.pipeline.kinds.base import AnswerBlock, Evidence, Run, merge_by_name
from compare.pipeline.kinds.pairs import Differences, Pairs
from compare.problem.answers import Answer
from compare.problem.blocks import Block


class Movement(NamedTuple):
    """How far implementations have moved."""

    differences: Differences  # of each now and then
    moved: dict[str, int]  # implementation -> entries whose bits have changed


class BaselineDrift(Evidence[Movement]):
    """The implementations that are in the baseline too, in order of names."""

    name = "drift"
    holds = Movement
    nothing = Movement(Pairs.nothing, {})

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        """Takes the names that are in both, if there is a baseline.

        Raises:
          UsageError: if no name is in both.
        """
        self._baseline = run.baseline
        self._names = [] if run.baseline is None else _common_names(run.baseline, run.names)
        then = {_then(name): run.computation(name) for name in self._names}
        run = run._replace(computations={**run.computations, **then})
        self._pairs = Pairs(run, rng, [(name, _then(name)) for name in self._names])

    def reason_absent(self) -> str | None:
        """Says no without a baseline."""
        return "there is no baseline" if self._baseline is None else None

    def also_answering(self, taking_part: Sequence[Implementation]) -> list[Implementation]:
        """Returns the implementations as they were in the baseline."""
        del taking_part
        assert self._baseline is not None
        path, answers = self._baseline.path, self._baseline.answers
        return [read_from(_then(name), path, answers[name]) for name in self._names]

    def examine(
        self, block: Block, answers: Mapping[str, Answer], known: Movement, *, compiled: bool
    ) -> Movement:
        """Compares the answers to a block with those in the baseline."""
        moved = {
            name: count_moved(answers[name].grads, answers[_then(name)].grads)
            for name in self._names
        }
        found = self._pairs.examine(block, answers, known.differences, compiled=compiled)
        return Movement(found, moved)

    def merge(self, one: Movement, other: Movement) -> Movement:
        """Joins two sets of samples."""
        return Movement(
            self._pairs.merge(one.differences, other.differences),
            merge_by_name(one.moved, other.moved, operator.add),
        )

    def conclude(self, found: Movement, answer_block: AnswerBlock) -> Movement:
        """Adds bounds for the worst samples, as in `Pairs`."""
        return found._replace(differences=self._pairs.conclude(found.differences, answer_block))


def _then(name: str) -> str:
    """Names an implementation as it was in the baseline."""
    return f"{name}@baseline"


def _common_names(baseline: Baseline, names: Sequence[str]) -> list[str]:
    common = [name for name in names if name in baseline.answers]
    if not common:
        raise UsageError(
            f"--baseline {baseline.path}: expected one of {', '.join(names)} in it, found "
            f"{', '.join(baseline.answers)}"
        )
    return common
