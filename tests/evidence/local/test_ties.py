"""Ties and kinks: another slope is admitted there, and nowhere else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import compare_functions

X = np.float32([[1, 3, 3, 2], [0, 5, 1, 5], [-1, 0, 2, -3]])


def loss(slopes):
    return lambda x: jnp.sum(slopes(x) ** 3 + slopes(x) * x)


def first_of_largest(x):
    return jnp.take_along_axis(x, jnp.argmax(x, 1)[:, None], 1)


def last_of_equal(x):
    return jnp.take_along_axis(x, 3 - jnp.argsort(-x[:, ::-1], 1, stable=True)[:, ::-1], 1)


RELUS = (jax.nn.relu, lambda x: jnp.maximum(x, 0.0), lambda x: (x + jnp.abs(x)) / 2)
PAIRS = {
    "relu": RELUS[:2],
    "relu by maximum": RELUS[1::-1],
    "relu by abs": RELUS[::2],
    "clip": (lambda x: jnp.clip(x, 0, 3), lambda x: jnp.where(x < 0, 0.0, jnp.where(x > 3, 3, x))),
    "largest": (lambda x: x.max(1, keepdims=True), first_of_largest),
    "sort": (lambda x: jnp.sort(x, 1), last_of_equal),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_another_slope_at_a_tie_is_as_right(pair):
    report = compare_functions(*map(loss, pair), X)
    assert report.verdict == "agree", report.headline
    assert all(one.holds for one in report.candidates[0].checks)
    assert not report.warnings


def test_where_bounds_say_nothing_of_a_tie_nothing_is_decided():
    report = compare_functions(*map(loss, PAIRS["largest"][::-1]), X)
    assert report.verdict == "undecided"
    assert "; but numbers that are compared there are equal" in report.headline


def test_it_is_said_at_how_many_entries():
    report = compare_functions(*map(loss, PAIRS["largest"]), X)
    assert report.headline.endswith("every difference is rounding, or a choice at a tie")
    (remark,) = report.remarks
    assert remark.startswith("at 4 entries of the gradient by `args[0]` it chooses otherwise")


@jax.custom_jvp
def twice_at_zero(x):
    return jnp.maximum(x, 0.0)


@twice_at_zero.defjvp
def _(primals, tangents):
    (x,), (slope,) = primals, tangents
    return jnp.maximum(x, 0.0), slope * jnp.where(x == 0, 2.0, jnp.float32(x > 0))


WRONG = {
    "a slope that is none between": lambda x: twice_at_zero(x) + 0 * x,
    "a mistake beside ties": lambda x: jnp.maximum(x, 0.0) * jnp.where(x == 2, 1.001, 1.0),
    "another value": lambda x: jnp.where(x >= 0, x + 0.001, 0.0),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_mistake_is_not_hidden_by_ties(wrong):
    def linear(f):
        return lambda x: jnp.sum(f(x) * jnp.arange(1, 5, dtype=x.dtype)[None])

    assert compare_functions(linear(jax.nn.relu), linear(wrong), X).verdict == "disagree"


def masked(x, mask, of=lambda mask: mask > 0):
    return jnp.sum(jnp.where(of(mask), x, 0 * x) ** 2)


def test_an_equal_number_that_is_not_differentiated_is_no_tie():
    def wrong(x, mask):
        return masked(jax.lax.stop_gradient(x), mask) + (masked_slope(x, mask))

    def masked_slope(x, mask):
        right = masked(x, mask, lambda mask: mask >= 0)
        return right - jax.lax.stop_gradient(right)

    mask = np.float32([[1, 0, 1, 0]] * 3)
    report = compare_functions(masked, wrong, X, mask, wrt=["args[0]"])
    assert (report.verdict, report.candidates[0].first.kind) == ("disagree", "gradient")
