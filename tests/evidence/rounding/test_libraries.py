"""Modules and optimizers of Flax, Equinox, Haiku and optax, of which not all need be installed."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, U, assert_within

RNG = np.random.default_rng(0)
X = RNG.normal(size=4).astype(F32)
W1, W2 = (RNG.normal(size=shape).astype(F32) for shape in ((4, 3), (3, 2)))
EXPECTED = np.tanh(X @ W1) @ W2


def assert_bounded(f, *args, **kwargs):
    """Asserts that what f computes is within bounds of its rounding, and returns both."""
    values, bounds = roundoff(f, F32)(*args, **kwargs)
    computed = f(*args, **kwargs)
    for got, value, bound in zip(*map(jax.tree.leaves, (computed, values, bounds)), strict=True):
        if not callable(got):
            assert_within(np.asarray(got), value, bound)
            assert np.all(bound <= 1000 * U)
    return values, bounds


def test_a_module_of_linen():
    nn = pytest.importorskip("flax.linen")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, train):
            h = jnp.tanh(nn.Dense(3, use_bias=False)(x))
            self.sow("intermediates", "h", h)
            h = nn.Dropout(0.5, deterministic=not train)(h)
            return nn.Dense(2, use_bias=False)(h)

    net, params = Net(), {"params": {"Dense_0": {"kernel": W1}, "Dense_1": {"kernel": W2}}}
    values, _ = assert_bounded(net.apply, params, X, train=False)
    np.testing.assert_allclose(values, EXPECTED, rtol=1e-4)
    (_, state), _ = assert_bounded(net.apply, params, X, train=False, mutable=["intermediates"])
    assert state["intermediates"]["h"][0].shape == (3,)
    assert_bounded(net.bind(params), X, train=False)
    assert_bounded(functools.partial(net.apply, train=False), params, X)
    slopes, _ = assert_bounded(jax.grad(lambda p: jnp.sum(net.apply(p, X, train=False))), params)
    assert slopes["params"]["Dense_0"]["kernel"].shape == (4, 3)


def test_a_module_of_nnx():
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self):
            ones = nnx.initializers.ones_init()
            self.first = nnx.Linear(4, 3, use_bias=False, kernel_init=ones, rngs=nnx.Rngs(0))
            self.second = nnx.Linear(3, 2, use_bias=False, kernel_init=ones, rngs=nnx.Rngs(0))
            self.first.kernel[...], self.second.kernel[...] = W1, W2

        def __call__(self, x):
            return self.second(jnp.tanh(self.first(x)))

    net = Net()
    for f, *args in (
        (net, X),
        (lambda net, x: net(x), net, X),
        (lambda state, x: nnx.merge(nnx.graphdef(net), state)(x), nnx.state(net), X),
    ):
        values, _ = assert_bounded(f, *args)
        np.testing.assert_allclose(values, EXPECTED, rtol=1e-4)
    assert_bounded(nnx.grad(lambda net, x: jnp.sum(net(x))), net, X)
    net.first.kernel[...] = 2 * W1
    assert abs(roundoff(net, F32)(X)[0] - values).max() > 0.01


def test_a_module_of_equinox():
    eqx = pytest.importorskip("equinox")
    optax = pytest.importorskip("optax")
    key, no_bias = jax.random.key(0), {"use_bias": False, "use_final_bias": False}
    net = eqx.nn.MLP(4, 2, 3, 1, activation=jnp.tanh, key=key, **no_bias)
    net = eqx.tree_at(lambda net: [layer.weight for layer in net.layers], net, [W1.T, W2.T])
    for f, *args in ((net, X), (lambda net, x: net(x), net, X)):
        np.testing.assert_allclose(assert_bounded(f, *args)[0], EXPECTED, rtol=1e-4)
    optimizer = optax.sgd(0.5, momentum=0.9)

    def step(net, state, x):
        slopes = eqx.filter_grad(lambda net: jnp.sum(net(x)))(net)
        updates, state = optimizer.update(slopes, state)
        return eqx.apply_updates(net, updates), state

    state = optimizer.init(eqx.filter(net, eqx.is_array))
    (after, _), _ = assert_bounded(step, net, state, X)
    assert after.activation is net.activation


def test_a_function_of_haiku():
    hk = pytest.importorskip("haiku")

    def forward(x):
        h = jnp.tanh(hk.Linear(3, with_bias=False)(x))
        return hk.Linear(2, with_bias=False)(h)

    net = hk.transform(forward)
    params = {"linear": {"w": W1}, "linear_1": {"w": W2}}
    for rng in (None, jax.random.key(0)):
        values, _ = assert_bounded(net.apply, params, rng, X)
        np.testing.assert_allclose(values, EXPECTED, rtol=1e-4)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "lion", "adagrad", "lamb"])
def test_an_optimizer_of_optax(name):
    optax = pytest.importorskip("optax")
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        getattr(optax, name)(optax.cosine_decay_schedule(0.1, 100)),
    )
    params, slopes = {"w": W1}, {"w": np.flip(W1)}
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        state = optimizer.init(params)
        for _ in range(2):  # the second step has moments
            assert_bounded(optimizer.update, slopes, state, params)
            _, state = optimizer.update(slopes, state, params)


def test_a_batch_norm_of_flax_that_keeps_statistics():
    nn, nnx = pytest.importorskip("flax.linen"), pytest.importorskip("flax.nnx")
    norm, x = nn.BatchNorm(use_running_average=False), np.stack([X, -2 * X, X[::-1]])
    variables = {
        "params": {"scale": F32([1, 2, 3, 4]), "bias": F32([0, 1, 0, 1])},
        "batch_stats": {"mean": np.zeros(4, F32), "var": np.ones(4, F32)},
    }
    (_, state), _ = assert_bounded(norm.apply, variables, x, mutable=["batch_stats"])
    assert state["batch_stats"]["mean"].shape == (4,)
    layer = nnx.BatchNorm(4, rngs=nnx.Rngs(0))
    assert_bounded(lambda layer, x: layer(x), layer, x)
