"""Which samples get evidence that is too dear for all."""

from collections.abc import Sequence

import numpy as np

from compare.problem.blocks import block_size
from jaxmlp.base import parameter_count

_MOST_BOUNDED = 10_000  # samples: up to here each has end-to-end bounds, beyond it a part
_MOST_BOUNDED_ENTRIES = 2**24  # gradient entries with end-to-end bounds
_PART = 2048  # samples, of so many blocks: a bound costs mostly by the block
_PART_BLOCKS = 8


def choose(rng: np.random.Generator, samples: range, most: int) -> np.ndarray:
    """Draws at most so many samples, in order."""
    if len(samples) <= most:
        return np.array(samples)
    return samples.start + np.sort(rng.choice(len(samples), most, replace=False))


def choose_bounded(
    rng: np.random.Generator, samples: range, layer_sizes: Sequence[int]
) -> np.ndarray:
    """Draws the samples that get end-to-end bounds: all, or parts of a few blocks."""
    fitting = max(1, _MOST_BOUNDED_ENTRIES // parameter_count(layer_sizes))
    if len(samples) <= min(_MOST_BOUNDED, fitting):
        return np.array(samples)
    size, most = block_size(layer_sizes), min(_PART, fitting)
    blocks = choose(rng, range(-(-len(samples) // size)), min(_PART_BLOCKS, most))
    parts = [samples[size * block : size * (block + 1)] for block in blocks]
    return np.concatenate([choose(rng, part, most // len(blocks)) for part in parts])
