"""Which samples of a pair get bounds, and in which arithmetic."""

import functools

import numpy as np
import pytest

from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.base import Computation
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline import sampling
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.pairs import Pairs
from compare.problem import blocks
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


def test_the_worst_samples_of_all_blocks_have_the_bounds_that_they_have_where_all_have_some(
    monkeypatch,
):
    monkeypatch.setattr(blocks, "_LARGEST_BLOCK", 2)
    problem = make_problem(Config(layer_sizes=(2, 3, 1), samples=40))
    builds = {name: IMPLEMENTATIONS[name](problem.params, problem.network, "cpu") for name in NAMES}
    spoilt = {(0, "w"): 3, (0, "b"): 11, (1, "w"): 22, (1, "b"): 37}

    def answered(start):
        block = block_at(problem, start)
        answers = {name: one.evaluate(block) for name, one in builds.items()}
        grads = [Layer(*map(np.array, layer)) for layer in answers["jax_manual"].grads]
        for i, ((layer, kind), sample) in enumerate(spoilt.items(), start=1):
            if sample in range(start, start + 2):
                getattr(grads[layer], kind)[sample - start] *= np.float32(1 + i * 2.0**-10)
        answers["jax_manual"] = answers["jax_manual"]._replace(grads=tuple(grads))
        return block, answers

    def bounds():
        pairs = Pairs(
            Run(problem, NAMES, range(40), layout="in_out", seed=0), np.random.default_rng(0)
        )
        found = [
            pairs.examine(*answered(start), pairs.nothing, compiled=False)
            for start in range(0, 40, 2)
        ]
        (pair,) = pairs.conclude(functools.reduce(pairs.merge, found), answered).pairs
        return {bound.name: bound for bound in pair.bounds}

    of_all = bounds()
    for limit in ("_MOST_BOUNDED", "_PART", "_PART_BLOCKS"):
        monkeypatch.setattr(sampling, limit, 1)
    of_some = bounds()
    for (layer, kind), sample in spoilt.items():
        some, every = (one[f"{kind}{layer + 1}"] for one in (of_some, of_all))
        assert some.entries < every.entries / 4
        assert (some.sample, some.index) == (every.sample, every.index)
        assert some.sample == sample
        assert some.worst_ratio == pytest.approx(every.worst_ratio, rel=1e-12)
        assert some.worst_ratio > 1


def test_an_arithmetic_is_looked_up_by_implementation():
    def spoil(answer):
        answer.grads[0].w[:] *= np.float32(1 + 2.0**-11)

    tf32 = Arithmetic(np.dtype(np.float32), 10, 23)
    plain = examine(spoil)
    reduced = examine(spoil, computations={"jax_manual": Computation("backprop", tf32)})
    assert plain["w1"].worst_ratio > 1 > reduced["w1"].worst_ratio > 0
