"""What a run has not recorded before a place."""

import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.local.specification import specification
from compare.problem.cuts import cut
from compare.problem.function import (
    Arguments,
    FunctionProblem,
    named_arguments,
    outputs_of,
)
from compare.problem.given_cotangents import drawn_cotangents


@pytest.fixture(scope="module")
def specified():
    def call(x):
        a = cut(jnp.sin(x), "a")
        b = cut(jnp.cos(a), "b")
        return cut(jnp.tanh(b), "c") + a, {}

    names, leaves, structure = named_arguments((np.ones(3, np.float32),))
    arguments = Arguments(structure, tuple(leaves), tuple(names), (0,))
    outputs = outputs_of(call, arguments)
    cotangents = drawn_cotangents(outputs, leaves[0].dtype, 0)
    return specification(FunctionProblem(call, arguments, outputs, cotangents, leaves[0].dtype))


@pytest.mark.parametrize(
    ("key", "recorded", "unknown"),
    [
        (("forward", "c"), {"a"}, {("forward", "b")}),
        (("forward", "c"), {"b"}, set()),
        (("forward", "c"), set(), {("forward", "a"), ("forward", "b")}),
        (("output", "output"), {"b", "c"}, {("forward", "a")}),
        (("backward", "b"), {"a", "b", "c"}, {("backward", "c")}),
        (("gradient", "args[0]"), {"a", "d:a"}, set()),
    ],
)
def test_what_was_not_recorded_before_a_place(specified, key, recorded, unknown):
    assert specified.unknown_before(key, recorded) == unknown
