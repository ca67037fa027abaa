import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import torch

import jaxmlp
import torch_ref
from compare.activation_names import row_of
from compare.catalogue import ACTIVATIONS
from compare.evidence.certificate.activation_costs import EXP_ULPS
from compare.evidence.certificate.activations import activation_row
from compare.implementations import numpy_backprop
from tests.support.networks import NUMBERED

F32 = np.float32
NAMES = (*ACTIVATIONS, *NUMBERED)
KINKED = {
    *("relu", "leaky_relu", "selu", "relu6", "hard_tanh", "hard_sigmoid", "hard_swish"),
    *NUMBERED,
}
U, LAM = 2.0**-24, float(np.finfo(F32).smallest_normal)
RELATIVE = ("sigmoid", "tanh", "softplus", "silu")  # their table entry is in ulps of the value
GRID = np.concatenate([np.linspace(-40, 40, 81), [-1e-9, 1e-9, -0.7524, -1.2785, 1e-3, 300.0]])


def mp_sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def mp_gelu(z):
    inner = mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf(0.044715) * z**3)
    return z * mp_sigmoid(2 * inner)


def mp_elu(alpha, scale=1):
    return lambda z: scale * (z if z > 0 else alpha * mpmath.expm1(z))


def mp_clip(low, high):
    return lambda z: min(max(z, mpmath.mpf(low)), mpmath.mpf(high))


SELU = 1.6732632423543772, 1.0507009873554805
MP_PHI = {
    "sigmoid": mp_sigmoid,
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "silu": lambda z: z * mp_sigmoid(z),
    "gelu": mp_gelu,
    "identity": lambda z: z,
    "leaky_relu": lambda z: z if z > 0 else mpmath.mpf(0.01) * z,
    "leaky_relu:0.2": lambda z: z if z > 0 else mpmath.mpf(0.2) * z,
    "leaky_relu:-0.5": lambda z: z if z > 0 else -z / 2,
    "elu": mp_elu(1),
    "elu:0.5": mp_elu(0.5),
    "elu:3": mp_elu(3),
    "selu": mp_elu(*map(mpmath.mpf, SELU)),
    "gelu_erf": lambda z: z * mpmath.ncdf(z),
    "relu6": mp_clip(0, 6),
    "hard_tanh": mp_clip(-1, 1),
    "hard_sigmoid": lambda z: mp_clip(0, 6)(z + 3) / 6,
    "hard_swish": lambda z: z * mp_clip(0, 6)(z + 3) / 6,
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "softsign": lambda z: z / (1 + abs(z)),
}


@functools.cache
def true_values(name):
    def exact(z):
        if name == "gelu" and abs(z) > 20:  # exp(-2 inner) < 1e-300
            return (z, 1) if z > 0 else (0, 0)
        if name in ("gelu_erf", "mish") and abs(z) > 200:
            return (z, 1) if z > 0 else (0, 0)
        return MP_PHI[name](mpmath.mpf(z)), mpmath.diff(MP_PHI[name], mpmath.mpf(z))

    with mpmath.workdps(60 if name == "gelu_erf" else 320):  # its tails lose no digits
        rows = [exact(float(z)) for z in GRID]
    return np.array([[float(v), float(s)] for v, s in rows]).T


def at_a_kink(name, z):
    """Where two slopes are right."""
    return np.isin(z, [kink.at for kink in activation_row(name).kinks])


def test_every_activation_is_here():
    assert set(NAMES) == set(MP_PHI)


@pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_slope_to_float64(name, xp):
    value, slope = true_values(name)
    # exp(-t) is right to |t| u of itself, and t is z^2 / 2 or more for gelu; slopes have roots
    reach = 1 + np.abs(GRID) * (1 + GRID**2 * 0.13 * name.startswith("gelu"))
    eps = np.finfo(np.float64).eps
    with jax.enable_x64(True):
        found = np.asarray(activation_row(name).value(xp, xp.asarray(GRID)))
        found_slope = np.asarray(activation_row(name).slope(xp, xp.asarray(GRID)))
    assert found.dtype == found_slope.dtype == np.float64
    tiny = 1e-290  # below it exp leaves the normal numbers
    np.testing.assert_array_less(np.abs(found - value), 8 * eps * reach * np.abs(value) + tiny)
    has_root = name.startswith("gelu") or name in ("silu", "mish", "hard_swish")
    size = np.abs(slope) + has_root * np.abs(value)
    off = np.where(at_a_kink(name, GRID), 0, np.abs(found_slope - slope))
    np.testing.assert_array_less(off, 8 * eps * reach * size + tiny)


@pytest.mark.parametrize("name", NAMES)
def test_largest_slope_and_curvature_are_suprema(name):
    phi = activation_row(name)
    z, h = np.linspace(-12, 12, 400_002), 1e-5
    slope = np.abs(phi.slope(np, z)).max()
    assert 0.99 * phi.largest_slope <= slope <= phi.largest_slope
    curvature = np.abs(phi.slope(np, z + h) - phi.slope(np, z - h)) / (2 * h)
    for kink in phi.kinks:
        curvature = np.where(np.abs(z - kink.at) < 2 * h, 0, curvature)
    assert 0.99 * phi.largest_curvature <= curvature.max() <= phi.largest_curvature + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_the_sides_of_a_kink_are_the_slopes_beside_it(name):
    phi, h = activation_row(name), 1e-9
    assert bool(phi.kinks) == (name in KINKED)
    for kink in phi.kinks:
        beside = phi.slope(np, np.array([kink.at - h, kink.at + h]))
        np.testing.assert_allclose(beside, [kink.left, kink.right], atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_curvature_bounds_the_second_derivative_wherever_z_may_be(name):
    """Beside differences of the slope with 50 digits, which share nothing with the bound."""
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.uniform(-4, 4, 30), rng.uniform(-25, 25, 30)])
    reach = 10 ** rng.uniform(-8, 0.7, len(z))
    bounds = activation_row(name).curvature(np, z, reach)
    assert np.all(bounds <= activation_row(name).largest_curvature)
    with mpmath.workdps(50):
        for center, r, bound in zip(z, reach, bounds, strict=True):
            for t in np.linspace(center - r, center + r, 7):
                second = mpmath.diff(MP_PHI[name], mpmath.mpf(float(t)), 2)
                assert abs(second) <= bound * (1 + 1e-9) + 1e-30, (t, center, r)


