"""Slopes of losses where a comparison decides."""

import jax
import numpy as np
import pytest

from jaxmlp.losses import LOSSES


@pytest.mark.parametrize("z", [0.0, -0.0, 1e-39, -1e-39, 1e-45, -1e-45])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_binary_cross_entropy_has_one_slope_around_0(z, y):
    """XLA takes subnormal numbers for 0, where a maximum and a sign have slopes of their own."""
    loss = LOSSES["sigmoid", "binary_cross_entropy"]
    z, y = np.array([z], np.float32), np.array([y], np.float32)
    for slope in (jax.grad(loss.value), loss.slope):
        assert np.asarray(jax.jit(slope)(z, y)) == pytest.approx(0.5 - y)
