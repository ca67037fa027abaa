"""The batches of a block as cases: what came, the terms of the samples, and their bounds."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.terms import Terms, terms_of
from compare.evidence.differences.bounds import Allowance
from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.base import Computation
from compare.pipeline.allowances import coarsest, float64_gradients, weighted_allowance
from compare.pipeline.kinds.base import Run
from compare.problem.answers import Answer, name_parameters
from compare.problem.batches import Reduction
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from jaxmlp.base import Batch

_LAYOUT = "in_out"
_OWN, _FLOAT64 = 2, 1  # sides that may be off: both, or what came alone


class BatchAnswers(NamedTuple):
    """The batches of one block that one implementation has answered."""

    run: Run
    block: Block
    batches: Answer  # a row for every batch
    samples: Answer | None  # of single samples; None: they are worked out in float64
    computation: Computation

    @property
    def arithmetic(self) -> Arithmetic:
        """The coarsest in which any of it may have been computed."""
        answers = [one for one in (self.batches, self.samples) if one is not None]
        each = [coarsest(self.computation, one, self.run.problem) for one in answers]
        return max(each, key=lambda one: one.u)

    @property
    def reduction(self) -> Reduction:
        """Of the losses."""
        assert self.run.reduction is not None
        return self.run.reduction

    def cases(self) -> dict[int, BatchCase]:
        """Returns every batch, by its first sample, with no allowance but for adding up.

        What the kernel of a batch rounds otherwise than that of a sample is left out, so a batch
        that does not hold need not be wrong: `bounded` tells.
        """
        hidden: Mapping[str, np.ndarray] = {}
        if self.samples is None:
            named = float64_gradients(self.run.problem, self.block.batch)
        else:
            named = name_parameters(self.samples.grads, _LAYOUT)
            if self.samples.printed is not None:
                hidden = name_parameters(self.samples.printed, _LAYOUT)
        cases, arithmetic = {}, self.arithmetic
        for i, rows in enumerate(self.reduction.rows(self.block)):
            weight = self.reduction.weight(rows.stop - rows.start)
            terms = {
                name: terms_of(
                    array[rows],
                    hidden=weight * hidden[name][rows] if hidden else 0.0,
                    once=once_in(name, self.run.problem),
                )
                for name, array in named.items()
                if self.run.problem.network.has_parameter(name)
            }
            start = self.block.start + rows.start
            cases[start] = case_of(self.batches, i, terms, weight, arithmetic)
        return cases

    def bounded(self, cases: Mapping[int, BatchCase]) -> dict[int, BatchCase]:
        """Returns cases with what end-to-end bounds allow for their samples."""
        found = {}
        sides = _FLOAT64 if self.samples is None else _OWN
        for n in sorted({case.n for case in cases.values()}):
            starts = [start for start, case in cases.items() if case.n == n]
            allowed = self._allowed(starts, n)
            for i, start in enumerate(starts):
                rows = slice(i * n, (i + 1) * n)
                terms = {
                    name: with_allowance(one, name, allowed, rows, sides)
                    for name, one in cases[start].terms.items()
                }
                found[start] = dataclasses.replace(cases[start], terms=terms, has_bounds=True)
        return dict(sorted(found.items()))

    def _allowed(self, starts: Sequence[int], n: int) -> Allowance:
        """Returns the bounds of the samples of some batches of n, one batch after another."""
        rows = np.concatenate([np.arange(n) + start - self.block.start for start in starts])
        batch = Batch(*(array[rows] for array in self.block.batch))
        return weighted_allowance(
            self.computation,
            self.arithmetic,
            self.run.problem,
            batch,
            weight=self.reduction.weight(n),
            is_finite=self.batches.is_finite,
        )


def case_of(
    batches: Answer, row: int, terms: Mapping[str, Terms], weight: float, arithmetic: Arithmetic
) -> BatchCase:
    """Returns one batch, whose gradient is a row of an answer."""
    came = name_parameters(batches.grads, _LAYOUT)
    found = {name: came[name][row] for name in terms}
    hidden = {name: np.zeros(array.shape) for name, array in found.items()}
    if batches.printed is not None:
        printed = name_parameters(batches.printed, _LAYOUT)
        hidden = {name: printed[name][row] for name in terms}
    return BatchCase(found, hidden, terms, weight, arithmetic)


def once_in(name: str, problem: Problem) -> np.ndarray | float:
    """Returns what the gradient of a batch has once, and not for every sample: the L2 term."""
    if not problem.network.l2 or not name.startswith("w"):
        return 0.0
    weights = problem.params[int(name[1:]) - 1].w
    return np.asarray(problem.network.l2 * weights.astype(np.float64))


def with_allowance(terms: Terms, name: str, allowed: Allowance, rows: slice, sides: int) -> Terms:
    """Adds the bounds of samples to their terms, once for every side that may be off."""
    typical = np.sqrt(sides) * allowed.typical[name][rows]
    return terms.with_errors(sides * allowed.worst[name][rows], typical)
