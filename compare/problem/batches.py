"""Batches of samples, and how the losses of one become one loss."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from compare.errors import UsageError
from compare.options.config import Config
from compare.problem.blocks import Block, block_size
from compare.problem.problem import Problem
from jaxmlp.base import Batch


class Reduction(NamedTuple):
    """What is asked of the losses of a batch."""

    kind: str  # 'mean' or 'sum'
    size: int  # samples in a batch; the last of a block may have fewer, or one more

    def weight(self, n: int) -> float:
        """Returns the factor of each of n samples."""
        return 1 / n if self.kind == "mean" else 1.0

    def rows(self, block: Block) -> list[slice]:
        """Returns the rows of each batch; none reaches into the next block.

        A single sample that is left joins the batch before it, as some code takes no batch of one.
        """
        starts = list(range(0, block.size, self.size))
        if len(starts) > 1 and self.size > 1 and starts[-1] == block.size - 1:
            starts.pop()
        return [slice(*ends) for ends in itertools.pairwise([*starts, block.size])]

    def batches(self, block: Block) -> Iterator[tuple[int, Batch]]:
        """Yields the number of the first sample, and the samples, of each batch of a block."""
        for rows in self.rows(block):
            x, y = block.batch
            yield block.start + rows.start, Batch(x[rows], y[rows])


def batch_words(start: int, n: int) -> str:
    """Names a batch by its samples: 'batch of samples 0 to 31', or 'batch of sample 32'."""
    if n == 1:
        return f"batch of sample {start}"
    return f"batch of samples {start} to {start + n - 1}"


def reduction_of(config: Config, problem: Problem) -> Reduction | None:
    """Returns what the config asks of the losses of batches.

    Raises:
      UsageError: for batches larger than a block, which are not computed together.
    """
    if config.reduction is None:
        return None
    most = min(block_size(problem), problem.n_samples)
    size = config.batch_size or most
    if size > most:
        raise UsageError(
            f"batch_size: expected at most {most:,} samples, which are computed at once of a "
            f"network with {problem.network.parameter_count:,} parameters, got {size:,}"
        )
    return Reduction(config.reduction, size)
