"""Gradients of batches, checked and explained: those of a block, or that of all samples."""

import dataclasses
from collections.abc import Mapping

from compare.evidence.batches.assumptions import Asked
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
    first = min(_shown(run, cases))
    unclear = {
        start: case
        for start, case in cases.items()
        if samples is None or needs_bounds(case) or (is_first and start == first)
    }
    bounded = answers.bounded(unclear)
    detectable = None
    if is_first:
        detectable = detectable_ulp(bounded[first], run.problem.dtype)
    asked = _asked(run, alone=samples is None)
    own = samples is not None
    found = _judged(run, {**cases, **bounded}, asked, own_samples=own, detectable=detectable)
    if not found.failed or found.causes or samples is None:
        return found
    by_float64 = answers._replace(samples=None)
    also = _judged(run, by_float64.bounded(by_float64.cases()), asked, own_samples=False)
    return also if also.causes else found


def check_whole(run: Run, one: Implementation) -> BatchCheck:
    """Holds the gradient of the one batch of all samples against float64."""
    assert run.reduction is not None
    problem, computation = run.problem, run.computation(one.name)
    size, n = block_size(problem), problem.n_samples
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
    case = case_of(answer, 0, whole, weight, arithmetic)
    case = dataclasses.replace(case, has_bounds=True)
    asked, detectable = _asked(run, alone=True), detectable_ulp(case, problem.dtype)
    return _judged(run, {0: case}, asked, own_samples=False, detectable=detectable)


def _judged(
    run: Run,
    cases: Mapping[int, BatchCase],
    asked: Asked,
    *,
    own_samples: bool,
    detectable: dict[str, float] | None = None,
) -> BatchCheck:
    """Judges cases and explains the first failure; indices are in the layout of reports."""
    found = judge(_shown(run, cases), own_samples=own_samples, detectable=detectable)
    if found.failed:
        found = dataclasses.replace(found, causes=_causes(cases, asked))
    return found if run.layout == "in_out" else found.turned()


def _shown(run: Run, cases: Mapping[int, BatchCase]) -> dict[int, BatchCase]:
    """Returns the batches that are judged: all, or that of the only sample.

    The others of its block explain a failure as they do in a run of all samples.
    """
    if run.only_sample is None:
        return dict(cases)
    start = max(start for start in cases if start <= run.only_sample)
    return {start: cases[start]}


def _causes(cases: Mapping[int, BatchCase], asked: Asked) -> tuple[Cause, ...]:
    few = worth_explaining(cases, _EXPLAINED)
    return explain(few, asked) if few else ()


def _asked(run: Run, *, alone: bool) -> Asked:
    """Says what is asked for, of which nothing but batches is known if these are all there is."""
    assert run.reduction is not None
    network = run.problem.network
    return Asked(run.reduction.kind, network.layer_sizes[-1], network.loss if alone else None)
