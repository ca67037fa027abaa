"""Ends of loops and choices of branches that rounding may move, and what is beside the numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from compare.evidence.rounding import roundoff
from compare.evidence.rounding.primitives import control
from tests.support.rounding import F32, F64, U, bound_of


def test_nothing_is_known_of_a_loop_that_rounding_may_end_elsewhere():
    def tenths(x):
        return lax.while_loop(lambda s: s[1] < 1, lambda s: (s[0] + 1, s[1] + x / 10), (0, x * 0))

    _, bounds = roundoff(tenths, F32)(F32(1))
    assert [*bounds] == [np.inf, np.inf]
    (steps, _), bounds = roundoff(tenths, F32)(F32(1.01))
    assert (steps, bounds[0]) == (10, 0)
    assert 0 < bounds[1] < 100 * U


def test_a_loop_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(control, "_STEPS", 50)

    def forever(x):
        return lax.while_loop(lambda s: s > 0, lambda s: s, x)

    with pytest.raises(
        RuntimeError,
        match=r"the loop at .*test_branches\.py:\d+.* has not ended after 50 steps.*limit of steps",
    ):
        roundoff(forever, F32)(F32(1))
    with jax.enable_x64(True):
        value, bound = map(float, jax.jit(roundoff(forever, F32))(F32(1)))
    assert (value, bound) == (1, np.inf)


@pytest.mark.parametrize(
    ("choose", "most"),
    [
        (lambda p, x: lax.cond(p > 0, lambda x: x, lambda x: -x, x), 2),
        (lambda p, x: lax.switch((p + 1).astype(jnp.int32), [lambda x: x, lambda x: x + 5], x), 5),
        (lambda p, x: lax.cond(p > 0, lambda x: 3, lambda x: 1, x), 2),
        (lambda p, x: lax.cond(p > 0, lambda x: x > 0, lambda x: x < 0, x), 1),
    ],
)
def test_an_uncertain_branch_covers_the_others(choose, most):
    def f(x, y):
        return choose(x * y - 1, jnp.float32(1))

    _, bound = bound_of(f, F32(3), F32(1 / 3))
    assert bound == pytest.approx(most, rel=1e-5)
    assert bound_of(f, F32(3), F32(2))[1] < 7 * U


def test_keys_of_an_uncertain_branch_are_unknown():
    def f(x, y):
        key = lax.cond(x * y > 1, lambda k: k, lambda k: jax.random.split(k)[0], jax.random.key(0))
        return jax.random.key_data(key)

    assert np.all(np.isinf(roundoff(f, F32)(F32(3), F32(1 / 3))[1]))
    assert not np.any(roundoff(f, F32)(F32(3), F32(2))[1])


# ---- beside the numbers ----


def test_prints_for_debugging_are_ignored(capsys):
    def f(x):
        jax.debug.print("x is {}", x)
        return lax.cond(x > 0, lambda x: (jax.debug.print("more"), x * x)[1], lambda x: x, x)

    assert bound_of(f, F32(3))[1] == pytest.approx(9 * U)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda x: jax.pure_callback(np.sin, x, x), "pure_callback"),
        (lambda x: jax.experimental.io_callback(np.sin, x, x), "io_callback"),
    ],
)
def test_calls_back_are_refused_by_name(f, name):
    with pytest.raises(
        NotImplementedError, match=rf"'{name}' \(Python code that JAX calls.*test_branches\.py"
    ):
        roundoff(lambda x: lax.map(f, x), F32)(F32([0.5, -1.25]))


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: lax.reduce_precision(x, 8, 7),
        lambda x: x.astype(jnp.bfloat16).astype(x.dtype),
    ],
)
def test_a_number_with_fewer_digits_is_another_one(cut):
    def f(x):
        return jnp.where(x == jnp.maximum(cut(x), 0.0), 1.0, 0.0)

    assert bound_of(f, F32(1.001))[1] == 1
    with jax.enable_x64(True):
        assert float(jax.jit(roundoff(f, F32))(F32(1.001))[1]) == 1


def test_a_sum_that_overflows_in_float64_is_not_exact():
    most = np.finfo(F64).max
    assert bound_of(lambda x: x + x, most, dtype=F64)[1] == np.inf
    assert bound_of(lambda x: x - np.inf, most, dtype=F64) == (-np.inf, 0)
