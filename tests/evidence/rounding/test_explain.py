"""Why a value is not finite, and which lines make a bound what it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import explain, roundoff
from tests.support.rounding import F32, F64


def guarded_root(x):
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0))


def smaller_root(b, c):
    discriminant = b * b - 4 * c
    return (-b + jnp.sqrt(discriminant)) / 2


def test_where_does_not_guard_a_gradient_against_the_slope_of_a_root():
    x = F32([4, 0, 1])
    found = explain(jax.grad(guarded_root), x)
    assert np.isnan(found.value)
    assert found.entry == "[1]"
    assert (found.nan.place.primitive, found.nan.entry) == ("mul", (1,))
    assert sorted(found.nan.operands) == [0, np.inf]
    assert (found.infinity.place.primitive, found.infinity.operands) == ("div", (0.5, 0))
    assert found.nan.place.backward
    assert not found.infinity.place.backward
    lines = str(found).splitlines()
    assert lines[0] == "[1] is nan"
    assert lines[1] == "The first NaN is made by mul, of 0 and inf"
    assert lines[2].startswith("    test_explain.py:")
    assert lines[2].endswith(" (guarded_root), backward")
    assert lines[3] == "        return jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0))"
    assert lines[4] == "The first infinity is made by div, of 0.5 and 0"
    assert lines[5].endswith(" (guarded_root)")
    assert len(lines) == 7


def test_a_cancellation():
    found = explain(smaller_root, F32(1e4), F32(1))
    value, bound = roundoff(smaller_root, F32)(F32(1e4), F32(1))
    assert (found.value, found.bound, found.largest) == (value, bound, abs(value))
    assert (found.nan, found.infinity, found.unbounded) == (None, None, None)
    assert found.vacuous.place.primitive == "add"
    root, discriminant = found.contributions
    assert [place.primitive for place in root.places] == ["sqrt"]
    assert [place.primitive for place in discriminant.places] == ["mul", "sub"]
    assert root.share > discriminant.share
    assert root.share + discriminant.share == pytest.approx(1, abs=0.01)
    assert discriminant.places[0].text == "discriminant = b * b - 4 * c"
    lines = str(found).splitlines()
    assert lines[0] == (
        f"the result is -0.0001 +- {bound:.2g} in float32, {bound / 1e-4:.2g} times its size"
    )
    assert lines[1] == "The first bound that says nothing is that of add"
    assert lines[4] == "Without the rounding of one place this bound would be smaller by"
    assert lines[5].startswith(f"  {root.share:4.0%}  test_explain.py:")
    assert lines[5].endswith("(smaller_root): sqrt")


def test_what_a_line_contributes_is_gone_if_it_does_not_round():
    def f(x):
        y = x * F32(1.1)
        return y - F32(3)

    (first, second) = explain(f, F32(2.5)).contributions
    _, bound = roundoff(f, F32)(F32(2.5))
    _, of_a_difference = roundoff(lambda y: y - F32(3), F32)(F32(2.75))
    assert first.share == pytest.approx(1 - of_a_difference / bound, rel=1e-3)
    assert second.share == pytest.approx(of_a_difference / bound, rel=1e-3)


def test_what_jax_calls_has_the_line_and_the_direction_of_the_call():
    def f(x):
        return jax.nn.silu(x)  # whose equations have no line of their own

    found = explain(jax.grad(f), F32(1.1)).contributions
    assert {place.text.partition("  ")[0] for one in found for place in one.places} == {
        "return jax.nn.silu(x)"
    }
    assert {one.places[0].backward for one in found} == {False, True}


def test_an_infinite_bound_is_traced_back_to_where_it_begins():
    def f(x):
        y = jnp.exp(x * x)
        return {"loss": jnp.log(y) + 1, "other": x}

    found = explain(f, F32([1, 9.4199]))
    assert found.entry == "['loss'][1]"
    assert found.bound == np.inf
    assert found.unbounded.place.primitive == "exp"
    assert found.unbounded.place.text == "y = jnp.exp(x * x)"
    assert found.contributions == ()
    assert "nothing is known of it in float32" in str(found)
    assert "The first infinite bound is that of exp, of 88.7345 +- " in str(found)


def test_a_divisor_that_may_be_0_is_shown_with_its_bound():
    found = explain(lambda x: 1 / (x - x * F32(1.0000001)), F32([3, 4]))
    assert found.unbounded.place.primitive == "div"
    assert found.unbounded.operands[0] == 1
    assert 0 < abs(found.unbounded.operands[1]) < found.unbounded.errors[1]
    assert found.unbounded.errors[0] == 0
    assert " is that of div, of 1 and -3.57628e-07 +- 3.6e-07\n" in str(found)


def test_an_entry_of_a_product_of_matrices_is_not_made_of_two_entries():
    found = explain(lambda x: x @ x, F32([[np.inf, 1], [-np.inf, 1]]))
    assert np.isnan(found.value)
    assert (found.nan.place.primitive, found.nan.operands) == ("dot_general", ())


def test_a_loop_that_rounding_may_end_elsewhere():
    def root(a):
        return jax.lax.while_loop(lambda s: abs(s * s - a) > 1e-6, lambda s: (s + a / s) / 2, a)

    found = explain(root, F32(2))
    assert found.unbounded.operands == ()
    assert "is that of while, which rounding may end a step earlier or later\n" in str(found)


def test_a_loop_is_looked_into():
    def f(x):
        def step(carry, entry):
            return carry - entry, jnp.log(carry)

        return jax.lax.scan(step, x, F32([1, 1, 1]))[1]

    found = explain(f, F32(2))
    assert found.value == -np.inf
    assert found.entry == "[2]"
    assert found.infinity.place.primitive == "log"
    assert found.infinity.place.text == "return carry - entry, jnp.log(carry)"


def test_of_a_loop_its_lines_are_named():
    def f(x):
        def step(i, carry):
            return carry * x[i]

        return jax.lax.fori_loop(0, 5, step, F32(1)) + 1

    product, last = explain(f, F32([1.1, 1.2, 1.3, 1.4, 1.5])).contributions
    assert [place.primitive for place in product.places] == ["mul"]
    assert str(product.places[0]).endswith(" (test_of_a_loop_its_lines_are_named.f.step)")
    assert [place.primitive for place in last.places] == ["add"]
    assert product.share + last.share == pytest.approx(1, abs=0.01)


def test_of_a_line_what_does_not_round_is_not_named():
    (softmax,) = explain(jax.nn.softmax, F32([1, 2])).contributions
    assert [place.primitive for place in softmax.places] == ["sub", "exp", "reduce_sum", "div"]


def test_where_no_line_makes_a_bound_alone():
    found = explain(lambda x: jnp.sin((x * 1.1) * 1e9), F32(1))
    assert found.contributions == ()
    assert str(found).endswith("Without the rounding of any one place this bound would be as large")


def test_what_comes_in_infinite_is_no_equation():
    found = explain(lambda x: x * 2, F32([1, np.inf]))
    assert found.infinity.place is None
    assert "The first infinity is made by an argument or a constant of the function" in str(found)


def test_what_is_exact():
    assert str(explain(lambda x: -x, F32(3))) == "the result is -3, exactly, in float32"
    text = str(explain(lambda x: (x, -x), F32([3, 4])))
    assert text == "[0][0] is 3, exactly, in float32, as are all other results of real numbers"


def test_keyword_arguments_and_other_dtypes():
    wide = explain(lambda x, *, scale: x * scale, F64(3), scale=0.1, dtype="float64")
    narrow = explain(lambda x, *, scale: x * scale, F64(3), scale=0.1, dtype="bfloat16")
    assert wide.bound < 1e-15
    assert narrow.bound > 1e-4
    assert narrow.dtype == "bfloat16"


def test_there_has_to_be_a_number():
    with pytest.raises(ValueError, match="expected a function that returns a floating-point"):
        explain(lambda x: x > 0, F32(1))


def test_under_a_trace_there_are_no_numbers():
    with pytest.raises(RuntimeError, match="explain looks at numbers"):
        jax.jit(lambda x: explain(jnp.exp, x).value)(F32(1))
