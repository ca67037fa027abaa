"""Gradients of random networks lie within the bounds of their formulas."""

import itertools

import jax
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from compare.implementations.formulas import formula
from compare.implementations.table import IMPLEMENTATIONS
from jaxmlp import ACTIVATIONS, Batch, Layer
from tests.support.cases import network_of
from tests.support.networks import ALL_ACTIVATIONS, alone
from tests.support.rounding import F32, F64, LAM, TINY, U, assert_within, bound_of


def random_network(rng, scale, depth=None):
    depth = int(rng.integers(0, 7)) if depth is None else depth
    sizes = rng.integers(1, 21, depth + 2)
    params = tuple(
        Layer(
            (scale / np.sqrt(a) * rng.standard_normal((a, b))).astype(F32),
            (scale * rng.standard_normal(b)).astype(F32),
        )
        for a, b in itertools.pairwise(sizes)
    )
    x = rng.standard_normal((3, sizes[0])).astype(F32)
    return params, Batch(x, rng.standard_normal((3, sizes[-1])).astype(F32))


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_under_jit_it_says_the_same(activation):
    params, batch = random_network(np.random.default_rng(1), 1.0, depth=1)
    analysed = roundoff(formula("torch", network_of(params, activation)), F32)
    outside = jax.tree.leaves(analysed(params, batch))
    with jax.enable_x64(True):
        inside = jax.tree.leaves(jax.jit(analysed)(params, batch))
    for a, b in zip(outside, inside, strict=True):
        assert a.dtype == b.dtype == F64
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("implementation", ["jax_grad", "jax_manual", "torch_autograd"])
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_gradients_of_random_networks_lie_within(activation, implementation):
    rng = np.random.default_rng(ALL_ACTIVATIONS.index(activation))
    cases = [(0.03, 2), (14.0, 3), (1.0, 6), (3.0, None), (10 ** rng.uniform(-1.5, 1.1), 0)]
    for scale, depth in cases if implementation == "torch_autograd" else cases[1:4]:
        params, batch = random_network(rng, scale, depth)
        network = network_of(params, activation)
        analysed = formula(IMPLEMENTATIONS[implementation].formula, network)
        truth, worst = roundoff(analysed, F32)(params, batch)
        _, typical = roundoff(analysed, F32, reading="typical")(params, batch)
        made = IMPLEMENTATIONS[implementation](params, network, "cpu").evaluate(alone(batch))
        for computed, value, most, usual in zip(
            *map(jax.tree.leaves, (made.grads, truth.grads, worst.grads, typical.grads)),
            strict=True,
        ):
            assert_within(computed, value, most)
            assert_within(computed, value, 4 * usual + LAM)
            assert np.all(usual <= 1.5 * most + TINY)


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_bound_of_an_activation_is_a_few_ulps(name):
    def phi(x, y):
        return ACTIVATIONS[name].fn(x * y)

    def slope(x, y):
        return jax.grad(lambda z: ACTIVATIONS[name].fn(z))(x * y)

    for x in np.array([-3, -0.3, 0.3, 3], F32):
        for f in (phi, slope):
            assert bound_of(f, x, F32(0.7))[1] <= 200 * U, (x, f)
