"""Programs held against a reference: what is told of each, from its run to the sentence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import compare_functions, cut

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 5)).astype(np.float32)
W = RNG.standard_normal((5, 4)).astype(np.float32)


def found_of(*args, **kwargs):
    (found,) = compare_functions(*args, **kwargs).candidates
    return found


# ---- where bounds say nothing, float64 decides ----


def deep(x, w):
    h, _ = jax.lax.scan(lambda h, _: (jnp.tanh(h @ w.T @ w * 0.3), None), x @ w, length=4)
    return jnp.sum(h**2)


def in_float32(x, w):
    return deep(x.astype(jnp.float32), w.astype(jnp.float32))


def test_a_program_that_computes_the_same_in_float64_agrees():
    found = found_of(deep, lambda x, w: deep(x[::-1], w), X, W)
    assert (found.verdict, found.basis) == ("agree", "float64")


def test_float32_inside_of_float64_is_neither_accused_nor_acquitted():
    found = found_of(deep, in_float32, X, W)
    assert found.verdict == "undecided"
    assert "the bounds say nothing of the gradient by `args[0]`" in found.sentence
    assert "numbers of float32 occur in it" in found.remarks[0]


def test_a_mistake_that_float32_hides_is_seen_in_float64():
    found = found_of(deep, lambda x, w: deep(x, w * (1 + 1e-6)), X, W)
    assert (found.verdict, found.basis, found.first.kind) == ("disagree", "float64", "output")
    assert found.sentence.startswith("in float64, the output, after `args[0]` and `args[1]`: it is")


def test_data_of_float32_that_both_programs_hold_excuses_nothing():
    found = found_of(
        lambda x: deep(x, W.astype(x.dtype)), lambda x: deep(x * (1 + 1e-6), W.astype(x.dtype)), X
    )
    assert (found.verdict, found.basis) == ("disagree", "float64")


def test_a_table_of_float32_that_the_reference_computes_is_neither_accused_nor_acquitted():
    def table(x):
        return jnp.sin(jnp.arange(10, dtype=x.dtype)).reshape(5, 2)

    table32 = np.asarray(table(X))
    found = found_of(lambda x: cut(x @ table(x), "h"), lambda x: x @ table32.astype(x.dtype), X)
    assert found.verdict == "undecided"
    assert found.sentence == "places of the reference lack, and float64 does not decide"


def test_a_program_that_raises_in_float64_is_decided_without():
    def alone(x, w):
        if x.dtype != jnp.float32:
            raise TypeError("no kernel for this dtype")
        return deep(x, w)

    found = found_of(deep, alone, X, W)
    assert found.verdict == "undecided"
    assert "it cannot be computed in float64 (" in found.remarks[0]
    assert found.remarks[0].endswith("TypeError: no kernel for this dtype)")


# ---- places ----


def normalised(x, w, b, eps=1e-5, slope=1.0):
    h = cut(x @ w + b, "h")
    centred = h - h.mean(0, keepdims=True)
    n = centred * jax.lax.rsqrt(jnp.square(centred).mean(0, keepdims=True) + eps)
    n = cut(n, "n")
    n = slope * n + jax.lax.stop_gradient((1 - slope) * n)
    return jnp.sum(jnp.sin(cut(2 * n, "twice")))


B = np.ones((1, 4), np.float32)


def test_a_gradient_that_is_zero_is_called_so():
    found = found_of(normalised, lambda *args: normalised(*args), X, W, B)
    assert (found.verdict, found.basis) == ("agree", "certificate")
    assert found.remarks == ("zero but for rounding: the gradient by `args[2]`",)


def test_a_mistake_is_told_where_it_is():
    found = found_of(normalised, lambda *args: normalised(*args, eps=1e-3), X, W, B)
    assert found.sentence.startswith("forward, between `h` and `n`: [")
    assert found.sentence.endswith("; in float64 it is wrong too")


def test_a_mistake_in_the_backward_pass_is_told_there_alone():
    found = found_of(normalised, lambda *args: normalised(*args, slope=1.001), X, W, B)
    assert found.sentence.startswith("backward, between `twice` and `n`: [")
    assert "; the forward pass is right; in float64 it is wrong too" in found.sentence
    assert "wrong too:" not in found.sentence


def test_places_that_both_do_not_have_are_told():
    def other(x, w, b):
        h = x @ w + b
        n = cut((h - h.mean(0)[None]) / jnp.sqrt(h.var(0) + 1e-5)[None], "norm")
        return jnp.sum(jnp.sin(cut(2 * n.T, "twice")))

    found = found_of(normalised, other, X, W, B)
    assert (found.verdict, found.basis) == ("agree", "float64")
    assert found.remarks[1:] == (
        "it has 0 of the 6 places of the reference, forward and backward; missing, or of another "
        "shape: `h`, `n`, `twice`",
        "the reference has no place `norm`",
    )


def test_a_place_with_another_meaning_is_no_mistake():
    def other(x, w, b):
        centred = x @ w + b - (x @ w + b).mean(0)[None]
        n = cut(centred, "n") / jnp.sqrt(jnp.square(centred).mean(0) + 1e-5)[None]
        return jnp.sum(jnp.sin(2 * n))

    found = found_of(normalised, other, X, W, B)
    assert (found.verdict, found.basis) == ("agree", "float64")
    assert "though `n` is something else" in found.sentence


# ---- numbers that are not finite ----


def root(x):
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0))


def safe_root(x):
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0))


def test_who_is_not_finite_and_because_of_what():
    x = np.float32([4, 0])
    found = found_of(root, safe_root, x)
    assert found.verdict == "disagree"
    assert "[1] is 0, expected nan: the reference is not finite there, because of mul" in (
        found.sentence
    )
    assert "test_functions.py" in found.sentence
    same = found_of(root, lambda x: root(x), x)
    assert same.verdict == "agree"
    assert same.remarks[0].startswith("NaN in both: the gradient by `args[0]`, because of mul")
    other = found_of(safe_root, root, x)
    assert other.verdict == "disagree"
    assert "[1] is nan, expected 0, which no rounding explains" in other.sentence


def test_where_all_is_nan_nothing_is_compared():
    found = found_of(jnp.sqrt, lambda x: jnp.sqrt(x), np.full(3, -1, np.float32))
    assert found.verdict == "undecided"
    assert "all of it is NaN in both, which compares nothing" in found.sentence


def test_an_overflow_that_both_have_is_told():
    x = np.full(4, 300, np.float16)
    found = found_of(lambda x: jnp.sum(x * x), lambda x: jnp.vdot(x, x), x)
    assert found.verdict == "agree"
    assert "overflows in float16: the output, where 3.6e+05 is exact" in found.remarks


# ---- arrays that exist already ----


@pytest.mark.parametrize(("factor", "verdict"), [(1, "agree"), (1.001, "disagree")])
def test_arrays_are_held_from_end_to_end(factor, verdict):
    slopes = np.cos(X) * np.float32(factor)
    found = found_of(lambda x: jnp.sum(cut(jnp.sin(x), "sin")), (np.sin(X).sum(), [slopes]), X)
    assert (found.verdict, found.basis) == (verdict, "certificate")
