"""Gradients of batches, checked and explained: those of a block, or that of all samples."""

import dataclasses
from collections.abc import Mapping

from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.causes import explain
from compare.evidence.batches.check import BatchCheck
from compare.evidence.batches.judge import (
    detectable_ulp,
    judge,
    needs_bounds,
    worth_explaining,
)
from compare.evidence.batches.terms import Terms, joined, terms_of
from compare.evidence.hypotheses.explanation import Cause
from compare.implementations.base import Implementation
from compare.pipeline.allowances import coarsest, float64_gradients, weighted_allowance
from compare.pipeline.batch_cases import BatchAnswers, case_of, once_in, with_allowance
from compare.pipeline.kinds.base import Run
from compare.problem.answers import Answer
from compare.problem.blocks import Block, block_at, block_size

_EXPLAINED = 16  # batches that a cause has to fit


def check_batches(
    run: Run, name: str, block: Block, batches: Answer, samples: Answer | None, *, is_first: bool
) -> BatchCheck:
    """Holds the batches of a block against the gradients of their samples.

    Args:
      run: that the block is of.
      name: of the implementation.
      block: of the samples.
      batches: its answer, a row for every batch.
      samples: its answer for single samples; None if it has none.
      is_first: whether this is the first block, in which it is told what change would be seen.
    """
    answers = BatchAnswers(run, block, batches, samples, run.computation(name))
    cases = answers.cases()
    unclear = {
        start: case
        for start, case in cases.items()
        if samples is None or needs_bounds(case) or (is_first and start == block.start)
    }
    bounded = answers.bounded(unclear)
    detectable = None
    if is_first:
        detectable = detectable_ulp(bounded[block.start], run.problem.dtype)
    found = _judged(
        run, {**cases, **bounded}, own_samples=samples is not None, detectable=detectable
    )
    if not found.failed or found.causes or samples is None:
        return found
    by_float64 = answers._replace(samples=None)
    also = _judged(run, by_float64.bounded(by_float64.cases()), own_samples=False)
    return also if also.causes else found


def check_whole(run: Run, one: Implementation) -> BatchCheck:
    """Holds the gradient of the one batch of all samples against float64."""
    assert run.reduction is not None
    problem, computation = run.problem, run.computation(one.name)
    size, n = block_size(problem.layer_sizes), problem.n_samples
    weight = run.reduction.weight(n)
    answer = one.evaluate(block_at(problem, 0))
    arithmetic = coarsest(computation, answer, problem)
    parts: dict[str, list[Terms]] = {}
    for start in range(0, n, size):
        batch = problem.batch(start, min(start + size, n))
        allowed = weighted_allowance(
            computation, arithmetic, problem, batch, weight=weight, is_finite=answer.is_finite
        )
        for name, gradients in float64_gradients(problem, batch).items():
            if not problem.network.has_parameter(name):
                continue
            before = parts.setdefault(name, [])
            after = sum(part.gradients.sum(axis=0) for part in before)
            terms = terms_of(gradients, once=once_in(name, problem), after=after)
            terms = with_allowance(terms, name, allowed, slice(None), 1)
            before.append(terms.pooled(first=start == 0, last=start + size >= n))
    whole = {name: joined(each) for name, each in parts.items()}
    case = case_of(answer, 0, whole, weight, arithmetic)._replace(has_bounds=True)
    return _judged(
        run, {0: case}, own_samples=False, detectable=detectable_ulp(case, problem.dtype)
    )


def _judged(
    run: Run,
    cases: Mapping[int, BatchCase],
    *,
    own_samples: bool,
    detectable: dict[str, float] | None = None,
) -> BatchCheck:
    """Judges cases and explains the first failure; indices are in the layout of reports."""
    found = judge(cases, own_samples=own_samples, detectable=detectable)
    if found.failed:
        found = dataclasses.replace(found, causes=_causes(run, cases))
    return found if run.layout == "in_out" else found.turned()


def _causes(run: Run, cases: Mapping[int, BatchCase]) -> tuple[Cause, ...]:
    assert run.reduction is not None
    few = worth_explaining(cases, _EXPLAINED)
    if not few:
        return ()
    return explain(few, kind=run.reduction.kind, n_outputs=run.problem.layer_sizes[-1])
