"""Candidates in float16 and bfloat16: what is right passes, and gross mistakes are found."""

import functools

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from compare.evidence.certificate.activations import ACTIVATIONS as PHI
from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.certificate.rounding import rounding_of
from compare.evidence.differences.allclose import RULES, count_breaking
from compare.evidence.differences.ulp import coarser_dtype, ulp_distance
from compare.evidence.rounding import roundoff
from compare.evidence.rounding.arithmetic import plain_arithmetic
from jaxmlp import ACTIVATIONS, Batch, backprop, init_params
from tests.support.cases import case_of
from tests.support.explanations import said_of
from tests.support.low_precision import LOW, cast, gradients, random_network
from tests.support.networks import ALL_ACTIVATIONS, MIXED, SEVEN
from torch_ref import ACTIVATIONS as TORCH_ACTIVATIONS
from torch_ref import convert

F32 = np.dtype(np.float32)
BFLOAT16 = LOW["bfloat16"]
SUMS_IN_FLOAT32 = {name: plain_arithmetic(LOW[name])._replace(sum_bits=23) for name in LOW}


def wide(layers):
    return [tuple(np.asarray(leaf, np.float64) for leaf in layer) for layer in layers]


def prove(params, batch, activation, grads, arithmetic=None):
    return certify("mine", case_of(params, batch, grads, activation, arithmetic=arithmetic))


def usual(activation="sigmoid", seed=0, sizes=(2, 10, 10, 1)):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=F32)
    x = rng.random((6, 2)).astype(F32)
    return params, Batch(x, rng.random((6, 1)).astype(F32)), activation


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", LOW)
def test_correct_gradients_are_never_refuted(name, seed):
    rng = np.random.default_rng(seed)
    certified = 0
    for _ in range(15):
        problem = random_network(rng)
        certificate = prove(*problem, gradients(*problem, LOW[name]))
        assert certificate.dtype == name
        assert certificate.failed == 0, certificate.first_failure
        certified += certificate.certified
    assert certified > 30  # of 45


@pytest.mark.parametrize("activations", MIXED)
@pytest.mark.parametrize("name", LOW)
def test_those_of_jax_are_certified(name, activations):
    params, batch, _ = usual(seed=2, sizes=(2, *(10,) * len(activations), 1))
    evaluate = jax.jit(backprop.per_sample_gradients, static_argnames="activation")
    rounded = tuple(cast(layer, LOW[name]) for layer in params)
    rows = tuple(ACTIVATIONS[one] for one in activations)
    found = evaluate(rounded, cast(batch, LOW[name]), activation=rows)
    grads = jax.tree.map(np.asarray, found.grads)
    assert prove(params, batch, ",".join(activations), grads).certified == 6


def test_samples_that_are_rounded_on_the_way_in_are_no_mistake():
    params, batch, activation = usual("relu")
    far = batch._replace(x=batch.x * 200, y=batch.y + 100)
    assert prove(params, far, activation, gradients(params, far, activation, BFLOAT16)).failed == 0


MISTAKES = {
    "half": {"factor": 1},
    "negative": {"factor": -2},
    "without phi'": {"slope": lambda z, h, c: np.ones_like(z)},
    "phi' of h": {"slope": lambda z, h, c: sigmoid_slope(h, c)},
}


def sigmoid_slope(z, c):
    h = c(1) / (c(1) + np.exp(-z))
    return h * (c(1) - h)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("words", MISTAKES)
def test_gross_mistakes_in_float16_are_found_and_explained(words, seed):
    problem = params, batch, activation = usual(seed=seed)
    dtype = LOW["float16"]
    grads = gradients(*problem, dtype, **MISTAKES[words])
    assert prove(*problem, grads).failed == 6
    case = case_of(params, batch, grads, activation)
    assert words in said_of(case)


@pytest.mark.parametrize("name", LOW)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_correct_gradients_with_sums_in_float32_are_certified(activation, seed, name):
    dtype = LOW[name]
    problem = usual(activation, seed, (2, 300, 20, 1))
    grads = gradients(*problem, dtype, wide=True)
    found = prove(*problem, grads, SUMS_IN_FLOAT32[name])
    assert (found.certified + found.silent, found.failed) == (6, 0)
    assert found.certified >= 4


@pytest.mark.parametrize("words", ["half", "negative", "phi' of h"])
def test_mistakes_that_plain_bfloat16_hides_are_found_with_sums_in_float32(words):
    problem = usual("sigmoid", 0, (2, 100, 100, 1))
    arithmetic = SUMS_IN_FLOAT32["bfloat16"]
    right = gradients(*problem, BFLOAT16, wide=True)
    assert prove(*problem, right, arithmetic).certified == 6
    wrong = gradients(*problem, BFLOAT16, wide=True, **MISTAKES[words])
    assert prove(*problem, wrong).failed == 0
    assert prove(*problem, wrong, arithmetic).failed == 6


