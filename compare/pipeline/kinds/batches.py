"""The gradients of batches, held against those of their samples and against one another."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from compare.evidence.batches import check
from compare.evidence.batches.check import BatchEvidence, BatchPair
from compare.evidence.differences.metrics import Comparison, Worst, compare_arrays
from compare.implementations.base import Implementation
from compare.implementations.reduced import all_reducing, batch_name
from compare.pipeline.batch_checks import check_batches, check_whole
from compare.pipeline.kinds.base import AnswerBlock, Evidence, Run
from compare.problem.answers import Answer, name_parameters, take
from compare.problem.blocks import Block, block_start


class Batches(Evidence[BatchEvidence]):
    """Every implementation that answers for batches, in order; last those that do nothing else."""

    name = "batches"
    holds = BatchEvidence
    nothing = BatchEvidence({}, ())
    of_blocks = True

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        del rng  # all batches are checked
        self._run, self._reduction = run, run.reduction
        self._first = block_start(run.problem, run.samples[0])

    def reason_absent(self) -> str | None:
        """Says no where nothing is asked of batches."""
        return None if self._reduction is not None else "no batch is asked for"

    def also_answering(self, taking_part: Sequence[Implementation]) -> list[Implementation]:
        """Returns those that answer with a row for every batch of a block."""
        assert self._reduction is not None
        alone = [one for one in self._run.of_batches if one.answers_of == "batches"]
        return [*all_reducing(taking_part, self._reduction), *alone]

    def examine(
        self,
        block: Block,
        answers: Mapping[str, Answer],
        known: BatchEvidence,
        *,
        compiled: bool,
    ) -> BatchEvidence:
        """Checks the batches of a block, or that of the only sample, and compares them in twos."""
        del known, compiled
        batches = {name: answers.get(batch_name(name)) for name in self._run.names}
        batches |= {one.name: answers.get(one.name) for one in self._run.of_batches}
        there = {name: one for name, one in batches.items() if one is not None}
        checks = {
            name: check_batches(
                self._run,
                name,
                block,
                one,
                answers[name] if name in self._run.names else None,
                is_first=block.start == self._first,
            )
            for name, one in there.items()
        }
        return BatchEvidence(checks, tuple(self._pairs(block, there)))

    def merge(self, one: BatchEvidence, other: BatchEvidence) -> BatchEvidence:
        """Joins two sets of batches."""
        return check.merge(one, other)

    def conclude(self, found: BatchEvidence, answer_block: AnswerBlock) -> BatchEvidence:
        """Adds gradients that exist already, each of the one batch of all samples."""
        del answer_block
        whole = [one for one in self._run.of_batches if one.answers_of == "all"]
        more = {one.name: check_whole(self._run, one) for one in whole}
        return found._replace(checks={**found.checks, **more})

    def _pairs(self, block: Block, batches: Mapping[str, Answer]) -> Iterator[BatchPair]:
        assert self._reduction is not None
        starts = [block.start + rows.start for rows in self._reduction.rows(block)]
        if self._run.only_sample is not None:
            at = np.searchsorted(starts, self._run.only_sample, side="right") - 1
            starts = starts[at : at + 1]
            batches = {k: take(one, np.array([at])) for k, one in batches.items()}
        named = {k: name_parameters(one.grads, self._run.layout) for k, one in batches.items()}
        for a, b in itertools.combinations(named, 2):
            compared = (
                compare_arrays(name, array, named[b][name]) for name, array in named[a].items()
            )
            yield BatchPair(a, b, tuple(_by_start(one, starts) for one in compared))


def _by_start(found: Comparison, starts: Sequence[int]) -> Comparison:
    """Names each batch by its first sample, and not by its row."""

    def turned(worst: Worst | None) -> Worst | None:
        return worst and dataclasses.replace(worst, sample=starts[worst.sample])

    return dataclasses.replace(
        found,
        max_abs=turned(found.max_abs),
        max_rel=turned(found.max_rel),
        max_ulp=turned(found.max_ulp),
        first_nonfinite=turned(found.first_nonfinite),
    )
