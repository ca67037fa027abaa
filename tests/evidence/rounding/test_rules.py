"""`register_rule`: rules of a user's own, and what is said of those that cannot be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive

from compare import explain, register_rule
from compare.evidence.rounding import Enclosure, formula_rule, roundoff
from compare.evidence.rounding.primitives import RULES
from tests.support.paths import ROOT
from tests.support.rounding import F32, F64, U, bound_of
from tests.test_pages import BLOCK

X = np.linspace(-3, 3, 5).astype(F32)


@pytest.fixture(autouse=True)
def _rules_as_they_were():
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


@pytest.fixture
def softsign_p():
    """A kernel, that JAX knows nothing of but the shape of its result."""
    primitive = Primitive("softsign_kernel")
    primitive.def_abstract_eval(lambda x, **params: x)
    return primitive


def softsign(x, scale=1):
    return jnp.multiply(x, x.dtype.type(scale)) / (1 + jnp.abs(x))


def test_the_page_for_rules():
    names = {}
    for kind, text in BLOCK.findall((ROOT / "docs/roundoff_rules.md").read_text()):
        assert kind == "python"
        exec(text, names)


def test_a_kernel_is_refused_and_then_bounded_by_its_formula(softsign_p):
    with pytest.raises(NotImplementedError, match=r"'softsign_kernel'.*compare\.register_rule"):
        roundoff(softsign_p.bind, F32)(X)
    register_rule(softsign_p, formula_rule(softsign))
    for dtype in (F32, F64, jnp.bfloat16):
        for reading in ("worst", "typical"):
            found = bound_of(softsign_p.bind, X, dtype=dtype, reading=reading)
            expected = bound_of(softsign, X, dtype=dtype, reading=reading)
            jax.tree.map(np.testing.assert_array_equal, found, expected)
    value, _ = bound_of(lambda x: softsign_p.bind(x, scale=2), X)
    np.testing.assert_array_equal(value, 2 * bound_of(softsign, X)[0])


def test_a_formula_without_a_parameter_of_the_primitive(softsign_p):
    register_rule(softsign_p, formula_rule(lambda x: x))
    with pytest.raises(TypeError, match=r"^the formula of 'softsign_kernel': .*'scale'"):
        roundoff(lambda x: softsign_p.bind(x, scale=2), F32)(X)


def test_of_a_formula_its_lines_are_explained(softsign_p):
    register_rule(softsign_p, formula_rule(softsign))
    shares = explain(softsign_p.bind, X).contributions
    assert "(softsign)" in str(shares[0].places[0])
    assert "softsign_kernel" not in {place.primitive for one in shares for place in one.places}


def test_a_formula_that_makes_arrays_is_of_its_own_dtype(softsign_p):
    register_rule(softsign_p, formula_rule(lambda x: x * jnp.full(5, 3.0) / jnp.arange(1.0, 6.0)))
    with jax.enable_x64(True):
        assert bound_of(softsign_p.bind, X)[1][0] > 8 * U


def test_a_formula_with_a_primitive_that_has_no_rule(softsign_p):
    register_rule(softsign_p, formula_rule(lambda x: jnp.fft.fft(x).real))
    with pytest.raises(NotImplementedError, match="'fft'"):
        roundoff(softsign_p.bind, F32)(X)
    other = Primitive("unheard_of")
    other.def_abstract_eval(lambda x: x)
    closed = jax.make_jaxpr(other.bind)(X)
    register_rule(softsign_p, lambda analysis, eqn, x: analysis.evaluate(closed, [x]))
    with pytest.raises(NotImplementedError, match="no rule for the primitive 'unheard_of'"):
        roundoff(softsign_p.bind, F32)(X)


def test_a_rule_under_jit(softsign_p):
    register_rule(softsign_p, formula_rule(softsign))
    with jax.enable_x64(True):
        value, bound = jax.jit(roundoff(softsign_p.bind, F32))(X)
    expected = bound_of(softsign, X)
    np.testing.assert_allclose(value, expected[0], rtol=1e-14)
    np.testing.assert_allclose(bound, expected[1], rtol=1e-10)


def test_a_rule_may_replace_one_and_return_arrays_of_jax(softsign_p):
    register_rule(
        "softsign_kernel", lambda _, eqn, x: [Enclosure(jnp.asarray(x.value), jnp.asarray(0.5))]
    )
    value, bound = bound_of(softsign_p.bind, X)
    assert type(value) is np.ndarray
    np.testing.assert_array_equal(bound, np.full(5, 0.5))
    register_rule("tanh", lambda _, eqn, x: Enclosure(np.tanh(x.value), x.error + 0.25))
    assert bound_of(jnp.tanh, F32(1))[1] == 0.25


NO_RULES = {
    "no primitive": (3, softsign, {}, TypeError, "^primitive: expected a Primitive .* got 3$"),
    "a function": (jnp.sin, softsign, {}, TypeError, "^primitive: expected a Primitive or its"),
    "a dtype": (np.dtype(F32), softsign, {}, TypeError, "^primitive: .* got dtype"),
    "no rule": (
        "sin",
        0.5,
        {},
        TypeError,
        r"^rule: expected a function of \(analysis, .* got 0.5$",
    ),
    "a shape": (
        "sin",
        softsign,
        {"shape": "round"},
        ValueError,
        "^shape: .*monotone.* got 'round'$",
    ),
}


@pytest.mark.parametrize(
    ("primitive", "rule", "more", "error", "said"), NO_RULES.values(), ids=NO_RULES
)
def test_what_is_no_rule(primitive, rule, more, error, said):
    with pytest.raises(error, match=said):
        register_rule(primitive, rule, **more)
    assert RULES["sin"].rule is not rule if "sin" in RULES else primitive not in RULES


ONE = np.ones(5)
NONSENSE = {
    "nothing": (None, TypeError, "expected an Enclosure, got NoneType$"),
    "an array": (ONE, TypeError, "expected an Enclosure, got ndarray$"),
    "a pair": ((ONE, ONE), TypeError, "expected an Enclosure, got tuple of ndarray, ndarray$"),
    "two": (
        [Enclosure(ONE, ONE)] * 2,
        TypeError,
        "expected an Enclosure, got list of Enclosure, Enclosure$",
    ),
    "a shape": (
        Enclosure(ONE[:2], ONE[:2]),
        ValueError,
        r"expected a value of shape \(5,\), got \(2,\)$",
    ),
    "errors": (
        Enclosure(ONE, ONE[:2]),
        ValueError,
        r"expected errors of shape \(1, 5\), readings first, got \(2,\)$",
    ),
    "a dtype": (Enclosure(F32(ONE), ONE), ValueError, "expected a value of float64, got float32$"),
    "negative": (Enclosure(ONE, -ONE), ValueError, "expected errors of at least 0, got -1$"),
    "booleans": (Enclosure(ONE, ONE > 0), ValueError, "expected numbers as errors, got bool$"),
}


@pytest.mark.parametrize(("made", "error", "said"), NONSENSE.values(), ids=NONSENSE)
def test_a_rule_that_returns_nonsense_is_named(softsign_p, made, error, said):
    register_rule(softsign_p, lambda *_: made)
    with pytest.raises(error, match=rf"^the rule of 'softsign_kernel': {said}") as caught:
        roundoff(softsign_p.bind, F32)(X)
    assert "\n" not in str(caught.value)
