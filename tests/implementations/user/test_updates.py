"""Gradients recovered from weights before and after a step."""

import itertools

import numpy as np
import pytest

from compare import compare_gradients
from compare.implementations.user.rates import rate_of
from compare.implementations.user.updates import with_hidden_digits
from compare.problem.answers import Answer
from jaxmlp import Layer
from tests.verdict.test_correct_code import TANH_SLOPE, backprop, problem


def drawn(dtype, *, samples=4, seed=0):
    """Weights, and numbers in place of their gradients."""
    rng = np.random.default_rng(seed)
    sizes = itertools.pairwise((3, 4, 5, 2))
    params = tuple(
        Layer(rng.uniform(-1, 1, pair).astype(dtype), rng.uniform(-1, 1, pair[1]).astype(dtype))
        for pair in sizes
    )
    grads = tuple(
        Layer(*(0.1 * rng.normal(size=(samples, *leaf.shape)).astype(dtype) for leaf in layer))
        for layer in params
    )
    return params, grads


def recovered(params, grads, rate):
    """(w - new w) / rate, as the dtype of the weights has it."""
    rate = params[0].w.dtype.type(rate)
    return tuple(
        Layer(*((w - (w - rate * g)) / rate for w, g in zip(layer, found, strict=True)))
        for layer, found in zip(params, grads, strict=True)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "rate", [1.0, 0.5, 0.25, 0.1, 0.03, 0.0125, 0.001, 0.00025, 2.0**-6, 1 / 3, 0.1 / 32]
)
def test_a_step_is_recognised_by_its_bits_and_its_half_units_hold(dtype, rate):
    params, grads = drawn(dtype)
    found = with_hidden_digits(Answer(recovered(params, grads, rate)), params)
    assert found.rate == rate
    for layer, right, hidden in zip(found.grads, grads, found.printed, strict=True):
        for value, exact, half in zip(layer, right, hidden, strict=True):
            off = np.abs(value.astype(np.longdouble) - exact.astype(np.longdouble))
            assert np.all(off <= half)
            assert np.any(off > half / 2)  # no half unit is much larger than it has to be


@pytest.mark.parametrize("rate", [0.1234, 0.017453, 0.1 * 0.99**5, 0.00069834])
def test_a_rate_that_nobody_would_guess_is_found_in_float32(rate):
    """Of 0.1234 a multiple is usual: 0.617."""
    for seed in range(5):
        params, grads = drawn(np.float32, seed=seed)
        found = with_hidden_digits(Answer(recovered(params, grads, rate)), params)
        assert found.rate == pytest.approx(rate, rel=2.0**-22)


def test_rounded_numbers_come_from_no_step():
    """Multiples of 0.001 end in the last place of a weight at one rate or another."""
    params, grads = drawn(np.float32)
    rounded = tuple(Layer(*(leaf.round(3) for leaf in layer)) for layer in grads)
    assert with_hidden_digits(Answer(rounded), params).rate is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ordinary_gradients_are_left_alone(dtype):
    for seed in range(20):
        params, grads = drawn(dtype, seed=seed)
        assert with_hidden_digits(Answer(grads), params) == Answer(grads)


def test_too_few_entries_are_no_evidence():
    """By chance one rate or another fits a handful of numbers."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        params = (Layer(rng.uniform(-1, 1, (2, 1)).astype(np.float32), np.ones(1, np.float32)),)
        grads = tuple(
            Layer(*(rng.normal(size=(1, *leaf.shape)).astype(np.float32) for leaf in layer))
            for layer in params
        )
        assert with_hidden_digits(Answer(grads), params).rate is None


def test_numbers_far_below_the_last_place_of_a_weight_come_from_no_step():
    params, grads = drawn(np.float32)
    tiny = tuple(Layer(*(np.float32(1e-20) * leaf for leaf in layer)) for layer in grads)
    assert with_hidden_digits(Answer(tiny), params).rate is None


@pytest.mark.parametrize(("weights", "unit", "most"), [((100, 200), 1, 9), ((1, 3), 20001, 99)])
def test_whole_numbers_come_from_no_step(weights, unit, most):
    """Their multiples by a rate end in the last place of a weight together, or not at all."""
    rng = np.random.default_rng(0)
    shapes = (4, 5), (5,)
    params = (Layer(*(rng.integers(*weights, shape).astype(np.float32) for shape in shapes)),)
    whole = (unit * rng.integers(1, most, (4, *shape)) for shape in shapes)
    grads = (Layer(*(leaf.astype(np.float32) for leaf in whole)),)
    assert with_hidden_digits(Answer(grads), params).rate is None


def test_one_changed_bit_that_tells_is_no_step():
    params, grads = drawn(np.float32)
    found = recovered(params, grads, 0.1)
    w = found[1].w
    at = np.argmax(np.abs(params[1].w / w[0]))  # the smallest step of all in sample 0
    w[0].reshape(-1)[at] *= np.float32(1 + 2.0**-8)
    assert with_hidden_digits(Answer(found), params).rate is None


def from_a_step(params, x, y, *, rate=0.1, sign=1):
    (dw1, db1), *rest = backprop(np.tanh, TANH_SLOPE)(params, x, y)
    grads = [(sign * dw1, sign * db1), *rest]
    rate = np.float32(rate)
    return [
        tuple((leaf - (leaf - rate * g)) / rate for leaf, g in zip(layer, found, strict=True))
        for layer, found in zip(params, grads, strict=True)
    ]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rate", [0.1, 0.1234])
def test_a_gradient_from_a_step_is_judged_by_what_it_shows(rate, sign):
    params, batch = problem()
    report = compare_gradients(
        params,
        *batch,
        activation="tanh",
        implementations=("numpy_manual",),
        candidates={"mine": lambda *args: from_a_step(*args, rate=rate, sign=sign)},
    )
    if sign == 1:
        assert report.verdict == "agree", report.reason
        assert f"mine hides digits: it comes from a step at a rate of {rate}" in report.reason
        assert "float32 and the known digits" in report.reason
    else:
        assert report.verdict == "disagree"
        assert "delta1 of mine is the negative" in report.reason


def test_a_penalty_is_not_taken_for_a_step():
    """dw = 0.1 w + ... has the last bits of 0.1 w, and 16 of those are bits of w."""
    rng = np.random.default_rng(0)
    w = (10 * rng.standard_normal((40, 30))).astype(np.float32)
    b = np.zeros(30, np.float32)
    dw = np.float32(0.1) * w + (1e-3 * rng.standard_normal((2, *w.shape))).astype(np.float32)
    db = rng.standard_normal((2, 30)).astype(np.float32)
    given = Answer((Layer(dw, db),))
    assert with_hidden_digits(given, (Layer(w, b),), l2=0.1).rate is None


def test_weights_that_would_overflow_fit_no_rate():
    rng = np.random.default_rng(0)
    weights, grads = (rng.uniform(1, 3, (5, 4)).astype(np.float32) for _ in range(2))
    assert rate_of([(weights * np.float32(1e38), grads * np.float32(-1e38))]) is None
    assert rate_of([(np.ones(3, np.float32), np.array([1e-30, 1e38, 1e38], np.float32))]) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_largest_weights_are_tried_without_a_warning(dtype):
    """Their unit is that of the numbers below them."""
    most, rng = np.finfo(dtype).max, np.random.default_rng(0)
    grads = (rng.uniform(-1, 1, 40) * float(most) / 8).astype(dtype)
    assert rate_of([(np.full(40, most), grads)]) is None
    assert rate_of([(np.full(40, most), most * np.sign(grads))]) is None
