"""Sweeps of a few samples, and their bits."""

import jax
import numpy as np
import pytest

from compare.implementations.table import IMPLEMENTATIONS
from jaxmlp import ACTIVATIONS, Batch, Evaluation, autodiff, backprop, init_params, sweep
from tests.support.cases import network_of
from tests.support.networks import alone

MODULES = {"autodiff": autodiff, "backprop": backprop}
TANH = ACTIVATIONS["tanh"]
SIZES = (2, 10, 10, 1)
SMALL = {"block": 8, "chunk": 24}  # so that a few samples make many chunks


def make(n, *, sizes=SIZES, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=dtype)
    return params, Batch(*(rng.random((n, k)).astype(dtype) for k in (sizes[0], sizes[-1])))


def rows(batch, start, stop=None):
    return Batch(*(array[start:stop] for array in batch))


def gathered(module, params, batch, *, sizes=SIZES, start=0, **plan):
    plan = sweep.plan_for(sizes, **plan)
    chunks = sweep.compute(
        module.per_sample_gradients, params, batch, activation=TANH, start=start, plan=plan
    )
    return sweep.gather(chunks)


def by_numpy(params, batch):
    """What a sweep is to find, in float64: nothing of it is compiled."""
    found = IMPLEMENTATIONS["numpy_manual"](params, network_of(params, "tanh"), "cpu")
    answer = found.evaluate(alone(batch))
    return Evaluation(answer.prediction, answer.loss, answer.grads)


def same_bits(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(p.shape == q.shape and p.tobytes() == q.tobytes() for p, q in pairs)


both = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
layouts = pytest.mark.parametrize("sample_axis", [0, -1], ids=["first", "last"])