@pytest.mark.parametrize("name", LOW)
def test_a_problem_of_the_dtype_itself_is_not_rounded_on_its_way_in(name):
    params, batch, activation = usual()
    own = tuple(cast(layer, LOW[name]) for layer in params), cast(batch, LOW[name]), activation
    wider = tuple(cast(layer, F32) for layer in own[0]), cast(own[1], F32), activation
    right, wrong = (gradients(*own, LOW[name], factor=factor) for factor in (2, 1))
    assert prove(*own, right).certified == prove(*wider, right).certified == 6
    assert prove(*own, wrong).worst_ratio > 1.01 * prove(*wider, wrong).worst_ratio


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
@pytest.mark.parametrize("name", LOW)
def test_activations_of_every_number_that_there_is(name, activation):
    """Every z of 16 bits; float16 has no exp(-z) below -11.09, and bfloat16 below -88.7."""
    z = _finite_numbers(name)
    exact = z.astype(np.float64)
    phi, rounding = PHI[activation], rounding_of(plain_arithmetic(LOW[name]))
    with np.errstate(all="ignore"):
        lost = rounding.logistic_error(np, exact, phi) + rounding.lam * (2 + np.abs(exact)) * max(
            1, phi.largest_slope
        )
        of_value, of_slope = (
            (function(np, exact), rounding.u * cost(np, exact) + lost)
            for function, cost in ((phi.value, phi.value_cost), (phi.slope, phi.slope_cost))
        )
        value, slope, own_slope = (np.asarray(one[activation]) for one in _by_jax(name))
        t_value, t_slope = _by_torch(z, activation)
    flushed = np.abs(exact) < rounding.lam  # where relu has both slopes
    for kink in phi.kinks:
        flushed |= kink.is_near(np, exact, np.zeros_like(exact), rounding.u)
    for found in (value, t_value):
        _assert_within(found, *of_value)
    for found in (slope, own_slope, t_slope):
        _assert_within(np.where(flushed, of_slope[0], found), *of_slope)


