"""Every primitive that has a rule lies within its bound, in every library, dtype and scale."""

import jax
import numpy as np
import pytest

from compare.evidence.rounding.interpreter import interpret
from compare.evidence.rounding.primitives import RULES
from compare.selftest.primitive_trial import try_primitive
from compare.selftest.primitives import PRIMITIVES
from tests.support.rounding import F32, assert_within, bound_of


def test_every_rule_is_tried():
    assert {name.partition(",")[0] for name in PRIMITIVES} == set(RULES)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_what_is_tried_has_the_primitive(name):
    primitive = PRIMITIVES[name]
    dtype = np.float16 if name == "convert_element_type" else F32
    x, met = np.ones(192, dtype).reshape(primitive.shape), []

    def note(eqn, _):
        met.append(eqn.primitive.name)
        return [None] * len(eqn.outvars)

    closed = jax.make_jaxpr(primitive.by_jax)(x, x)
    interpret(closed, [None, None], constant=lambda _: None, apply=note)
    assert name.partition(",")[0] in met


@pytest.mark.parametrize("name", PRIMITIVES)
def test_no_library_exceeds_a_bound(name):
    tally = try_primitive(name, 1000, seed=0)
    assert tally.entries >= 1000
    assert tally.compared >= 2 * tally.entries
    assert (tally.violations, tally.first) == (0, "")
    assert tally.unbounded < 0.7 * tally.entries


@pytest.mark.parametrize(
    "name", [name for name in PRIMITIVES if name.startswith("one_minus_square")]
)
def test_the_error_of_its_argument_moves_the_slope_of_tanh(name):
    """One that is much larger than what the slope itself is rounded by."""
    primitive, x = PRIMITIVES[name], np.linspace(-1.5, 1.5, 999, dtype=F32)
    truth, bound = bound_of(lambda x: primitive.by_jax((x + 1024) - 1024, x), x)
    computed = primitive.by_numpy((x + F32(1024)) - F32(1024), x)
    assert_within(computed, truth, bound)
    assert np.all(bound < 2.5 * (np.abs(x) + 0.01) / 2**13)
