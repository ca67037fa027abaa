"""Primitives as text: parentheses where they are needed, and numbers as people read them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.graph.jax.expressions import expression, number
from compare.graph.jax.sentences import operation

INNER = {"dimension_numbers": (((0,), (0,)), ((), ()))}
OUTER = {"dimension_numbers": (((), ()), ((), ()))}
LAST = {"dimension_numbers": (((1,), (1,)), ((), ()))}


@pytest.mark.parametrize(
    ("primitive", "params", "operands", "text"),
    [
        ("add", {}, ["w1.T @ x", "b1"], "w1.T @ x + b1"),
        ("mul", {}, ["s1", "h1 * (1 - h1)"], "s1 * (h1 * (1 - h1))"),
        ("sub", {}, ["a", "b + c"], "a - (b + c)"),
        ("sub", {}, ["a - b", "c"], "a - b - c"),
        ("div", {}, ["a", "b * c"], "a / (b * c)"),
        ("neg", {}, ["a + b"], "-(a + b)"),
        ("square", {}, ["-a"], "(-a)^2"),
        ("one_minus_square", {}, ["h1"], "1 - h1^2"),
        ("one_minus_square", {}, ["a + b"], "1 - (a + b)^2"),
        ("mul", {}, ["s1", "1 - h1^2"], "s1 * (1 - h1^2)"),
        ("integer_pow", {"y": 3}, ["a^2"], "(a^2)^3"),
        ("integer_pow", {"y": 3}, ["tanh(a - b)"], "tanh(a - b)^3"),
        ("gt", {}, ["z1", "0"], "z1 > 0"),
        ("mul", {}, ["a > b", "c"], "(a > b) * c"),
        ("logistic", {}, ["z1"], "sigmoid(z1)"),
        ("tanh", {}, ["z1"], "tanh(z1)"),
        ("select_n", {}, ["z1 > 0", "zeros", "s1"], "where(z1 > 0, s1, zeros)"),
        ("dot_general", INNER, ["delta2", "w2.T"], "delta2 @ w2.T"),
        ("dot_general", INNER, ["a + b", "c @ d"], "(a + b) @ (c @ d)"),
        ("dot_general", OUTER, ["delta2", "h1"], "outer(delta2, h1)"),
        ("dot_general", LAST, ["a", "b"], "dot(a, b)"),
        ("transpose", {}, ["outer(a, b)"], "outer(a, b).T"),
        ("transpose", {}, ["a @ b"], "(a @ b).T"),
        ("broadcast_in_dim", {}, ["1"], "ones"),
        ("broadcast_in_dim", {}, ["b1"], "b1"),
        ("convert_element_type", {}, ["z1 > 0"], "z1 > 0"),
        ("a_new_one", {}, ["a", "b"], "a_new_one(a, b)"),
    ],
)
def test_text(primitive, params, operands, text):
    assert expression(primitive, params, operands) == text


def test_words():
    """Of primitives that not every version of JAX has, too."""
    assert operation("one_minus_square") == "One minus a square"
    assert operation("a_new_one") == "The primitive a_new_one"


MADE = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "square": lambda a: a * a,
    "one_minus_square": lambda a: 1 - a * a,
    "integer_pow": lambda a: a * a * a,
}


def grown(trees):
    """Pairs of a text and its value, one operation larger."""

    def apply(name, *operands):
        params = {"y": 3} if name == "integer_pow" else {}
        text = expression(name, params, [text for text, _ in operands])
        return text, MADE[name](*(value for _, value in operands))

    two, one = ("add", "sub", "mul"), ("neg", "square", "one_minus_square", "integer_pow")
    return st.builds(apply, st.sampled_from(two), trees, trees) | st.builds(
        apply, st.sampled_from(one), trees
    )


LEAVES = st.sampled_from([("a", Fraction(2)), ("b", Fraction(-3)), ("c", Fraction(1, 2))])


@given(st.recursive(LEAVES, grown, max_leaves=8))
def test_the_text_means_what_was_computed(tree):
    text, value = tree
    names = {"a": Fraction(2), "b": Fraction(-3), "c": Fraction(1, 2)}
    assert eval(text.replace("^", "**"), names) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.044715), "0.044715"),
        (2.0, "2"),
        (np.float64(np.sqrt(2 / np.pi)), "0.797885"),
        (np.inf, "inf"),
        (np.ones((2, 3)), "constant[2, 3]"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text
