"""What `roundoff` may be given, what becomes of it, and what is refused in one sentence."""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, U, bound_of

X = F32([0.5, 0.75, 1.25, 3])
THIRD = F32(1 / 3)
BF16 = ml_dtypes.bfloat16


# ---- trees ----


class Pair(NamedTuple):
    first: Any
    second: Any = None


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Layer:
    w: Any
    name: str = dataclasses.field(default="dense", metadata={"static": True})


@pytest.mark.parametrize(
    ("f", "args", "kwargs", "expected"),
    {
        "an integer": (lambda x, n: x.reshape(n, -1), (X, 2), {}, X.reshape(2, 2)),
        "a boolean": (lambda x, on: x + x if on else x, (X, True), {}, 2 * X),
        "text": (lambda x, how: x + x if how == "twice" else x, (X, "twice"), {}, 2 * X),
        "none": (lambda x, y: x if y is None else x + y, (X, None), {}, X),
        "text of NumPy": (lambda x, how: -x if how == "no" else x, (X, np.str_("no")), {}, -X),
        "a dtype": (lambda x, to: x.astype(to), (X, np.float16), {}, X),
        "a dtype of JAX": (lambda x, *, to: x.astype(to), (X,), {"to": jnp.bfloat16}, X),
        "a function": (lambda x, g: g(x), (X, lambda x: -x), {}, -X),
        "a keyword": (lambda x, *, n: x**n, (X,), {"n": 2}, X.astype(F64) ** 2),
        "a list": (lambda xs: xs[0] + xs[1], ([1.0, 2.0],), {}, F32(3)),
        "a partial": (functools.partial(jnp.sum, axis=0), (X,), {}, X.sum()),
        "a dictionary": (lambda p: p["w"] * p["b"], ({"w": X, "b": X},), {}, X.astype(F64) ** 2),
        "a tuple with a name": (lambda p: Pair(-p.first), (Pair(X),), {}, Pair(-X)),
        "a dataclass": (lambda p: Layer(-p.w, p.name), (Layer(X),), {}, Layer(-X)),
        "no argument": (lambda: jnp.zeros(2), (), {}, np.zeros(2)),
        "numbers of Python": (lambda x: (x, 3, True), (X,), {}, (X, 3, True)),
        "nothing": (lambda x: {"x": x, "y": None}, (X,), {}, {"x": X, "y": None}),
    }.values(),
)
def test_what_f_takes_and_returns(f, args, kwargs, expected):
    for reading in ("worst", "typical", "both"):
        values, bounds = roundoff(f, F32, reading=reading)(*args, **kwargs)
        for bound in bounds if reading == "both" else (bounds,):
            assert jax.tree.structure(bound) == jax.tree.structure(values)
        jax.tree.map(np.testing.assert_array_equal, values, expected)


def test_everything_is_an_array_of_numpy():
    values, bounds = roundoff(lambda x: (x, jnp.sum(x), x[0] > 0, 3), F32)(X)
    assert all(type(leaf) is np.ndarray for leaf in (*values, *bounds))


def test_what_f_was_given_and_returns_stays_what_it_is():
    def f(x, activation, name):
        return {"x": activation(x), "activation": activation, "name": name}

    values, bounds = roundoff(f, F32)(X, jnp.negative, "it")
    assert (values["activation"], values["name"]) == (jnp.negative, "it")
    assert (bounds["activation"], bounds["name"]) == (0, 0)


# ---- dtypes ----


def test_a_number_of_python_gives_way_to_other_dtypes():
    def halves(x):
        y = x * jnp.ones(2, jnp.bfloat16)
        return y * y.astype(y.dtype)

    with jax.numpy_dtype_promotion("standard"):
        as_python, as_array = (bound_of(halves, one)[1] for one in (2.3, F32(2.3)))
    assert as_python.min() > 2.0**-9 > 2.0**-20 > as_array.max()
    assert (bound_of(lambda x: x * x, 1.5, dtype=BF16)[1]) == 2.25 * 2.0**-8


def test_integers_are_those_of_a_run_without_x64():
    wide = np.array([7, 2**40])
    with pytest.raises(ValueError, match=r"args\[0\]\['n'\]: expected integers that int32 holds"):
        roundoff(lambda p: p["n"], F32)({"n": wide})
    with pytest.raises(ValueError, match=r"args\[0\]: expected integers that int32 holds"):
        roundoff(jnp.negative, F32)(wide.astype(">i8"))
    assert list(roundoff(lambda n: n, F64)(wide)[0]) == list(wide)
    with jax.enable_x64(True):
        _, bound = jax.vmap(roundoff(lambda n: n, F32))(wide)
    assert np.asarray(bound).tolist() == [0, np.inf]


