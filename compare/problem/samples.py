"""Samples of a problem: drawn from the seed, or read from what people bring."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from compare.formats.conversion import round_once
from compare.formats.read.data import Samples
from compare.problem.labels import Labels
from jaxmlp.base import Batch

Batches: TypeAlias = Callable[[int, int], Batch]  # (start, stop) -> samples start .. stop - 1

_STREAM = 1  # of a seed; weights have stream 0
_LOOKED_AT = 65_536  # samples whose labels are checked at a time
_DRAWS_PER_COUNT = 4  # doubles that Philox makes from one value of its counter


def random_batches(seed: int, n_inputs: int, labels: Labels, dtype: np.dtype) -> Batches:
    """Returns a source of samples x ~ U[0, 1]^d with labels that fit the loss.

    Sample i is read off a counter-based generator (Philox; Salmon et al., SC 2011) at a counter
    that depends on i alone, so it is the same however many samples there are and in whatever
    pieces they are made.
    """
    key = np.random.SeedSequence(seed, spawn_key=(_STREAM,)).generate_state(2, np.uint64)
    counts = -(-n_inputs // _DRAWS_PER_COUNT)

    def batch(start: int, stop: int) -> Batch:
        bits = np.random.Philox(key=key, counter=start * counts)
        draws = np.random.Generator(bits).random((stop - start, counts * _DRAWS_PER_COUNT))
        x = round_once(draws[:, :n_inputs], dtype)
        return frozen(Batch(x, labels.drawn(x, start)))

    return batch


def stored_batches(samples: Samples, labels: Labels, where: str) -> Batches:
    """Returns a source of samples that a file or an array holds, labels made where it has none.

    Raises:
      UsageError: for labels that the loss cannot have; all are looked at.
    """
    if samples.y is not None and labels.have_rules:
        for start in range(0, samples.y.shape[0], _LOOKED_AT):
            stop = min(start + _LOOKED_AT, samples.y.shape[0])
            labels.check(samples.y.read(start, stop), start=start, where=f"{where}: y")

    def batch(start: int, stop: int) -> Batch:
        x = samples.x.read(start, stop)
        if samples.y is None:
            return frozen(Batch(x, labels.drawn(x, start)))
        return frozen(Batch(x, labels.as_given(samples.y.read(start, stop))))

    return batch


def frozen(tree: Any) -> Any:
    """Makes every array of a tuple of tuples read-only, so that nobody can change a neighbour's."""
    for leaf in tree:
        if isinstance(leaf, np.ndarray):
            leaf.setflags(write=False)
        else:
            frozen(leaf)
    return tree
