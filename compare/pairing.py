"""Answers held against one another, pair by pair, block by block."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from compare.allowances import allowance_of
from compare.answers import Answer, quantities, take
from compare.blocks import Block, block_start
from compare.evidence import pairs as pair_evidence
from compare.evidence.pairs import Pair
from compare.problem import Problem
from jaxmlp.base import Batch, parameter_count

_MOST_BOUNDED = 10_000  # samples with end-to-end bounds
_MOST_BOUNDED_ENTRIES = 2**24  # gradient entries with end-to-end bounds

Answered = Callable[[int], tuple[Block, Mapping[str, Answer]]]  # start of a block -> its answers


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
    ) -> None:
        """Chooses which of the samples get end-to-end bounds."""
        self._problem, self._names, self._layout = problem, names, layout
        parameters = parameter_count(problem.layer_sizes)
        most = max(1, min(_MOST_BOUNDED, _MOST_BOUNDED_ENTRIES // parameters))
        self._bounded = choose(rng, samples, most)
        self.pairs: list[Pair] = []

    def add(self, block: Block, answers: Mapping[str, Answer]) -> None:
        """Takes a block in; blocks come in order."""
        named = {k: quantities(answers[k], self._layout) for k in self._involved()}
        compared = [
            pair_evidence.compare_pair(a, b, named[a], named[b], first_sample=block.start)
            for a, b in self._names
        ]
        rows = block.rows(self._bounded)
        if len(rows):
            compared = self._with_bounds(compared, block, answers, rows)
        joined = zip(self.pairs, compared, strict=True) if self.pairs else ()
        self.pairs = [pair_evidence.merge(p, q) for p, q in joined] or compared

    def finish(self, answered: Answered) -> None:
        """Adds bounds for the worst samples of every pair that have none yet."""
        worst = sorted(set(_worst_samples(self.pairs)) - set(self._bounded.tolist()))
        start_of = {sample: block_start(self._problem, sample) for sample in worst}
        for start in sorted(set(start_of.values())):
            block, answers = answered(start)
            rows = block.rows([sample for sample in worst if start_of[sample] == start])
            self.pairs = self._with_bounds(self.pairs, block, answers, rows)

    def _involved(self) -> dict[str, None]:
        """Every name once, in order."""
        return dict.fromkeys(name for pair in self._names for name in pair)

    def _with_bounds(
        self, pairs: Sequence[Pair], block: Block, answers: Mapping[str, Answer], rows: np.ndarray
    ) -> list[Pair]:
        batch = Batch(block.batch.x[rows], block.batch.y[rows])
        chosen = {k: take(answers[k], rows) for k in self._involved()}
        allowances = {
            k: allowance_of(k, answer, self._problem, batch, layout=self._layout)
            for k, answer in chosen.items()
        }
        named = {k: quantities(answer, self._layout) for k, answer in chosen.items()}
        return [
            pair_evidence.with_bounds(
                pair,
                named[pair.a],
                named[pair.b],
                allowances[pair.a],
                allowances[pair.b],
                samples=rows + block.start,
            )
            for pair in pairs
        ]


def choose(rng: np.random.Generator, samples: range, most: int) -> np.ndarray:
    """Draws at most so many samples, in order."""
    if len(samples) <= most:
        return np.array(samples)
    return samples.start + np.sort(rng.choice(len(samples), most, replace=False))


def _worst_samples(pairs: Sequence[Pair]) -> Iterator[int]:
    for pair in pairs:
        for comparison in pair.parameters:
            for worst in (comparison.max_abs, comparison.max_rel):
                if worst is not None:
                    yield worst.sample
