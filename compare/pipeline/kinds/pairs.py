"""Implementations compared with one another, two by two."""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences import entries as entry_evidence
from compare.evidence.differences import pairs as pair_evidence
from compare.evidence.differences.entries import Entries
from compare.evidence.differences.pairs import Pair
from compare.evidence.differences.sample_bins import bins_of
from compare.pipeline.allowances import allowances_of
from compare.pipeline.kinds.base import AnswerBlock, Evidence, Run
from compare.pipeline.kinds.compiled_pairs import CompiledPairs
from compare.pipeline.sampling import choose_bounded
from compare.problem.answers import Answer, joined, quantities, take
from compare.problem.blocks import Block, block_size, block_start
from jaxmlp.base import Batch


class Differences(NamedTuple):
    """How far the two of every pair are apart."""

    pairs: tuple[Pair, ...]
    entries: Entries | None  # of the samples with end-to-end bounds, over all pairs


class _Samples(NamedTuple):
    """Some samples, and what the implementations of all pairs say of them."""

    numbers: np.ndarray  # [n]
    batch: Batch
    answers: dict[str, Answer]


class Pairs(Evidence[Differences]):
    """Every pair of some implementations, in order; some samples have end-to-end bounds."""

    name = "pairs"
    holds = Differences
    nothing = Differences((), None)

    def __init__(
        self,
        run: Run,
        rng: np.random.Generator,
        names: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        """Chooses the samples that get bounds.

        Args:
          run: has the samples.
          rng: draws from them.
          names: of the two of every pair; None for every two that take part.
        """
        self._run, self._problem, self._layout = run, run.problem, run.layout
        self._names = list(itertools.combinations(run.names, 2)) if names is None else names
        self._involved = dict.fromkeys(name for pair in self._names for name in pair)
        self._bounded = choose_bounded(rng, run.samples, run.problem)
        self._bins = bins_of(run.samples)

    def examine(
        self, block: Block, answers: Mapping[str, Answer], known: Differences, *, compiled: bool
    ) -> Differences:
        """Compares the answers to a block, and bounds the chosen samples in it."""
        named = {k: quantities(answers[k], self._layout) for k in self._involved}
        compare = pair_evidence.compare_pair
        if compiled:
            compare = CompiledPairs(block, answers, named, known.pairs)
        found = tuple(
            compare(a, b, named[a], named[b], first_sample=block.start, bins=self._bins)
            for a, b in self._names
        )
        rows = block.rows(self._bounded)
        if not len(rows):
            return Differences(found, None)
        return self._with_bounds(found, self._taken(block, answers, rows))

    def merge(self, one: Differences, other: Differences) -> Differences:
        """Joins the findings of two sets of samples; without pairs there were no samples."""
        if not one.pairs or not other.pairs:
            return one if one.pairs else other
        pairs = tuple(map(pair_evidence.merge, one.pairs, other.pairs))
        return Differences(pairs, _merge_entries(one.entries, other.entries))

    def conclude(self, found: Differences, answer_block: AnswerBlock) -> Differences:
        """Adds bounds for the worst samples of every pair that have none yet.

        The first sample that is not finite on one side only is among them: the verdict needs to
        know whether it may have overflowed.
        """
        worst = sorted(set(_worst_samples(found.pairs)) - set(self._bounded.tolist()))
        at_once = block_size(self._problem)
        for first in range(0, len(worst), at_once):
            chosen = _joined(list(self._taken_of(worst[first : first + at_once], answer_block)))
            more = self._with_bounds(found.pairs, chosen)
            found = more._replace(entries=_merge_entries(found.entries, more.entries))
        return found

    def _taken(self, block: Block, answers: Mapping[str, Answer], rows: np.ndarray) -> _Samples:
        """Takes some rows of a block."""
        return _Samples(
            rows + block.start,
            Batch(block.batch.x[rows], block.batch.y[rows]),
            {name: take(answers[name], rows) for name in self._involved},
        )

    def _taken_of(self, samples: Sequence[int], answer_block: AnswerBlock) -> Iterator[_Samples]:
        """Yields some samples, those of one block together, which are answered again."""
        start_of = {sample: block_start(self._problem, sample) for sample in samples}
        for start in sorted(set(start_of.values())):
            block, answers = answer_block(start)
            rows = block.rows([sample for sample in samples if start_of[sample] == start])
            yield self._taken(block, answers, rows)

    def _with_bounds(self, pairs: Sequence[Pair], chosen: _Samples) -> Differences:
        """Adds bounds of some samples to pairs; the entries are of these samples alone."""
        allowances = allowances_of(
            chosen.answers,
            self._problem,
            chosen.batch,
            layout=self._layout,
            computations={name: self._run.computation(name) for name in chosen.answers},
        )
        named = {k: quantities(answer, self._layout) for k, answer in chosen.answers.items()}
        sides = [
            (named[pair.a], named[pair.b], allowances[pair.a], allowances[pair.b]) for pair in pairs
        ]
        bounded = tuple(
            pair_evidence.with_bounds(pair, *side, samples=chosen.numbers)
            for pair, side in zip(pairs, sides, strict=True)
        )
        entries = (
            entry_evidence.entries_of(a.parameters, b.parameters, *allowed)
            for a, b, *allowed in sides
        )
        return Differences(bounded, functools.reduce(entry_evidence.over_pairs, entries))


def _joined(parts: Sequence[_Samples]) -> _Samples:
    numbers, batches, answers = zip(*parts, strict=True)
    return _Samples(
        np.concatenate(numbers),
        Batch(*map(np.concatenate, zip(*batches, strict=True))),
        {name: joined([of[name] for of in answers]) for name in answers[0]},
    )


def _merge_entries(one: Entries | None, other: Entries | None) -> Entries | None:
    return entry_evidence.merge(one, other) if one and other else one or other


def _worst_samples(pairs: Sequence[Pair]) -> Iterator[int]:
    for pair in pairs:
        for comparison in pair.parameters:
            for worst in (comparison.max_abs, comparison.max_rel):
                if worst is not None:
                    yield worst.sample
        for comparison in pair.quantities:
            if comparison.nonfinite_differ and comparison.first_nonfinite is not None:
                yield comparison.first_nonfinite.sample
