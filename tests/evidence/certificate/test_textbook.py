"""What is allowed of textbook formulas, beside those formulas computed in float32."""

import numpy as np
import pytest

from compare.evidence.certificate.activations import activation_row

F32 = np.float32
U = 2.0**-24
ONE, TWO, HALF = F32(1), F32(2), F32(0.5)
SCALE, CUBIC = F32(np.sqrt(2 / np.pi)), F32(0.044715)


def logistic(z):
    return ONE / (ONE + np.exp(-z))


def by_tanh(z):
    return (ONE + np.tanh(z / TWO)) / TWO


def tanh_by_two(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def tanh_by_one(z):
    return (np.exp(TWO * z) - ONE) / (np.exp(TWO * z) + ONE)


def tanh_by_logistic(z):
    return TWO * logistic(TWO * z) - ONE


def gelu_inner(z):
    return SCALE * (z + CUBIC * z * z * z)


SELU, ALPHA = F32(1.0507009873554805), F32(1.6732632423543772)
TANHS = (np.tanh, tanh_by_two, tanh_by_one, tanh_by_logistic)
VALUES = {
    "sigmoid": (
        logistic,
        by_tanh,
        lambda z: ONE - ONE / (ONE + np.exp(z)),
        lambda z: np.exp(z) / (ONE + np.exp(z)),
        *(lambda z, t=t: (ONE + t(z / TWO)) / TWO for t in TANHS[1:]),
    ),
    "tanh": TANHS,
    "softplus": (
        lambda z: np.log(ONE + np.exp(z)),
        lambda z: -np.log(logistic(-z)),
        lambda z: np.logaddexp(F32(0), z),
    ),
    "silu": (lambda z: z / (ONE + np.exp(-z)), lambda z: z * by_tanh(z)),
    "gelu": tuple(lambda z, t=t: HALF * z * (ONE + t(gelu_inner(z))) for t in TANHS),
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - ONE),
    ),
    "elu:0.5": (
        lambda z: np.maximum(z, 0) + HALF * (np.exp(np.minimum(z, 0)) - ONE),
        lambda z: np.where(z > 0, z, HALF * np.exp(np.minimum(z, 0)) - HALF),
    ),
    "selu": (
        lambda z: SELU * np.where(z > 0, z, ALPHA * np.exp(np.minimum(z, 0)) - ALPHA),
        lambda z: np.where(z > 0, SELU * z, SELU * ALPHA * (np.exp(np.minimum(z, 0)) - ONE)),
    ),
    "mish": (
        lambda z: z * np.tanh(np.log1p(np.exp(z))),
        lambda z: z * np.tanh(np.log(ONE + np.exp(z))),
        lambda z: z * ((w := (ONE + np.exp(z)) ** 2) - ONE) / (w + ONE),
        lambda z: z * tanh_by_logistic(np.log(ONE + np.exp(z))),
    ),
    "softsign": (
        lambda z: z / (ONE + np.abs(z)),
        lambda z: z * (ONE / (ONE + np.abs(z))),
    ),
}
SLOPES = {  # of z and of h as it was computed
    "sigmoid": (
        lambda z, h: h * (ONE - h),
        lambda z, h: h - h * h,
        lambda z, h: np.exp(-z) / (ONE + np.exp(-z)) ** 2,
    ),
    "tanh": (
        lambda z, h: ONE - h * h,
        lambda z, h: (ONE - h) * (ONE + h),
        lambda z, h: ONE / np.cosh(z) ** 2,
        lambda z, h: F32(4) / (np.exp(z) + np.exp(-z)) ** 2,
    ),
    "softplus": (
        lambda z, h: logistic(z),
        lambda z, h: ONE - np.exp(-h),
        lambda z, h: np.exp(z) / (ONE + np.exp(z)),
    ),
    "silu": (
        lambda z, h: (s := h / z) + h * (ONE - s),
        lambda z, h: (s := logistic(z)) * (ONE + z * (ONE - s)),
    ),
    "gelu": (
        lambda z, h: (
            HALF * (ONE + (t := np.tanh(gelu_inner(z))))
            + HALF * z * (ONE - t * t) * SCALE * (ONE + F32(3) * CUBIC * z * z)
        ),
    ),
    "elu": (
        lambda z, h: np.where(z > 0, ONE, h + ONE),
        lambda z, h: np.where(h > 0, ONE, np.exp(np.minimum(z, 0))),
    ),
    "elu:0.5": (
        lambda z, h: np.where(z > 0, ONE, h + HALF),
        lambda z, h: np.where(z > 0, ONE, HALF * np.exp(np.minimum(z, 0))),
    ),
    "selu": (
        lambda z, h: np.where(z > 0, SELU, h + SELU * ALPHA),
        lambda z, h: SELU * np.where(z > 0, ONE, ALPHA * np.exp(np.minimum(z, 0))),
    ),
    "mish": (
        lambda z, h: (t := h / z) + z * (ONE - t * t) * logistic(z),
        lambda z, h: (t := np.tanh(np.log1p(np.exp(z)))) + z * logistic(z) * (ONE - t * t),
    ),
    "softsign": (
        lambda z, h: (ONE - np.abs(h)) ** 2,
        lambda z, h: ONE / (ONE + np.abs(z)) ** 2,
        lambda z, h: (ONE + np.abs(z) - np.abs(z)) / (ONE + np.abs(z)) ** 2,
    ),
}


