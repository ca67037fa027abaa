"""Samples in blocks: how many at once, and what every implementation says of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.pairs import Quantities
from compare.implementations import Implementation
from compare.problem import Problem
from jaxmlp.base import Batch, Evaluation, Grads, Layer, parameter_count

_LARGEST_BLOCK = 1024  # samples
_LARGEST_BLOCK_VALUES = 2**22  # gradient entries of one implementation: 16 MiB in float32


class Block(NamedTuple):
    """Samples start, start + 1, ... and the gradients that every implementation gives."""

    start: int
    batch: Batch
    padded: Batch  # as it was computed, all blocks in one shape
    evaluations: Mapping[str, Evaluation]

    def rows(self, samples: Sequence[int] | np.ndarray) -> np.ndarray:
        """Which rows hold these samples, those of other blocks left out."""
        rows = np.asarray(samples, int) - self.start
        return rows[(rows >= 0) & (rows < len(self.batch.x))]


def block_size(layer_sizes: Sequence[int]) -> int:
    """Returns how many samples are computed at once.

    It depends on the network alone and every block is padded to it, because XLA picks its kernels
    by shape: so the bits of a sample's gradient do not depend on how many samples there are.
    """
    fitting = max(1, _LARGEST_BLOCK_VALUES // parameter_count(layer_sizes))
    return min(_LARGEST_BLOCK, 2 ** (fitting.bit_length() - 1))


def blocks(problem: Problem, taking_part: Sequence[Implementation]) -> Iterator[Block]:
    """Evaluates all samples, a block at a time."""
    for start in range(0, problem.n_samples, block_size(problem.layer_sizes)):
        yield block_at(problem, taking_part, start)


def block_of(problem: Problem, taking_part: Sequence[Implementation], sample: int) -> Block:
    """Evaluates the block that holds a sample, to the same bits as before."""
    size = block_size(problem.layer_sizes)
    return block_at(problem, taking_part, sample // size * size)


def block_at(problem: Problem, taking_part: Sequence[Implementation], start: int) -> Block:
    """Evaluates the block that starts there."""
    size = block_size(problem.layer_sizes)
    batch = problem.batch(start, min(start + size, problem.n_samples))
    padded = _padded(batch, size)
    evaluations = {one.name: _first(one.evaluate(padded), len(batch.x)) for one in taking_part}
    return Block(start, batch, padded, evaluations)


def quantities(evaluation: Evaluation, layout: str) -> Quantities:
    """Names the arrays of an evaluation, weight matrices in the layout to be reported."""
    named = name_parameters(evaluation.grads, layout)
    return Quantities(named, evaluation.prediction, evaluation.loss)


def name_parameters(grads: Grads, layout: str) -> dict[str, np.ndarray]:
    """Returns w1, b1, ... of per-sample gradients, weight matrices in a layout."""
    named = {}
    for i, (w, b) in enumerate(grads, start=1):
        named[f"w{i}"] = w if layout == "in_out" else np.swapaxes(w, 1, 2)
        named[f"b{i}"] = b
    return named


def take(evaluation: Evaluation, rows: np.ndarray | slice) -> Evaluation:
    """Returns some samples of an evaluation."""
    return Evaluation(
        evaluation.prediction[rows],
        evaluation.loss[rows],
        tuple(Layer(w[rows], b[rows]) for w, b in evaluation.grads),
    )


def _first(evaluation: Evaluation, n: int) -> Evaluation:
    return take(evaluation, slice(0, n))


def _padded(batch: Batch, size: int) -> Batch:
    missing = size - len(batch.x)
    return Batch(*(np.pad(array, ((0, missing), (0, 0)), mode="edge") for array in batch))
