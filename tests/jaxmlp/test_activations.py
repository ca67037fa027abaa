import jax
import numpy as np
import pytest
import torch
from scipy import special

import torch_ref
from compare.implementations.numpy_activations import ACTIVATIONS as PHI
from jaxmlp import ACTIVATIONS, FAMILIES
from tests.support.networks import ALL_ACTIVATIONS

POINTS = np.concatenate([np.linspace(-12, 12, 97), [-30.0, -1e-3, 1e-3, 25.0, 50.0]])
POINTS = POINTS[~np.isin(POINTS, [-3, -1, 0, 1, 3, 6])]  # kinks have a test of their own

# phi on complex numbers, written a fourth time: the complex step, Im phi(z + ih)/h, is a
# derivative without a derivative rule (Squire and Trapp, SIAM Review 40, 1998).
GELU_SCALE = np.sqrt(2 / np.pi)
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def clipped(z, low, high):
    return np.where(z.real <= low, low, np.where(z.real >= high, high, z))


COMPLEX_PHI = {
    "sigmoid": lambda z: np.where(z.real > 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z))),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "softplus": lambda z: np.where(z.real > 0, z + np.log(1 + np.exp(-z)), np.log(1 + np.exp(z))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(GELU_SCALE * (z + 0.044715 * z**3))),
    "identity": lambda z: z,
    "leaky_relu": lambda z: np.where(z.real > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
    "selu": lambda z: SELU_SCALE * np.where(z.real > 0, z, SELU_ALPHA * (np.exp(z) - 1)),
    "gelu_erf": lambda z: z * (0.5 * (1 + special.erf(z / np.sqrt(2)))),
    "relu6": lambda z: clipped(z, 0, 6),
    "hard_tanh": lambda z: clipped(z, -1, 1),
    "hard_sigmoid": lambda z: clipped(z + 3, 0, 6) / 6,
    "hard_swish": lambda z: z * clipped(z + 3, 0, 6) / 6,
    "mish": lambda z: z * np.tanh(COMPLEX_PHI["softplus"](z)),
    "softsign": lambda z: z / (1 + np.where(z.real > 0, z, -z)),
}


def jax_values(name):
    with jax.enable_x64(True):
        activation = ACTIVATIONS[name]
        h = activation.fn(POINTS)
        return np.asarray(h), np.asarray(activation.deriv(POINTS, h))


def assert_close(a, b, growth):
    """Both functions are right to a few ulps, and tanh to 6 ulps of 1 on either side.

    gelu multiplies the error of 1 + tanh by z / 2 and its slope by up to z (1 + 0.13 z^2):
    `growth` is that factor.
    """
    eps = np.finfo(np.float64).eps
    allowed = 20 * eps * np.abs(b) + 2 * 6 * eps * growth
    worst = np.argmax(np.abs(a - b) - allowed)
    assert np.abs(a - b)[worst] <= allowed[worst], (POINTS[worst], a[worst], b[worst])


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_values_equal_torch_and_numpy(name):
    h, _ = jax_values(name)
    growth = np.abs(POINTS) / 2 * name.startswith("gelu")
    assert_close(torch_ref.ACTIVATIONS[name](torch.tensor(POINTS)).numpy(), h, growth)
    assert_close(PHI[name][0](POINTS), h, growth)


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_derivative_equals_autodiff_torch_numpy_and_complex_step(name):
    _, slope = jax_values(name)
    with jax.enable_x64(True):
        by_jax = np.asarray(jax.vmap(jax.grad(ACTIVATIONS[name].fn))(POINTS))
    z = torch.tensor(POINTS, requires_grad=True)
    torch_ref.ACTIVATIONS[name](z).sum().backward()
    step = 1e-100
    with np.errstate(over="ignore", invalid="ignore"):
        by_complex_step = np.imag(COMPLEX_PHI[name](POINTS + 1j * step)) / step
    # sigmoid' as h (1 - h) and tanh' as 1 - h^2 have absolute accuracy only
    growth = 1 + np.abs(POINTS) * (1 + 0.13 * POINTS**2) * name.startswith("gelu")
    growth = growth + np.abs(POINTS) * (name == "mish")
    assert_close(by_jax, slope, growth)
    assert_close(z.grad.numpy(), slope, growth)
    assert_close(PHI[name][1](POINTS), slope, growth)
    assert_close(by_complex_step, slope, growth)


def test_relu_has_slope_zero_at_zero_everywhere():
    zero = np.zeros(1, np.float32)
    relu = ACTIVATIONS["relu"]
    z = torch.zeros(1, requires_grad=True)
    torch_ref.ACTIVATIONS["relu"](z).sum().backward()
    assert float(relu.deriv(zero, relu.fn(zero))[0]) == 0
    assert float(jax.grad(relu.fn)(0.0)) == 0
    assert float(z.grad[0]) == 0
    assert float(PHI["relu"][1](zero)[0]) == 0


def test_the_others_have_the_slopes_of_torch_at_their_kinks():
    kinks = {"leaky_relu": [0], "selu": [0], "relu6": [0, 6], "hard_tanh": [-1, 1]}
    for name, places in (kinks | {"hard_sigmoid": [-3, 3], "hard_swish": [-3, 3]}).items():
        z = torch.tensor(places, dtype=torch.float32, requires_grad=True)
        torch_ref.ACTIVATIONS[name](z).sum().backward()
        row, at = ACTIVATIONS[name], z.detach().numpy()
        np.testing.assert_allclose(row.deriv(at, row.fn(at)), z.grad, rtol=1e-6)
        np.testing.assert_allclose(jax.vmap(jax.grad(row.fn))(at), z.grad, rtol=1e-6)
        np.testing.assert_allclose(PHI[name].slope(at), z.grad, rtol=1e-6)


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_not_a_number_stays_one(name):
    z = np.full(1, np.nan, np.float32)
    assert np.isnan(ACTIVATIONS[name].fn(z)).all()
    assert torch_ref.ACTIVATIONS[name](torch.tensor(z)).isnan().all()


@pytest.mark.parametrize(
    ("name", "number"), [("leaky_relu", 0.2), ("leaky_relu", -0.5), ("elu", 3)]
)
def test_a_number_is_the_slope_or_alpha(name, number):
    h = FAMILIES[name](number).fn(np.float32([-2, 3]))
    below = number * (-2 if name == "leaky_relu" else np.expm1(-2))
    np.testing.assert_allclose(h, [below, 3], rtol=1e-6)
    assert FAMILIES[name](number) is FAMILIES[name](number)  # static under jit


def test_torch_softplus_is_no_identity_at_25():
    z = torch.tensor([25.0], dtype=torch.float64)
    assert torch_ref.ACTIVATIONS["softplus"](z).item() == np.logaddexp(0, 25.0)
