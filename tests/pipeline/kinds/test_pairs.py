"""Which samples of a pair get bounds, and in which arithmetic."""

import numpy as np
import pytest

from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.base import Computation
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline import sampling
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.pairs import Pairs
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from jaxmlp import Layer

NAMES = ("jax_grad", "jax_manual")


def examine(spoil, **options):
    problem = make_problem(Config(layer_sizes=(2, 3, 1), samples=40))
    block = block_at(problem, 0)
    answers = {
        name: IMPLEMENTATIONS[name](problem.params, problem.network, "cpu").evaluate(block)
        for name in NAMES
    }
    spoilt = answers["jax_manual"]
    grads = tuple(Layer(*map(np.array, layer)) for layer in spoilt.grads)
    answers["jax_manual"] = spoilt._replace(grads=grads, loss=spoilt.loss.copy())
    spoil(answers["jax_manual"])
    run = Run(problem, NAMES, range(40), layout="in_out", seed=0, **options)
    pairs = Pairs(run, np.random.default_rng(0))
    found = pairs.examine(block, answers, pairs.nothing, compiled=False)
    (pair,) = pairs.conclude(found, lambda start: (block, answers)).pairs
    return {bound.name: bound for bound in pair.bounds}


@pytest.mark.parametrize("sample", [0, 17, 39])
@pytest.mark.parametrize("quantity", ["w2", "loss"])
def test_the_first_sample_that_is_finite_on_one_side_always_has_bounds(
    monkeypatch, quantity, sample
):
    for limit in ("_MOST_BOUNDED", "_PART", "_PART_BLOCKS"):
        monkeypatch.setattr(sampling, limit, 1)

    def spoil(answer):
        array = answer.loss if quantity == "loss" else answer.grads[1].w
        array[sample:] = np.inf

    bounds = examine(spoil)
    assert bounds[quantity].first_one_sided.sample == sample
    assert bounds[quantity].unexplained > 0
    others = [bound for name, bound in bounds.items() if name != quantity]
    assert all(bound.first_one_sided is None for bound in others)


def test_an_arithmetic_is_looked_up_by_implementation():
    def spoil(answer):
        answer.grads[0].w[:] *= np.float32(1 + 2.0**-11)

    tf32 = Arithmetic(np.dtype(np.float32), 10, 23)
    plain = examine(spoil)
    reduced = examine(spoil, computations={"jax_manual": Computation("backprop", tf32)})
    assert plain["w1"].worst_ratio > 1 > reduced["w1"].worst_ratio > 0