def points(name, n=100_000):
    """Where none of the formulas overflows; half of them near 0."""
    rng = np.random.default_rng(0)
    most = 5.5 if name == "gelu" else 19
    far = rng.uniform(-most, most, n)
    near = rng.choice([-1, 1], n) * 10 ** rng.uniform(-6, 0, n)
    return np.concatenate([far, near]).astype(F32)


@pytest.mark.parametrize("name", VALUES)
def test_no_textbook_formula_loses_more_of_a_value(name):
    z = points(name)
    right = activation_row(name).value(np, z.astype(float))
    allowed = activation_row(name).textbook.value_cost(np, z.astype(float)) * U
    for formula in VALUES[name]:
        used = np.abs(formula(z).astype(float) - right) / np.maximum(allowed, 1e-300)
        assert used.max() <= 1


@pytest.mark.parametrize("name", VALUES)
def test_some_textbook_formula_loses_much_more_than_a_library(name):
    """Otherwise there were no need for allowances of its own."""
    z = points(name)
    row = activation_row(name)
    error = np.abs(VALUES[name][1](z).astype(float) - row.value(np, z.astype(float)))
    lost = error / np.maximum(row.value_cost(np, z.astype(float)) * U, 1e-300)
    # gelu loses digits in every formula, and softsign in its slope alone
    assert lost.max() > {"gelu": 0.5, "softsign": 0.1}.get(name, 2)


@pytest.mark.parametrize("name", VALUES)
def test_a_slope_is_near_that_from_z_or_that_from_the_value(name):
    z = points(name)
    wide = z.astype(float)
    row = activation_row(name).by_textbook()
    allowed = row.slope_cost(np, wide) * U
    for value in VALUES[name]:
        h = value(z)
        other = row.from_value(np, wide, h.astype(float))
        around = (1 + 2.0**-10) * (other.cost + 0 * wide) * U
        low = np.minimum(row.slope(np, wide) - allowed, other.slope - around)
        high = np.maximum(row.slope(np, wide) + allowed, other.slope + around)
        for formula in SLOPES[name]:
            slope = formula(z, h).astype(float)
            assert np.all((low <= slope) & (slope <= high))


@pytest.mark.parametrize("name", ["silu", "gelu"])
@pytest.mark.parametrize("by_textbook", [False, True])
def test_a_slope_of_1_is_known_however_large_z_is(name, by_textbook):
    """There 1 - tanh is 0, and no rounding of it times z is anything else."""
    z = np.geomspace(41, 1e12, 50)
    row = activation_row(name)
    row = row.by_textbook(is_mixed=True) if by_textbook else row
    assert np.all(row.slope_cost(np, z) < 100)
    if row.from_value is not None:
        found = row.from_value(np, z, z)
        assert np.all(found.slope == 1)
        assert np.all(found.cost + found.by_value * z < 100)


@pytest.mark.parametrize("name", VALUES)
def test_a_slope_follows_the_value_and_z_as_fast_as_is_said(name):
    rng = np.random.default_rng(1)
    z = rng.uniform(-6, 6, 1000)
    z = z[np.abs(z) > 0.1]
    h = activation_row(name).value(np, z)
    step = 1e-6
    found = activation_row(name).textbook.from_value(np, z, h)
    assert found.slope == pytest.approx(activation_row(name).slope(np, z), rel=1e-9, abs=1e-12)
    for moved, speed in (((z, h + step), found.by_value), ((z + step, h), found.by_input)):
        change = (
            np.abs(activation_row(name).textbook.from_value(np, *moved).slope - found.slope) / step
        )
        assert change == pytest.approx(speed + 0 * z, rel=1e-3, abs=1e-4)