def _assert_within(found, expected, allowed):
    found = np.asarray(found, np.float64)
    finite = np.isfinite(found) & np.isfinite(expected)
    distance = np.abs(np.where(finite, found - np.where(finite, expected, 0), 0))
    assert (distance <= np.where(finite, allowed, 1)).all()
    assert finite[: len(found) // 8].all()  # all from 0 to 1 or so


@functools.cache
def _by_jax(name):
    """Values, slopes by hand and by autodiff of all activations, each kind as one program."""
    z = _finite_numbers(name)
    given = dict.fromkeys(ACTIVATIONS, z)

    def compute(of_row):
        functions = {activation: of_row(*row) for activation, row in ACTIVATIONS.items()}
        return jax.jit(lambda z: {one: functions[one](z[one]) for one in functions})(given)

    return (
        compute(lambda fn, deriv: fn),
        compute(lambda fn, deriv: lambda z: deriv(z, fn(z))),
        compute(lambda fn, deriv: jax.vmap(jax.grad(fn))),
    )


def _finite_numbers(name):
    with np.errstate(invalid="ignore"):
        z = np.arange(2**16, dtype=np.uint16).view(LOW[name])
        return z[np.isfinite(z.astype(np.float64))]


def _by_torch(z, activation):
    tensor = convert.to_tensor(z).requires_grad_()
    value = TORCH_ACTIVATIONS[activation](tensor)
    (slope,) = torch.autograd.grad(value.sum(), tensor)
    return convert.to_array(value), convert.to_array(slope)


def test_a_wrong_factor_in_bfloat16_is_found():
    problem = usual()
    assert prove(*problem, gradients(*problem, BFLOAT16, factor=1)).failed == 6


@pytest.mark.parametrize("name", LOW)
@pytest.mark.parametrize("seed", range(15))
def test_a_change_above_detectable_ulp_is_found(seed, name):
    rng = np.random.default_rng(seed)
    problem = params, batch, activation = usual(str(rng.choice(SEVEN)), seed)
    grads, dtype = gradients(*problem, LOW[name]), LOW[name]
    known = detectable_ulp(case_of(params, batch, grads, activation))
    for layer, pair in enumerate(grads):
        for kind, array in enumerate(pair):
            place = tuple(int(rng.integers(n)) for n in array.shape)
            step = float(np.spacing(np.abs(array[place])))
            change = (known["wb"[kind] + str(layer + 1)] + 1) * step
            before = array[place]
            has_ulp = abs(float(before)) >= float(ml_dtypes.finfo(dtype).smallest_normal)
            if has_ulp and change < 0.1 * np.abs(array.astype(np.float64)).max():
                array[place] = float(before) + change
                assert prove(*problem, grads).failed == 1
            array[place] = before


@pytest.mark.parametrize(
    ("dtype", "slack", "inputs", "uses"),
    [
        (np.float64, 2, 0, 0),
        (np.float32, 1, 0, 0),
        (np.float16, 1 + 2.0**-6, 1, 1),
        (ml_dtypes.bfloat16, 1.125, 1, 1),
    ],
)
def test_constants(dtype, slack, inputs, uses):
    arithmetic = plain_arithmetic(dtype)
    found = rounding_of(arithmetic)
    assert found == (arithmetic.u, arithmetic.lam, slack, inputs, uses, arithmetic)
    assert rounding_of(arithmetic, dtype).inputs == 0
    assert rounding_of(arithmetic, np.float64).inputs == int(dtype != np.float64)
    sizes = [found.dot(n) for n in (1, 10, 200, 300, 3000)]
    assert sizes == sorted(sizes)
    assert sizes[0] == pytest.approx((2 + inputs + uses) * found.u, rel=0.02)
    assert found.outer == pytest.approx(2 * found.u, rel=0.02)


def test_dot_products_too_long_for_bfloat16_say_nothing():
    assert 1e20 < rounding_of(plain_arithmetic(BFLOAT16)).dot(256) < 1e200
    rng = np.random.default_rng(0)
    params = init_params(rng, (2, 300, 1), dtype=F32)
    batch = Batch(rng.random((2, 2)).astype(F32), rng.random((2, 1)).astype(F32))
    grads = gradients(params, batch, "relu", BFLOAT16)
    certificate = prove(params, batch, "relu", grads)
    assert certificate.failed == 0
    assert certificate.silent == 2  # of 301 terms


def test_ulps_and_fixed_tolerances_of_bfloat16():
    a = np.array([1, -2, 0], BFLOAT16)
    b = np.array([1 + 2.0**-7, 2, 2.0**-130], BFLOAT16)
    assert ulp_distance(a, b, BFLOAT16).tolist() == [1, 2 * 0x4000, 0]
    assert coarser_dtype(BFLOAT16, LOW["float16"]) == BFLOAT16
    assert coarser_dtype(F32, BFLOAT16) == BFLOAT16
    for name in LOW:
        rtol, atol, _ = RULES["torch.testing.assert_close"][name]
        tensor = torch.ones((), dtype=getattr(torch, name))
        for factor, holds in ((0.9, True), (1.1, False)):
            near = tensor.double() + factor * (rtol + atol)
            torch_says = torch.allclose(near, tensor.double(), rtol=rtol, atol=atol)
            breaking = count_breaking([near.numpy()[None]], [np.ones(1)], name).breaking
            assert (breaking["torch.testing.assert_close"] == 0) == torch_says == holds
        torch.testing.assert_close(tensor * (1 + rtol / 2), tensor)


@pytest.mark.parametrize("name", LOW)
def test_arguments_that_do_not_exist_in_the_dtype(name):
    dtype = LOW[name]
    u = float(jnp.finfo(dtype).eps) / 2
    x = np.array([1, 1 / 3, 1e5], F32)
    value, bound = roundoff(lambda x: x, dtype, rounded_inputs=True)(x)
    np.testing.assert_array_equal(value, x.astype(np.float64))
    assert bound[0] == 0
    assert bound[1] == pytest.approx(u / 3, rel=1e-3, abs=1e-4)
    assert np.isinf(bound[2]) == (name == "float16")  # which ends at 65504
    cast_first, exact = roundoff(lambda x: x, dtype)(x[:2])
    np.testing.assert_array_equal(cast_first, x[:2].astype(dtype).astype(np.float64))
    assert not exact.any()
    np.testing.assert_array_less(np.abs(cast_first - x[:2]), bound[:2] + 1e-30)


def test_subnormal_float16_numbers_are_kept():
    """The premise of lam in float16; flushing them would cost the smallest normal number."""
    x = np.array([3e-5, 1e-6], np.float16)
    assert (x < np.finfo(np.float16).smallest_normal).all()
    half = np.float16(0.5)
    by_jax = jax.jit(lambda x: (x * half, jnp.dot(x[None], jnp.ones((2, 1), jnp.float16))))(x)
    by_torch = torch.tensor(x) * 0.5, torch.tensor(x)[None] @ torch.ones((2, 1), dtype=torch.half)
    for scaled, summed in (by_jax, by_torch, (x * half, x[None] @ np.ones((2, 1), np.float16))):
        np.testing.assert_allclose(np.asarray(scaled, np.float64), x / 2.0, atol=2.0**-25)
        np.testing.assert_allclose(np.asarray(summed, np.float64), [[x.sum()]], atol=2.0**-24)
