"""Losses of samples as columns, and slopes where a comparison decides."""

import jax
import numpy as np
import pytest

from jaxmlp.losses import LOSSES


@pytest.mark.parametrize("pair", LOSSES, ids="-".join)
def test_columns_are_what_each_sample_is_alone(pair):
    """JAX promotes no ranks in tests: a user may have it so."""
    rng, loss = np.random.default_rng(0), LOSSES[pair]
    z, y = rng.normal(size=(2, 3, 5)).astype(np.float32)
    for of_sample in (loss.value, loss.slope, lambda z, y: loss.predict(z)):
        alone = [of_sample(*one) for one in zip(z.T, y.T, strict=True)]
        # exp, log and sums of 3 terms up to 10 are off by a few times 6e-8 of what they add up
        np.testing.assert_allclose(of_sample(z, y), np.stack(alone, axis=-1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("z", [0.0, -0.0, 1e-39, -1e-39, 1e-45, -1e-45])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_binary_cross_entropy_has_one_slope_around_0(z, y):
    """XLA takes subnormal numbers for 0, where a maximum and a sign have slopes of their own."""
    loss = LOSSES["sigmoid", "binary_cross_entropy"]
    z, y = np.array([z], np.float32), np.array([y], np.float32)
    for slope in (jax.grad(loss.value), loss.slope):
        assert np.asarray(jax.jit(slope)(z, y)) == pytest.approx(0.5 - y)
