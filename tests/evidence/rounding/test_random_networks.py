"""Gradients of random networks lie within the bounds of their formulas."""

import itertools

import jax
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from compare.implementations.activation_formulas import TORCH
from compare.implementations.formulas import formula
from compare.implementations.table import IMPLEMENTATIONS
from jaxmlp import ACTIVATIONS, Batch, Layer
from tests.support.cases import network_of
from tests.support.networks import ALL_ACTIVATIONS, MIXED, alone
from tests.support.rounding import F32, F64, LAM, TINY, U, assert_within, bound_of


def random_network(rng, scale, depth=None, sizes=None):
    depth = int(rng.integers(0, 7)) if depth is None else depth
    sizes = rng.integers(1, 21, depth + 2) if sizes is None else sizes
    params = tuple(
        Layer(
            (scale / np.sqrt(a) * rng.standard_normal((a, b))).astype(F32),
            (scale * rng.standard_normal(b)).astype(F32),
        )
        for a, b in itertools.pairwise(sizes)
    )
    x = rng.standard_normal((3, sizes[0])).astype(F32)
    return params, Batch(x, rng.standard_normal((3, sizes[-1])).astype(F32))


def is_the_same_under_jit(f, *args):
    analysed = roundoff(f, F32)
    outside = jax.tree.leaves(analysed(*args))
    with jax.enable_x64(True):
        inside = jax.tree.leaves(jax.jit(analysed)(*args))
    for a, b in zip(outside, inside, strict=True):
        assert a.dtype == b.dtype == F64
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_under_jit_a_network_says_the_same(activation):
    params, batch = random_network(np.random.default_rng(1), 1.0, depth=1)
    is_the_same_under_jit(formula("torch", network_of(params, activation)), params, batch)


@pytest.mark.parametrize("activations", MIXED)
def test_under_jit_activations_say_the_same(activations):
    z = np.random.default_rng(1).standard_normal(40).astype(F32)

    def of_a_product(z, w):
        z = z * w
        values = [TORCH[name].fn(z) for name in activations]
        slopes = [TORCH[name].deriv(z, h) for name, h in zip(activations, values, strict=True)]
        return values, slopes

    is_the_same_under_jit(of_a_product, z, z[::-1].copy())


PAIRS = [ALL_ACTIVATIONS[i::9] for i in range(9)]  # hidden layers have the one and the other


@pytest.mark.parametrize("implementation", ["jax_grad", "jax_manual", "torch_autograd"])
@pytest.mark.parametrize("activations", PAIRS, ids=",".join)
def test_gradients_of_random_networks_lie_within(activations, implementation):
    """JAX compiles a network anew for other sizes, so it has one of them with many weights."""
    number = PAIRS.index(activations)
    rng = np.random.default_rng(number)
    if implementation == "torch_autograd":
        cases = [(0.03, 2), (14.0, 3), (1.0, 6), (3.0, None), (10 ** rng.uniform(-1.5, 1.1), 0)]
        networks = [random_network(rng, *case) for case in cases]
    else:
        depth = 2 + (number + 3 * (implementation == "jax_grad")) % 5
        sizes = rng.integers(1, 21, depth + 2)
        scales = (0.03, 1.0, 1.0, 3.0, 14.0)
        networks = [random_network(rng, scale, sizes=sizes) for scale in scales]
    for params, batch in networks:
        hidden = itertools.islice(itertools.cycle(activations), max(len(params) - 1, 1))
        network = network_of(params, ",".join(hidden))
        analysed = formula(IMPLEMENTATIONS[implementation].formula, network)
        truth, (worst, typical) = roundoff(analysed, F32, reading="both", is_pure=True)(
            params, batch
        )
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
        return jax.vmap(jax.grad(lambda z: ACTIVATIONS[name].fn(z)))(x * y)

    x = np.array([-3, -0.3, 0.3, 3], F32)
    for f in (phi, slope):
        assert (bound_of(f, x, F32(0.7) + 0 * x)[1] <= 200 * U).all(), f
