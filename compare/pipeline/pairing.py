"""Answers held against one another, pair by pair, block by block."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.differences import entries as entry_evidence
from compare.evidence.differences import pairs as pair_evidence
from compare.evidence.differences.by_sample import Bins, bins_of
from compare.evidence.differences.columns import (
    Columns,
    columns_of,
    compare_measured,
    measure_columns,
)
from compare.evidence.differences.entries import Entries
from compare.evidence.differences.measures import Measures
from compare.evidence.differences.pairs import Pair
from compare.evidence.rounding.arithmetic import Arithmetic
from compare.pipeline.allowances import allowances_of
from compare.problem.answers import Answer, names_by_answer, quantities, take
from compare.problem.blocks import Block, block_size, block_start
from compare.problem.problem import Problem
from compare.problem.quantities import Quantities
from jaxmlp.base import Batch, parameter_count

_MOST_BOUNDED = 10_000  # samples: up to here each has end-to-end bounds, beyond it a part
_MOST_BOUNDED_ENTRIES = 2**24  # gradient entries with end-to-end bounds
_PART = 2048  # samples, of so many blocks: a bound costs mostly by the block
_PART_BLOCKS = 8

Measured = tuple[Measures, tuple[str, ...]]  # and the names of their quantities
Answered = Callable[[int], tuple[Block, Mapping[str, Answer]]]  # start of a block -> its answers


class Compared(NamedTuple):
    """What was found of some samples."""

    pairs: list[Pair]
    entries: Entries | None  # of those with end-to-end bounds, over all pairs


class Pairing:
    """The same pairs of names over all samples."""

    def __init__(
        self,
        problem: Problem,
        names: Sequence[tuple[str, str]],
        *,
        layout: str,
        samples: range,
        rng: np.random.Generator,
        arithmetics: Mapping[str, Arithmetic] | None = None,
    ) -> None:
        """Chooses which of the samples get end-to-end bounds.

        Args:
          problem: whose samples they are.
          names: of the two of every pair.
          layout: of weight matrices.
          samples: all of them.
          rng: chooses.
          arithmetics: by implementation, where more is known than the dtype.
        """
        self._problem, self._names, self._layout = problem, names, layout
        self._arithmetics = arithmetics
        self._bounded = _choose_bounded(rng, samples, problem.layer_sizes)
        self._bins = bins_of(samples)
        self.pairs: list[Pair] = []
        self.entries: Entries | None = None

    def examine(self, block: Block, answers: Mapping[str, Answer], *, compiled: bool) -> Compared:
        """Compares the answers to a block; `add` takes what it finds.

        Args:
          block: of any place, and from any thread.
          answers: of everyone; those that are one object are compared with others once.
          compiled: whether to compare with jitted JAX, which pays off when there are many blocks.
        """
        named = {k: quantities(answers[k], self._layout) for k in self._involved()}
        compare = _Compiled(block, answers, named, self.pairs) if compiled else _plainly
        compared = [
            compare(a, b, named[a], named[b], first_sample=block.start, bins=self._bins)
            for a, b in self._names
        ]
        rows = block.rows(self._bounded)
        if not len(rows):
            return Compared(compared, None)
        return self._with_bounds(compared, block, answers, rows)

    def add(self, found: Compared) -> None:
        """Joins what was found of other samples, in any order."""
        if found.entries is not None:
            self.entries = entry_evidence.merge(self.entries, found.entries)
        if not self.pairs or not found.pairs:  # as of a process that had no samples
            self.pairs = self.pairs or list(found.pairs)
            return
        joined = zip(self.pairs, found.pairs, strict=True)
        self.pairs = [pair_evidence.merge(p, q) for p, q in joined]

    def finish(self, answered: Answered) -> None:
        """Adds bounds for the worst samples of every pair that have none yet.

        The first that is not finite on one side only is among them: the verdict asks why.
        """
        worst = sorted(set(_worst_samples(self.pairs)) - set(self._bounded.tolist()))
        start_of = {sample: block_start(self._problem, sample) for sample in worst}
        for start in sorted(set(start_of.values())):
            block, answers = answered(start)
            rows = block.rows([sample for sample in worst if start_of[sample] == start])
            self.pairs, entries = self._with_bounds(self.pairs, block, answers, rows)
            self.entries = entry_evidence.merge(self.entries, entries)

    def _involved(self) -> dict[str, None]:
        """Every name once, in order."""
        return dict.fromkeys(name for pair in self._names for name in pair)

    def _with_bounds(
        self, pairs: Sequence[Pair], block: Block, answers: Mapping[str, Answer], rows: np.ndarray
    ) -> Compared:
        batch = Batch(block.batch.x[rows], block.batch.y[rows])
        chosen = {k: take(answers[k], rows) for k in self._involved()}
        allowances = allowances_of(
            chosen, self._problem, batch, layout=self._layout, arithmetics=self._arithmetics
        )
        named = {k: quantities(answer, self._layout) for k, answer in chosen.items()}
        sides = [
            (named[pair.a], named[pair.b], allowances[pair.a], allowances[pair.b]) for pair in pairs
        ]
        numbers = rows + block.start
        bounded = [
            pair_evidence.with_bounds(pair, *side, samples=numbers)
            for pair, side in zip(pairs, sides, strict=True)
        ]
        entries = (
            entry_evidence.entries_of(a.parameters, b.parameters, *allowed)
            for a, b, *allowed in sides
        )
        return Compared(bounded, functools.reduce(entry_evidence.over_pairs, entries))


def choose(rng: np.random.Generator, samples: range, most: int) -> np.ndarray:
    """Draws at most so many samples, in order."""
    if len(samples) <= most:
        return np.array(samples)
    return samples.start + np.sort(rng.choice(len(samples), most, replace=False))


def _choose_bounded(
    rng: np.random.Generator, samples: range, layer_sizes: Sequence[int]
) -> np.ndarray:
    fitting = max(1, _MOST_BOUNDED_ENTRIES // parameter_count(layer_sizes))
    if len(samples) <= min(_MOST_BOUNDED, fitting):
        return np.array(samples)
    size, most = block_size(layer_sizes), min(_PART, fitting)
    blocks = choose(rng, range(-(-len(samples) // size)), min(_PART_BLOCKS, most))
    parts = [samples[size * block : size * (block + 1)] for block in blocks]
    return np.concatenate([choose(rng, part, most // len(blocks)) for part in parts])


def _plainly(
    a: str, b: str, of_a: Quantities, of_b: Quantities, *, first_sample: int, bins: Bins
) -> Pair:
    return pair_evidence.compare_pair(a, b, of_a, of_b, first_sample=first_sample, bins=bins)


class _Compiled:
    """Compares the pairs of one block, those of equal bits once."""

    def __init__(
        self,
        block: Block,
        answers: Mapping[str, Answer],
        named: Mapping[str, Quantities],
        so_far: Sequence[Pair],
    ) -> None:
        self._size = block.size
        # Read in a thread while others add: an older state leaves out less, and comes to the same.
        self._so_far = {(pair.a, pair.b): pair for pair in so_far}
        self._measured: dict[tuple[int, int], Measured | None] = {}
        self._columns: dict[str, Columns | None] = {}
        for names in names_by_answer({name: answers[name] for name in named}):
            one = quantities(answers[names[0]], "in_out")
            columns = columns_of(one, len(block.padded.x))
            self._columns.update(dict.fromkeys(names, columns))

    def __call__(
        self, a: str, b: str, of_a: Quantities, of_b: Quantities, *, first_sample: int, bins: Bins
    ) -> Pair:
        options: dict[str, Any] = {"first_sample": first_sample, "bins": bins}
        found = self._measure(self._columns[a], self._columns[b])
        if found is None:
            return _plainly(a, b, of_a, of_b, **options)
        so_far = self._so_far.get((a, b))
        return compare_measured(a, b, of_a, of_b, *found, so_far=so_far, **options)

    def _measure(self, a: Columns | None, b: Columns | None) -> Measured | None:
        if a is None or b is None:
            return None
        key = id(a), id(b)
        if key not in self._measured:
            self._measured[key] = measure_columns(a, b, self._size)
        return self._measured[key]


def _worst_samples(pairs: Sequence[Pair]) -> Iterator[int]:
    for pair in pairs:
        for comparison in pair.parameters:
            for worst in (comparison.max_abs, comparison.max_rel):
                if worst is not None:
                    yield worst.sample
        for comparison in pair.quantities:
            if comparison.nonfinite_differ and comparison.first_nonfinite is not None:
                yield comparison.first_nonfinite.sample
