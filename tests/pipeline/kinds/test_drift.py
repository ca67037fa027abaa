"""What has moved since a baseline."""

import numpy as np
import pytest

from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.base import Computation
from compare.implementations.baseline import Baseline
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.drift import BaselineDrift
from compare.problem.answers import take
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from jaxmlp import Layer

TF32 = Arithmetic(np.dtype(np.float32), 10, 23)


@pytest.mark.parametrize("name", ["jax_grad", "jax_grad@cuda:0"])
def test_both_sides_are_judged_by_the_arithmetic_that_was_measured(name):
    """A change as large as TF32 may make, of an implementation on one device or on all."""
    problem = make_problem(Config(layer_sizes=(2, 3, 1), samples=4))
    block = block_at(problem, 0)
    now = IMPLEMENTATIONS["jax_grad"](problem.params, problem.network, "cpu").evaluate(block)
    then = now._replace(
        grads=tuple(Layer(w * np.float32(1 + 1.5 * 2.0**-9), b) for w, b in now.grads)
    )
    ratios = {}
    for arithmetic in (None, TF32):
        run = Run(
            problem,
            (name,),
            range(4),
            layout="in_out",
            seed=0,
            baseline=Baseline(
                "then.npz",
                {},
                {name: 4},
                {name: lambda start, stop: take(then, slice(start, stop))},
            ),
            computations={name: Computation("autodiff", arithmetic)},
        )
        kind = BaselineDrift(run, np.random.default_rng(0))
        (stored,) = kind.also_answering([])
        answers = {name: now, stored.name: stored.evaluate(block)}
        (pair,) = kind.examine(block, answers, kind.nothing, compiled=False).differences.pairs
        ratios[arithmetic] = next(one for one in pair.bounds if one.name == "w1").worst_ratio
    alone = ratios[None] / ratios[TF32]
    assert ratios[None] > 1
    assert alone > 2000  # half of what is allowed would be plain if only one side were TF32
