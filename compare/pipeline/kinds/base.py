"""What a kind of evidence is, and the run that it is about."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from compare.formats.typed_json import decode, encode
from compare.implementations.base import Computation, Implementation
from compare.implementations.baseline import Baseline
from compare.problem.answers import Answer, take
from compare.problem.batches import Reduction
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from jaxmlp.base import Batch

F = TypeVar("F")  # what a kind of evidence finds: plain data

AnswerBlock = Callable[[int], tuple[Block, Mapping[str, Answer]]]  # start of a block -> its answers


class Run(NamedTuple):
    """What is compared, and how closely."""

    problem: Problem
    names: tuple[str, ...]  # of the implementations that take part
    samples: range
    layout: str  # of weight matrices, in reported indices
    seed: int  # chooses the samples that get more evidence than others
    witness: int = 0  # how many samples to hold against complex-step derivatives
    repeats: int = 0  # how many times everything is computed again
    baseline: Baseline | None = None  # an earlier run to hold this one against
    computations: Mapping[str, Computation] = MappingProxyType({})  # by implementation
    reduction: Reduction | None = None  # of the losses of batches
    of_batches: tuple[Implementation, ...] = ()  # those that answer for batches alone

    @property
    def only_sample(self) -> int | None:
        """The one that is looked at, if it is not all."""
        return self.samples[0] if len(self.samples) < self.problem.n_samples else None

    def computation(self, name: str) -> Computation:
        """Returns how an implementation computes, as far as that is known."""
        return self.computations.get(name, Computation())

    def part_of(
        self, block: Block, answers: Mapping[str, Answer]
    ) -> tuple[Block, Mapping[str, Answer]]:
        """Returns what is looked at of a block: all, or one sample as it was computed in it."""
        if self.only_sample is None:
            return block, answers
        rows = block.rows(self.samples)
        alone = Block(
            self.only_sample, Batch(*(array[rows] for array in block.batch)), block.padded
        )
        of_samples = {k: one for k, one in answers.items() if len(one.grads[0].b) == block.size}
        return alone, {k: take(one, rows) for k, one in of_samples.items()}


class Evidence(Protocol[F]):
    """One kind of evidence about a run, found block by block.

    Its objects never change, so blocks can be examined in any thread.
    """

    name: str  # in the state of a run
    holds: type[F]
    nothing: F  # what is found of no samples
    of_blocks: bool = False  # whether it needs all of a block where one sample is looked at

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        """Chooses, by the generator, the samples to look at.

        Raises:
          UsageError: if the run asks for what there cannot be.
        """

    def reason_absent(self) -> str | None:
        """Returns why there is no such evidence about a problem, or None if there is."""
        return None

    def also_answering(self, taking_part: Sequence[Implementation]) -> list[Implementation]:
        """Returns the implementations that have to answer beside those that take part."""
        del taking_part
        return []

    def examine(
        self, block: Block, answers: Mapping[str, Answer], known: F, *, compiled: bool
    ) -> F:
        """Finds out what can be said of one block.

        Args:
          block: of the samples, in any order.
          answers: of everyone; those that are equal to the last bit are one object.
          known: what was found of some other blocks; what `merge` with it drops may be left out.
          compiled: whether to use jitted JAX, which pays off when there are many blocks.
        """

    def merge(self, one: F, other: F) -> F:
        """Joins the findings of two sets of samples, in any order."""

    def conclude(self, found: F, answer_block: AnswerBlock) -> F:
        """Adds what can only be chosen when all samples have been examined."""
        del answer_block
        return found

    def to_json(self, found: F) -> Any:
        """Returns what was found, in JSON's types."""
        return encode(found)

    def from_json(self, content: Any) -> F:
        """Returns what `to_json` was given.

        Raises:
          TypeError, ValueError: if the content is of anything else.
        """
        return decode(self.holds, content)


def merge_by_name(
    one: Mapping[str, F], other: Mapping[str, F], merge: Callable[[F, F], F]
) -> dict[str, F]:
    """Joins two mappings; `merge` joins what is in both."""
    both = {name: merge(one[name], other[name]) for name in one if name in other}
    return {**one, **other, **both}
