"""The end-to-end bound of a formula that nobody knows, beside formulas that people write."""

import jax
import numpy as np
import pytest

from compare.evidence.certificate.activations import ACTIVATIONS as EXACT
from compare.evidence.rounding import roundoff
from compare.implementations.activation_formulas import TEXTBOOK, TORCH
from jaxmlp import ACTIVATIONS


def logistic(z):
    return 1 / (1 + np.exp(-z))


def tanh(z):
    return 2 * logistic(2 * z) - 1


def from_above(z):
    return z + np.log(1 + np.exp(-z))


WRITTEN = {
    ("tanh", "value"): (tanh, lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)),
    ("tanh", "slope"): (
        lambda z: 1 / np.cosh(z) ** 2,
        lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z)),
        lambda z: 4 * logistic(2 * z) * (1 - logistic(2 * z)),
        lambda z: 1 - tanh(z) ** 2,
    ),
    ("softplus", "value"): (
        from_above,
        lambda z: z - np.log(logistic(z)),
        lambda z: -np.log(logistic(-z)),
        lambda z: np.log(1 + np.exp(z)),
    ),
    ("softplus", "slope"): (logistic, lambda z: 1 - np.exp(-from_above(z))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "what"), WRITTEN)
def test_no_formula_exceeds_the_largest_bound(name, what, dtype):
    """Of z that is exact, as of whole numbers: nothing else is rounded that could hide it."""
    rng = np.random.default_rng(0)
    z = np.concatenate(
        [np.arange(-45, 46), rng.normal(size=1000) * 4, rng.normal(size=1000) * 1e-3]
    ).astype(dtype)
    function = {
        "value": lambda phi: lambda z: phi.fn(z),
        "slope": lambda phi: lambda z: phi.deriv(z, phi.fn(z)),
    }[what]
    with jax.enable_x64(True):
        bounds = [
            np.asarray(roundoff(function(source[name]), np.dtype(dtype))(z)[1])
            for source in (ACTIVATIONS, TORCH, TEXTBOOK)
        ]
    exact = getattr(EXACT[name], what)(np, z.astype(np.longdouble))
    for written in WRITTEN[(name, what)]:
        with np.errstate(all="ignore"):
            found = written(z)
        assert found.dtype == dtype
        known = np.isfinite(found)
        assert np.all(np.abs(found - exact)[known] <= np.maximum.reduce(bounds)[known])
