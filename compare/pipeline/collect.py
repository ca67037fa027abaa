"""All the evidence of a run, collected block by block.

Each block is examined by itself, in any thread. The findings of all blocks are added up, and give
the same evidence in any order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np

from compare.implementations.base import Implementation
from compare.pipeline.kinds.base import AnswerBlock, Evidence, Run
from compare.pipeline.kinds.batches import Batches
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.coverage import Coverage
from compare.pipeline.kinds.drift import BaselineDrift
from compare.pipeline.kinds.noise import RepeatNoise
from compare.pipeline.kinds.pairs import Pairs
from compare.pipeline.kinds.witness import Witness
from compare.problem.answer_matrix import share
from compare.problem.answers import Answer
from compare.problem.blocks import Block

F = TypeVar("F")

# A new kind is a new row at the end: all draw from one generator, in this order.
KINDS: tuple[type[Evidence[Any]], ...] = (
    Pairs,
    Certificates,
    Witness,
    BaselineDrift,
    RepeatNoise,
    Batches,
    Coverage,
)

Findings: TypeAlias = dict[str, Any]  # name of a kind -> what it found of some samples


class Collection:
    """What every kind of evidence has found so far."""

    def __init__(self, run: Run) -> None:
        """Leaves out the kinds that do not apply.

        Raises:
          UsageError: if the run asks for what there cannot be.
        """
        rng = np.random.default_rng(run.seed)
        self._run, kinds = run, [kind(run, rng) for kind in KINDS]
        self._kinds = [one for one in kinds if one.reason_absent() is None]
        self._found: Findings = {one.name: one.nothing for one in kinds}

    def of(self, kind: type[Evidence[F]]) -> F:
        """Returns what one kind has found."""
        found: F = self._found[kind.name]
        return found

    def also_answering(self, taking_part: Sequence[Implementation]) -> list[Implementation]:
        """Returns the implementations that have to answer beside those that take part."""
        return [more for one in self._kinds for more in one.also_answering(taking_part)]

    def examine(self, block: Block, answers: Mapping[str, Answer], *, compiled: bool) -> Findings:
        """Finds out all that can be said of one block, and changes nothing.

        Args:
          block: of the samples.
          answers: of everyone.
          compiled: whether jitted JAX does it, which pays off when there are many blocks.
        """
        part, its = self._run.part_of(block, answers)
        looked_at = part, share(its)
        whole = looked_at if its is answers else (block, share(answers))
        # Other threads may add findings meanwhile. Not knowing them only means leaving out less.
        return {
            one.name: one.examine(
                *(whole if one.of_blocks else looked_at), self._found[one.name], compiled=compiled
            )
            for one in self._kinds
        }

    def add(self, found: Findings) -> None:
        """Joins what was found of other samples."""
        merged = {
            one.name: one.merge(self._found[one.name], found[one.name]) for one in self._kinds
        }
        self._found = {**self._found, **merged}

    def conclude(self, answer_block: AnswerBlock) -> None:
        """Adds what can only be chosen when all samples have been examined."""
        concluded = {
            one.name: one.conclude(self._found[one.name], answer_block) for one in self._kinds
        }
        self._found = {**self._found, **concluded}

    def to_json(self) -> dict[str, Any]:
        """Returns all that was found, in JSON's types."""
        return {one.name: one.to_json(self._found[one.name]) for one in self._kinds}

    def from_json(self, content: Mapping[str, Any]) -> Findings:
        """Returns what `to_json` has written of other samples of this run.

        Raises:
          KeyError, TypeError, ValueError: if the content is of anything else.
        """
        return {one.name: one.from_json(content[one.name]) for one in self._kinds}