def test_keys_stay_keys():
    def f(key, x):
        a, b = jax.random.split(key)
        last, drawn = jax.lax.scan(lambda k, y: (jax.random.fold_in(k, 1), k), b, x)
        return jax.random.bits(a), jax.random.key_data(drawn), jax.random.key_data(last)

    for key in (jax.random.key(3), jax.random.PRNGKey(3), np.asarray(jax.random.PRNGKey(3))):
        values, bounds = roundoff(lambda k: jax.random.bits(k, (2,)), F32)(key)
        np.testing.assert_array_equal(values, jax.random.bits(key, (2,)))
        assert not np.any(bounds)
    values, bounds = roundoff(f, F32)(jax.random.key(3), X)
    jax.tree.map(np.testing.assert_array_equal, values, f(jax.random.key(3), X))
    assert not any(map(np.any, bounds))


def test_a_key_that_rounding_chooses_is_unknown():
    def f(key, x, y):
        return jax.lax.cond(x * y > 1, lambda k: jax.random.split(k)[0], lambda k: k, key)

    assert roundoff(f, F32)(jax.random.key(3), F32(3), THIRD)[1] == np.inf
    assert roundoff(f, F32)(jax.random.key(3), F32(3), F32(3))[1] == 0


@pytest.mark.parametrize("number", [np.float32(0.1), np.float64(0.1), np.array(0.1), 0.1])
def test_a_lone_constant_may_be_held_in_more_digits(number):
    for constant in (number, jnp.asarray(number)):
        _, bound = bound_of(lambda x, c=constant: x + c - x, F32(0))
        assert bound == pytest.approx(0.1 * U, rel=1e-5)
    assert bound_of(lambda x: x[:2] * jnp.full((2,), 0.1), X)[1][0] >= 0.05 * U
    assert not bound_of(lambda x: jnp.array([0.1, 0.7])[:1] + 0 * x[:1], X)[1].any()


def test_the_largest_number_is_no_constant_in_more_digits():
    assert not bound_of(lambda x: jnp.where(x > 1, x, jnp.finfo(F32).min), X)[1].any()


# ---- settings ----

SETTINGS = {
    "jax_numpy_rank_promotion": "raise",
    "jax_numpy_dtype_promotion": "strict",
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_disable_jit": True,
    "jax_check_tracer_leaks": True,
    "jax_enable_x64": True,
    "jax_transfer_guard": "disallow",
    "jax_default_matmul_precision": "highest",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_bounds_do_not_depend_on_settings_of_jax(name):
    def f(x):
        n, y = jax.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * s[1]), (0, x))
        return jnp.dot(y, x), (1 / (x - x))[::-1], jnp.log(-x)[::-1], n

    expected = roundoff(f, F32)(X)
    before = getattr(jax.config, name)
    jax.config.update(name, SETTINGS[name])
    try:
        found = roundoff(f, F32)(X)
    finally:
        jax.config.update(name, before)
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_numbers_within_a_function_that_is_jitted():
    bound = jax.jit(lambda y: y + roundoff(lambda x: jnp.sum(x[::-1] * x), F32)(X)[1])(F32(1))
    assert 1 < bound < 1 + 100 * U


# ---- traces ----


def test_a_trace_is_kept_for_what_is_the_same():
    class Doubling:
        __hash__ = None

        def __call__(self, x, on):
            return 2 * x if on is True else x

    for f in (Doubling(), lambda x, on: 2 * x if on is True else x):
        pure = roundoff(f, F32, is_pure=True)
        assert [float(pure(F32(3), on)[0]) for on in (True, 1, True)] == [6, 3, 6]


def test_roundoff_within_roundoff():
    def inner(x):
        return roundoff(jnp.square, F32)(x)[0]

    for dtype in (F32, F64):
        with pytest.raises(RuntimeError, match="what roundoff itself computes"):
            roundoff(inner, dtype)(F32(3))
    assert bound_of(lambda x: x + float(inner(F32(3))), F32(3))[0] == 12
    assert bound_of(jnp.square, F32(3))[0] == 9
