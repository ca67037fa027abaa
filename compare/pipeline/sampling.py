"""Which samples get the evidence that would cost too much for all of them."""

import numpy as np

from compare.problem.blocks import block_size
from compare.problem.problem import Problem

_MOST_BOUNDED = 10_000  # samples: of so many each has end-to-end bounds, of more only some
_MOST_BOUNDED_ENTRIES = 2**24  # gradient entries with end-to-end bounds
_PART = 2048  # samples that have bounds then, from a few blocks: most of the cost is per block
_PART_BLOCKS = 4


def choose(rng: np.random.Generator, samples: range, most: int) -> np.ndarray:
    """Draws `most` samples, or takes all where there are no more; in ascending order."""
    if len(samples) <= most:
        return np.array(samples)
    return samples.start + np.sort(rng.choice(len(samples), most, replace=False))


def choose_bounded(rng: np.random.Generator, samples: range, problem: Problem) -> np.ndarray:
    """Draws the samples that get end-to-end bounds: all, or parts of a few blocks."""
    fitting = max(1, _MOST_BOUNDED_ENTRIES // problem.network.parameter_count)
    if len(samples) <= min(_MOST_BOUNDED, fitting):
        return np.array(samples)
    size, most = block_size(problem), min(_PART, fitting)
    blocks = choose(rng, range(-(-len(samples) // size)), min(_PART_BLOCKS, most))
    parts = [samples[size * block : size * (block + 1)] for block in blocks]
    return np.concatenate([choose(rng, part, most // len(blocks)) for part in parts])