@pytest.mark.parametrize("name", NAMES)
def test_the_steepest_slope_bounds_the_slope_wherever_z_may_be(name):
    phi, rng = activation_row(name), np.random.default_rng(1)
    z = np.concatenate([rng.uniform(-4, 4, 200), rng.uniform(-25, 25, 200)])
    reach = 10 ** rng.uniform(-8, 0.7, len(z))
    bounds = phi.steepest(np, z, reach)
    assert np.all(bounds <= phi.largest_slope)
    for t in np.linspace(-1, 1, 21):
        slope = np.abs(phi.slope(np, z + t * reach))
        assert np.all(slope <= bounds * (1 + 1e-12))


@functools.cache
def float32_points():
    rng = np.random.default_rng(0)
    small = 10 ** rng.uniform(-37, 0, 20_000) * rng.choice([-1, 1], 20_000)
    far = [-200.0, -104.0, -88.5, -87.5, 87.5, 88.5, 100.0, 200.0]
    return np.concatenate([np.linspace(-30, 30, 200_001), small, far]).astype(F32)


@functools.cache
def by_jax():
    """Values, slopes by hand and by autodiff of all activations, each kind as one program."""
    rows = {name: row_of(name, jaxmlp.ACTIVATIONS, jaxmlp.FAMILIES) for name in NAMES}
    given = dict.fromkeys(NAMES, float32_points())

    def compute(of_row):
        functions = {name: of_row(*row) for name, row in rows.items()}
        return jax.jit(lambda z: {name: functions[name](z[name]) for name in functions})(given)

    return (
        compute(lambda fn, deriv: fn),
        compute(lambda fn, deriv: lambda z: deriv(z, fn(z))),
        compute(lambda fn, deriv: jax.vmap(jax.grad(fn))),
    )


def measured(name):
    """Yields (library, what, result) of every library that computes this activation."""
    z = float32_points()
    value, by_hand, by_autodiff = by_jax()
    yield "jax", "value", value[name]
    yield "jax manual", "slope", by_hand[name]
    yield "jax grad", "slope", by_autodiff[name]
    tz = torch.tensor(z, requires_grad=True)
    h = row_of(name, torch_ref.ACTIVATIONS, torch_ref.FAMILIES)(tz)
    yield "torch", "value", h.detach().cpu().numpy()
    (grad,) = torch.autograd.grad(h.sum(), tz)
    yield "torch", "slope", grad.cpu().numpy()
    wide = row_of(name, numpy_backprop.ACTIVATIONS, numpy_backprop.FAMILIES)
    z = z.astype(np.float64)
    yield "numpy in float64", "value", wide.value(z)
    yield "numpy in float64", "slope", wide.slope(z)


@pytest.mark.parametrize("name", NAMES)
def test_no_library_exceeds_the_costs(name):
    check_costs(name)


def check_costs(name):
    """On the devices that are the default ones of either library."""
    z, phi = float32_points().astype(np.float64), activation_row(name)
    kink = np.zeros(z.shape, bool)
    for one in phi.kinks:
        kink |= one.is_near(np, z, np.zeros_like(z), U)
    for library, what, result in measured(name):
        truth, cost = getattr(phi, what)(np, z), getattr(phi, f"{what}_cost")(np, z)
        error = np.abs(np.asarray(result, np.float64) - truth)
        if what == "slope":
            error = np.where(kink, 0, error)
        error = np.maximum(error - LAM * (2 + np.abs(z)), 0)  # z sigmoid(z), flushed to zero
        used = error / (U * np.maximum(cost, 1e-300))
        i = int(np.argmax(used))
        ulps = float((error / (2 * U * np.maximum(np.abs(truth), LAM))).max())
        print(
            f"{name} {what} {library}: {used[i]:.3f} of its cost at z = {z[i]}",
            f"{ulps:.2f} ulps (table {phi.ulps})" * (what == "value" and name in RELATIVE),
        )
        assert used[i] <= 1, (library, what, z[i], error[i] / U, cost[i])
        if what == "value" and name in RELATIVE:
            assert ulps <= phi.ulps


def test_exp_is_within_the_table():
    check_exp()


def check_exp():
    """Likewise, where it is asked for, and on to where the results of others are still normal."""
    z = np.concatenate([float32_points(), np.linspace(-87, 0, 100_001, dtype=F32)])
    z = z[np.abs(z) < 87]
    truth = np.exp(z.astype(np.float64))
    by_torch = torch.tensor(z).exp().cpu().numpy()
    for library, found in (("jax", jax.jit(jnp.exp)(z)), ("torch", by_torch)):
        ulps = float((np.abs(np.asarray(found, np.float64) - truth) / (2 * U * truth)).max())
        print(f"exp {library}: {ulps:.2f} ulps")
        assert ulps <= EXP_ULPS
