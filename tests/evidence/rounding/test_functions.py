"""What is said of mathematical functions at uncertain arguments, near poles and cuts."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from jax import lax

from tests.support.rounding import F32, F64, LAM, TINY, U, assert_within, bound_of


def uncertain(x, error=2.0**-10):
    """Returns x, unless it is 0, with a rounding error: 2^-24 of what is added to it."""
    shift = F32(error * 2**24)
    return (x + shift) - shift


@pytest.mark.parametrize(
    ("f", "inside", "outside"),
    [
        (jnp.log, 0.01, 0.0001),
        (jnp.sqrt, 0.01, 0.0001),
        (lax.rsqrt, 0.01, 0.0001),
        (jnp.log1p, -0.99, -0.9999),
        (jnp.arcsin, 0.99, 0.9999),
        (jnp.arccos, -0.99, -0.9999),
        (jnp.arctanh, 0.99, 0.9999),
        (lax.erf_inv, -0.99, -0.9999),
        (jnp.arccosh, 1.01, 1.0001),
        (jnp.tan, 1.56, 1.5703),
        (lax.lgamma, -2.01, -2.0001),
        (lax.digamma, 0.01, 0.0001),
        (lambda x: x**0.3, 0.01, 0.0001),
        (lambda x: x**-2.5, 0.01, 0.0001),
    ],
)
def test_nothing_is_said_where_an_argument_may_leave_the_domain(f, inside, outside):
    x = np.array([inside, outside], F32)
    _, (near, far) = bound_of(lambda x: f(uncertain(x)), x)
    assert np.isfinite(near)
    assert np.isinf(far)


@pytest.mark.parametrize(
    ("f", "x", "value"),
    [
        (jnp.exp, -np.inf, 0.0),
        (jnp.exp, np.inf, np.inf),
        (jnp.sqrt, 0.0, 0.0),
        (jnp.sqrt, np.inf, np.inf),
        (jnp.log, np.inf, np.inf),
        (jnp.sinh, -np.inf, -np.inf),
        (jnp.cosh, -np.inf, np.inf),
        (lax.rsqrt, np.inf, 0.0),
        (jnp.tanh, 0.0, 0.0),
        (jnp.exp2, -np.inf, 0.0),
        (lax.erfc, np.inf, 0.0),
        (lambda x: x**1.5, 0.0, 0.0),
    ],
)
def test_what_is_exact(f, x, value):
    assert bound_of(f, F32(x)) == (value, 0.0)


@pytest.mark.parametrize("f", [jnp.log, lax.rsqrt, lax.lgamma, lax.digamma, lambda x: x**-0.5])
def test_nothing_is_said_at_a_pole(f):
    assert bound_of(f, F32(0))[1] == np.inf


def test_the_error_of_a_wave_is_no_more_than_the_wave():
    x = np.linspace(-3, 3, 100, dtype=F32)
    for f in (jnp.sin, jnp.cos):
        _, bound = bound_of(lambda x, f=f: f(uncertain(x, 100.0)), x)
        assert np.all(bound <= 2 + 20 * U)
        assert np.all(bound >= 1)


def test_the_error_of_an_argument_vanishes_where_a_function_is_flat():
    _, (top, slope) = bound_of(lambda x: jnp.sin(uncertain(x)), np.array([np.pi / 2, 1e-6], F32))
    assert slope == pytest.approx(2.0**-10, rel=0.6)
    assert top < 2.0**-20
    _, flat = bound_of(lambda x: jnp.cosh(uncertain(x)), F32(1e-6))
    assert flat < 2.0**-19


@pytest.mark.parametrize(
    ("y", "x", "at_most"), [(1e-5, -1, 7), (0, -1, 7), (0, 0, 7), (0.1, -1, 1e-3), (1e-5, 1, 1e-3)]
)
def test_the_angle_of_a_point_jumps_left_of_zero(y, x, at_most):
    angle, bound = bound_of(lambda y, x: jnp.arctan2(uncertain(y, 1e-4), x), F32(y), F32(x))
    assert bound <= at_most
    if at_most > 1:  # at -pi as well as at pi
        assert bound >= np.pi + abs(angle)


@pytest.mark.parametrize(
    ("base", "exponent", "relative"),
    [(-3, 5, 8), (-3, -4, 8), (-3, 0, 8), (2, 0.5, 8), (-3, 0.5, np.inf), (-3, -1.5, np.inf)],
)
def test_a_power_of_a_negative_number_needs_a_whole_exponent(base, exponent, relative):
    value, bound = bound_of(lax.pow, F32(base), F32(exponent))
    assert bound == pytest.approx(relative * U * abs(value), abs=0) or bound == relative


def test_an_uncertain_exponent_is_not_a_whole_number():
    assert bound_of(lambda b: lax.pow(F32(-3), uncertain(b)), F32(2))[1] == np.inf
    value, bound = bound_of(lambda b: lax.pow(F32(3), uncertain(b)), F32(2))
    assert bound == pytest.approx(np.log(3) * value * 2.0**-10, rel=0.6)


def test_a_base_that_may_be_zero():
    f = lambda x, n: lax.pow(uncertain(x), n)  # noqa: E731
    assert bound_of(f, F32(1e-4), F32(2))[1] < 1e-5
    assert bound_of(f, F32(1e-4), F32(-2))[1] == np.inf


def test_a_logarithm_of_gamma_is_right_to_an_ulp_of_one_near_its_zeros():
    x = np.array([1 + 1e-6, 2 - 1e-6, -2.4570248], F32)
    value, bound = bound_of(lax.lgamma, x)
    assert np.all(np.abs(value) < 1e-5)
    assert np.all((bound > 30 * U) & (bound < 1000 * U))


def test_what_a_function_costs_grows_with_its_argument():
    for f, near, far in ((jnp.exp2, 1, 100), (jnp.sinh, 1, 80), (lax.erfc, 1, 8)):
        value, bound = bound_of(f, np.array([near, far], F32))
        relative = bound / np.abs(value)
        assert relative[1] > 4 * relative[0]


@pytest.mark.parametrize("dtype", [F32, ml_dtypes.bfloat16])
def test_sinh_may_overflow_where_exp_does(dtype):
    bound = bound_of(jnp.sinh, np.array([88.5, 89.0], F32), dtype=dtype)[1]
    assert np.isfinite(bound[0])
    assert np.isinf(bound[1])


def test_what_may_overflow_has_no_sine():
    assert bound_of(lambda x: jnp.sin(x * F32(3e38)), F32(30))[1] == np.inf


def test_a_result_may_vanish_that_is_made_of_a_smaller_number():
    value, bound = bound_of(jnp.arcsin, F32(3 * LAM))
    assert bound == pytest.approx(value, rel=1e-5, abs=0)
    assert bound_of(jnp.arcsin, F32(5 * LAM))[1] < TINY / 1e6


INPUTS = {
    "acosh": (1.1, 50),
    "asin": (-0.9, 0.9),
    "asinh": (-50, 50),
    "atan": (-50, 50),
    "cos": (-50, 50),
    "cosh": (-50, 50),
    "erf": (-4, 4),
    "erfc": (-4, 6),
    "erf_inv": (-0.99, 0.99),
    "exp2": (-50, 50),
    "lgamma": (-5, 30),
    "rsqrt": (0.1, 50),
    "sin": (-50, 50),
    "sinh": (-50, 50),
    "tan": (-50, 50),
}


@pytest.mark.parametrize("name", INPUTS)
def test_slopes_lie_within_their_bounds(name):
    """Against those of torch, in float32 and, as the truth, in float64."""
    function = getattr(torch, {"erf_inv": "erfinv"}.get(name, name))
    x = np.random.default_rng(0).uniform(*INPUTS[name], 300).astype(F32)
    slope = jax.vmap(jax.grad(getattr(lax, name)))
    value, bound = bound_of(slope, x)
    single, double = (torch.tensor(x.astype(dtype), requires_grad=True) for dtype in (F32, F64))
    function(single).sum().backward()
    function(double).sum().backward()
    np.testing.assert_allclose(
        value, double.grad.numpy(), rtol=1e-7
    )  # whose jaxpr holds 2 / sqrt(pi) in float32
    assert_within(single.grad.numpy(), double.grad.numpy(), bound)
    assert np.all(np.isfinite(bound))
