"""Gradients of batches that a user brings: what a function returns, a file, arrays."""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.evidence.certificate.making import make_case
from compare.evidence.certificate.nearness import float64_gradients
from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.implementations.user.trials import Readable
from compare.problem.answers import Answer
from compare.problem.batches import Reduction
from compare.problem.blocks import block_size
from compare.problem.problem import Problem
from jaxmlp.base import Grads, Layer

_ALL = slice(0, 1)  # the one gradient that there is


def read_of_batch(returned: Any, *, read: Callable[..., Grads], reduction: str, size: int) -> Grads:
    """Reads the gradient of a batch.

    Args:
      returned: by a function that was given `size` samples.
      read: reads gradients of n samples, or of one without that axis if n is None.
      reduction: 'mean' or 'sum'.
      size: how many samples the batch has.

    Raises:
      UsageError: for anything else; what has one gradient for each sample is told as that.
    """
    try:
        return read(returned)
    except UsageError as error:
        fault = error
    with contextlib.suppress(UsageError):
        read(returned, n=size)
        where = str(fault).partition(": ")[0]
        fault = UsageError(
            f"{where}: expected one gradient for the whole batch with --reduction={reduction}, got "
            f"one for each of its {size} samples; return their {reduction}, or pass "
            "--candidate_batched without --reduction"
        )
    raise fault


def stored_batch(
    problem: Problem, reduction: Reduction, name: str, source: str, readable: Readable
) -> Implementation:
    """Makes an implementation of a gradient that exists already, of one batch of all samples.

    Args:
      problem: whose gradient it is.
      reduction: of the losses.
      name: for reports.
      source: where it comes from, for reports.
      readable: what can be read.

    Raises:
      UsageError: if it cannot be read, or has a gradient for each sample.
    """
    as_one = dataclasses.replace(problem, n_samples=1)
    try:
        readings = readable.readings(as_one)
        answers = [readable.answer(as_one, reading, _ALL) for reading in readings]
    except UsageError as fault:
        if not _is_per_sample(problem, readable):
            raise
        raise UsageError(
            f"{readable.where}: expected the gradient of one batch of all {problem.n_samples:,} "
            f"samples with --reduction={reduction.kind}, got one for each sample; bring their "
            f"{reduction.kind}, or drop --reduction"
        ) from fault
    best = 0
    if len(answers) > 1:
        right = _float64_sum(problem)
        best = int(np.argmin([_distance(one, right) for one in answers]))
    choice = Choice(
        readings[best], None, failing=tuple(r for r in readings if r is not readings[best])
    )
    return Implementation(
        name,
        "cpu",
        lambda block: answers[best],
        source=source,
        can_recompute=False,
        read=choice,
        answers_of="all",
    )


def _is_per_sample(problem: Problem, readable: Readable) -> bool:
    """Whether there is a gradient for each sample of a problem."""
    try:
        readable.answer(problem, readable.readings(problem)[0], _ALL)
    except UsageError:
        return False
    return True


def _float64_sum(problem: Problem) -> Grads:
    """Returns the gradient of the sum of all losses, in float64."""
    total: list[Layer] = []
    shapes = [Layer(w[None], b[None]) for w, b in problem.params]
    size = block_size(problem)
    for start in range(0, problem.n_samples, size):
        batch = problem.batch(start, min(start + size, problem.n_samples))
        case = make_case(problem.network, problem.params, *batch, shapes).wide()
        with np.errstate(all="ignore"):
            found = [Layer(w.sum(-1), b.sum(-1)) for w, b in float64_gradients(case)]
        total = [Layer(p.w + q.w, p.b + q.b) for p, q in zip(total or found, found, strict=True)]
    return tuple(total)


def _distance(answer: Answer, right: Grads) -> float:
    """Returns how far an answer is from a multiple of the right gradient; 0 is none, 1 is all."""
    leaves = [np.ravel(leaf).astype(np.float64) for layer in answer.grads for leaf in layer]
    found = np.concatenate(leaves)
    expected = np.concatenate([np.ravel(leaf) for layer in right for leaf in layer])
    with np.errstate(all="ignore"):
        cosine = found @ expected / np.sqrt(found @ found * (expected @ expected))
    return 1 - float(abs(cosine)) if np.isfinite(cosine) else 2.0
