"""Losses as evidence sees them, beside the complex step, autodiff, torch and NumPy."""

import jax
import numpy as np
import pytest
import torch

import jaxmlp
import torch_ref
from compare.evidence.certificate.losses import LOSSES
from compare.implementations import numpy_backprop

U = 2.0**-24


def outputs(n=200, k=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(k, n)) * 10 ** rng.uniform(-3, 3, n), rng.normal(size=(k, n))


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_are_those_of_everyone(name):
    yhat, y = outputs()
    slope = LOSSES[name].slope(yhat, y)
    for i in range(len(yhat)):
        moved = yhat.astype(complex)
        moved[i] += 1e-100j
        np.testing.assert_allclose(LOSSES[name].value(moved, y).imag / 1e-100, slope[i], rtol=1e-13)
    tensor = torch.tensor(yhat.T, requires_grad=True)
    torch_ref.LOSSES[name](tensor, torch.tensor(y.T)).sum().backward()
    with jax.enable_x64(True):
        ours = jaxmlp.LOSSES[name]
        by_jax = jax.vmap(jax.grad(ours.value), (1, 1), 1)(yhat, y)
        found = [np.asarray(by_jax), np.asarray(ours.slope(yhat, y)), tensor.grad.numpy().T]
    for other in (*found, numpy_backprop.LOSSES[name].slope(yhat, y)):
        np.testing.assert_allclose(other, slope, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_an_error_of_the_slope_is_allowed_and_hardly_more(name):
    """yhat is off by `reach` to either side, and all else is computed in float32."""
    yhat, y = (one.astype(np.float32).astype(np.float64) for one in outputs())
    loss, used = LOSSES[name], []
    for reach in (0.0, 1e-6, 1e-3):
        allowed = loss.slope_error(np, yhat, y, np.full_like(yhat, reach) + U * np.abs(yhat), U)
        for side in (-reach, reach):
            computed = loss.slope((yhat + side).astype(np.float32), y.astype(np.float32))
            used.append(np.abs(computed - loss.slope(yhat, y)) / (allowed + U * np.abs(computed)))
    assert 0.5 < np.max(used) <= 1


@pytest.mark.parametrize("name", LOSSES)
def test_the_curvature_is_the_largest(name):
    yhat, y = outputs()
    step = 1e-3
    bent = np.abs(LOSSES[name].slope(yhat + step, y) - LOSSES[name].slope(yhat - step, y))
    assert np.max(bent) / (2 * step) == pytest.approx(LOSSES[name].curvature, rel=1e-6)
