"""What is different in a backward pass alone is named."""

import jax.numpy as jnp
import numpy as np
import pytest

from compare.problem.cuts import cut
from tests.support.reasons import reason

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 4))
W = RNG.standard_normal((4, 4))
V = RNG.standard_normal((4, 4))
G = RNG.standard_normal((6, 4))


def product(x, w):
    return x @ w


def both(x, v, w):
    return x @ v + jnp.sin(x) @ w


def squashed(x):
    return jnp.tanh(x)


BY_W = X.T @ G
NAMED = {
    "a mean": (product, (X, W), BY_W / 6, 1, "is 1/6 of the reference's, as by a mean over the 6"),
    "a sign": (product, (X, W), -BY_W, 1, "has the opposite sign"),
    "twice": (product, (X, W), 2 * BY_W, 1, "is 2 times the reference's, as if it was added up"),
    "slightly larger": (product, (X, W), 1.001 * BY_W, 1, "is 1.001 times the reference's"),
    "transposed": (product, (X, W), BY_W.T, 1, "is transposed"),
    "rolled": (product, (X, W), np.roll(BY_W, 1, 0), 1, "is rolled by one along axis 0"),
    "decay": (product, (X, W), BY_W + 0.01 * W, 1, "has 0.01 times the parameter added"),
    "a sample lost": (product, (X, W), X[:-1].T @ G[:-1], 1, "lacks the last of the 6 samples"),
    "zero": (product, (X, W), 0 * BY_W, 1, "is 0 everywhere"),
    "clipped": (product, (X, W), np.clip(BY_W, -0.5, 0.5), 1, "is clipped to 0.5"),
    "a norm clipped": (
        product,
        (X, W),
        BY_W / np.linalg.norm(BY_W),
        1,
        "its norm is 1, as by clipping",
    ),
    "that of another": (both, (X, V, W), X.T @ G, 2, "is that of `args[1]`"),
    "one way back": (both, (X, V, W), G @ V.T, 0, "as where a way back is detached"),
    "another slope": (
        squashed,
        (X,),
        G / (1 + np.exp(-X)) * (1 - 1 / (1 + np.exp(-X))),
        0,
        "has the slope of sigmoid where the reference has the slope of tanh",
    ),
    "no slope": (squashed, (X,), G, 0, "has the slope 1 where the reference has the slope of tanh"),
}


@pytest.mark.parametrize("case", NAMED)
def test_it_is_named(case):
    reference, args, found, by, words = NAMED[case]
    said = reason(reference, args, found, of=("gradient", f"args[{by}]"), cotangent=G)
    assert said.startswith(f"the gradient by `args[{by}]`")
    assert words in said


@pytest.mark.parametrize("found", [BY_W, BY_W + 0.01, 1.5 * BY_W.T, BY_W + 1e-3 * BY_W**2])
def test_nothing_is_named(found):
    assert reason(product, (X, W), found, of=("gradient", "args[1]"), cotangent=G) is None


def test_a_factor_of_a_branch_whose_cotangent_is_that_behind_it():
    def branches(x):
        x = cut(x, "first")
        return cut(x + cut(jnp.tanh(x), "branch"), "sum") * x

    m = np.tanh(X)
    by_x = G * (X + m) + G * X + G * X / 2 * (1 - m**2)
    beside = {"first": X, "branch": m, "sum": X + m, "d:sum": G * X, "d:first": by_x}
    said = reason(branches, (X,), G * X / 2, of=("backward", "branch"), cotangent=G, beside=beside)
    assert said == "the cotangent of `branch` is 0.5 times the reference's"
