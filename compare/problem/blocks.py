"""Samples in blocks: how many are computed at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.problem.problem import Problem
from jaxmlp.base import Batch
from jaxmlp.plan import fitting_samples

# These are not the sizes of `jaxmlp.sweep`. Blocks of a narrow network are larger, because a
# comparison spends time in Python on every block, and only one thread can. Those of a wide one are
# smaller, because several implementations hold a block at once, and evidence widens each to
# float64.
_LARGEST_BLOCK = 2048  # samples: a narrow network in float64 then fits into a cache
_LARGEST_OF_MANY = 8192  # in a run that has enough of them to keep all cores busy
_MANY = 8 * _LARGEST_OF_MANY  # samples
_BLOCK_ENTRIES = 2**22  # gradient entries of one implementation: 16 MiB in float32


class Block(NamedTuple):
    """Samples start, start + 1, ..."""

    start: int
    batch: Batch
    padded: Batch  # the same and repeated last rows: all blocks of a network in one shape

    @property
    def size(self) -> int:
        """How many samples there are."""
        return len(self.batch.x)

    def rows(self, samples: Sequence[int] | np.ndarray) -> np.ndarray:
        """Which rows hold these samples, those of other blocks left out."""
        rows = np.asarray(samples, int) - self.start
        return rows[(rows >= 0) & (rows < self.size)]


def block_size(problem: Problem) -> int:
    """Returns how many samples are computed at once; every block is padded to it."""
    at_most = _LARGEST_OF_MANY if problem.n_samples >= _MANY else _LARGEST_BLOCK
    return fitting_samples(problem.layer_sizes, at_most=at_most, entries=_BLOCK_ENTRIES)


def block_start(problem: Problem, sample: int) -> int:
    """Returns the first sample of the block that holds a sample."""
    size = block_size(problem)
    return sample // size * size


def block_at(problem: Problem, start: int) -> Block:
    """Takes the samples of the block that starts there."""
    size = block_size(problem)
    batch = problem.batch(start, min(start + size, problem.n_samples))
    return Block(start, batch, _padded(batch, size))


def _padded(batch: Batch, size: int) -> Batch:
    missing = size - len(batch.x)
    if not missing:
        return batch
    return Batch(*(np.pad(array, ((0, missing), (0, 0)), mode="edge") for array in batch))
