"""Local certificates: what is wrong at a place is told there, and nowhere else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import compare_functions, cut

RNG = np.random.default_rng(0)
PARAMS = {
    "first": RNG.standard_normal((5, 6)).astype(np.float32),
    "others": RNG.standard_normal((3, 6, 6)).astype(np.float32),
}
X = RNG.standard_normal((7, 5)).astype(np.float32)


def head(h):
    return jnp.mean(cut(jnp.sin(cut(2 * h, "a")), "b") ** 2)


def by_scan(params, x):
    h = cut(jnp.tanh(x @ params["first"]), "first")
    h, _ = jax.lax.scan(lambda h, w: (cut(jnp.tanh(h @ w), "h"), None), h, params["others"])
    return jax.checkpoint(head)(h)


def by_loop(params, x, wrong_at=None):
    h = cut(jnp.tanh(x @ params["first"]), "first")
    for i, w in enumerate(params["others"]):
        h = cut(jnp.tanh(h @ w) * (1 + 1e-4 * (i == wrong_at)), "h")
    return head(h)


@pytest.mark.parametrize("f", [by_scan, by_loop, jax.jit(by_loop)])
def test_the_same_function_by_a_loop_or_a_scan_agrees_at_every_place(f):
    report = compare_functions(by_scan, f, PARAMS, X)
    (found,) = report.candidates
    assert (report.verdict, found.basis) == ("agree", "certificate")
    assert found.recorded == found.places == 12


@pytest.mark.parametrize("step", range(3))
def test_a_mistake_in_a_step_of_a_loop_is_told_there(step):
    report = compare_functions(by_scan, lambda *args: by_loop(*args, wrong_at=step), PARAMS, X)
    first = report.candidates[0].first
    name = "h" if step == 0 else f"h@{step}"
    assert (report.verdict, first.kind, first.name) == ("disagree", "forward", name)


def test_without_places_float64_decides():
    def without(params, x):
        h = jnp.tanh(x @ params["first"])
        for w in params["others"]:
            h = jnp.tanh(h @ w)
        return jnp.mean(jnp.sin(2 * h) ** 2)

    (found,) = compare_functions(by_scan, without, PARAMS, X).candidates
    assert (found.verdict, found.basis, found.recorded) == ("agree", "float64", 0)


def test_the_gradient_of_stacked_weights_comes_from_every_step():
    (found,) = compare_functions(by_scan, by_scan, PARAMS, X).candidates
    (others,) = (one for one in found.checks if one.name == "args[0]['others']")
    assert {"d:h", "d:h@1", "d:h@2"} <= set(others.sources)


def test_integers_among_the_outputs_have_no_gradient():
    def f(x):
        return x**2, jnp.argmax(x, 1)

    report = compare_functions(f, lambda x: (x * x, jnp.argmax(2 * x, 1)), X)
    assert report.verdict == "agree"
    wrong = compare_functions(f, lambda x: (x * x, jnp.argmin(x, 1)), X)
    assert (wrong.verdict, wrong.candidates[0].first.name) == ("disagree", "output[1]")
