"""Triangular solves and Cholesky factors lie within their bounds, or nothing is said of them."""

import itertools

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import ml_dtypes
import numpy as np
import pytest
import torch
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, U, bound_of

BATCH, N, K = 2, 4, 3
FLAGS = list(itertools.product((False, True), repeat=4))


def drawn(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def flags(left_side, lower, transpose_a, unit_diagonal):
    return {
        "left_side": left_side,
        "lower": lower,
        "transpose_a": transpose_a,
        "unit_diagonal": unit_diagonal,
    }


def matrix_of(a, lower, transpose_a, unit_diagonal):
    """Returns the matrix that a solve means, in long doubles."""
    t = (np.tril if lower else np.triu)(a.astype(np.longdouble))
    if unit_diagonal:
        t = t * (1 - np.eye(N)) + np.eye(N)
    return np.swapaxes(t, -1, -2) if transpose_a else t


def solved_all(a, b):
    """Solves by all flags, from the left and from the right."""
    return [
        lax.linalg.triangular_solve(a, b if one[0] else jnp.swapaxes(b, -1, -2), **flags(*one))
        for one in FLAGS
    ]


def residual_is_explained(a, b, x, error, one):
    """Whether the residual of x may be that of a number within `error` of the solution."""
    t = matrix_of(a, *one[1:])
    b = b.astype(np.longdouble)
    wide = x.astype(np.longdouble)
    if one[0]:
        left, allowed = t @ wide - b, np.abs(t) @ error
    else:
        left, allowed = wide @ t - np.swapaxes(b, -1, -2), error @ np.abs(t)
    return np.all(np.abs(left) <= allowed * (1 + 1e-9) + 1e-13)


@pytest.fixture(scope="module")
def jitted():
    return jax.jit(solved_all)


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_every_flag_of_a_triangular_solve(jitted, name):
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    a, b = drawn((BATCH, N, N), 0) / 2, drawn((BATCH, N, K), 1)
    a = (a + 2 * np.sign(a) * np.eye(N)).astype(dtype)
    b = b.astype(dtype)
    values, bounds = roundoff(solved_all, dtype, reading="both")(a, b)
    for one, value, worst, typical, found in zip(
        FLAGS, values, bounds.worst, bounds.typical, jitted(a, b), strict=True
    ):
        assert residual_is_explained(a, b, value, 0 * worst, one), one
        error = np.abs(np.asarray(found, F64) - value)
        assert np.all(error <= worst), one
        assert np.all(error <= 4 * typical), one
        limit = 60 if name == "float32" else 3000  # blocks may be inverted in bfloat16
        assert np.median(worst / np.abs(value)) < limit * float(jnp.finfo(dtype).eps), one


def test_what_is_not_read_does_not_matter():
    a = np.tril(drawn((N, N), 2)).astype(F32) + 2 * np.eye(N, dtype=F32)
    b, hidden = drawn((N, 1), 3).astype(F32), np.where(np.tri(N, k=-1) > 0, a, np.nan)

    def solve(a, b):
        return lax.linalg.triangular_solve(a, b, left_side=True, lower=True, unit_diagonal=True)

    assert np.all(bound_of(solve, hidden.astype(F32), b)[1] < 200 * U)


@pytest.mark.parametrize("solve", [jsl.solve_triangular, lambda a, b: lax.linalg.cholesky(a)])
@pytest.mark.parametrize("n", [0, 1])
def test_small_systems(solve, n):
    a, b = np.full((n, n), 4, F32), np.ones((n, 2), F32)
    value, bound = bound_of(solve, a, b)
    assert value.shape[0] == n
    assert np.all(bound < 20 * U)


def test_a_diagonal_that_may_be_zero_solves_nothing():
    def solve(x, y, b):
        return jsl.solve_triangular(jnp.reshape(x * y - 1, (1, 1)), b)

    _, bound = bound_of(solve, F32(3), F32(1 / 3), np.ones((1, 1), F32))
    assert np.all(bound == np.inf)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_ill_conditioned_systems_are_enclosed(dtype):
    """The solution grows to 2^(n - 1)."""
    n = 30
    a = (2 * np.eye(n) - np.tri(n)).astype(dtype)

    def lower(a, b):
        return jsl.solve_triangular(a, b, lower=True)

    value, bound = bound_of(lower, a, np.ones(n, dtype), dtype=dtype)
    np.testing.assert_array_equal(value, 2.0 ** np.arange(n))
    assert np.all(np.isfinite(bound))


def spd(n, seed):
    half = drawn((n, n + 2), seed)
    return half @ np.swapaxes(half, -1, -2)


def factor(a):
    return lax.linalg.cholesky(a, symmetrize_input=False)


def test_a_cholesky_factor_is_within_its_bound():
    a = np.stack([spd(5, seed) for seed in (4, 5)]).astype(F32)
    value, bounds = roundoff(factor, F32, reading="both")(a)
    product = value.astype(np.longdouble) @ np.swapaxes(value, -1, -2)
    np.testing.assert_allclose(product.astype(F64), a, rtol=1e-13, atol=1e-13)
    for found in (factor(a), torch.linalg.cholesky(torch.tensor(a)).numpy()):
        error = np.abs(np.asarray(found, F64) - value)
        assert np.all(error <= bounds.worst)
        assert np.all(error <= 4 * bounds.typical)
    assert np.all(bounds.worst[..., np.tri(5) == 0] == 0)  # tril has been there
    assert np.median(bounds.worst / np.maximum(np.abs(value), 1e-30)) < 400 * U


def test_a_matrix_that_may_not_be_positive_definite_has_no_factor():
    x = np.linspace(0, 1, 6)
    smooth = np.exp(-((x[:, None] - x) ** 2) / 2)
    one, other = (smooth + nugget * np.eye(6) for nugget in (1e-7, 1e-2))
    _, bound = bound_of(factor, np.stack([one, other]).astype(F32))
    lower = np.tri(6) > 0
    assert np.all(np.isinf(bound[0][lower][1:]))
    assert np.all(bound[1] < 0.1)
    assert np.all(np.isinf(bound_of(factor, -np.eye(2, dtype=F32))[1][np.tri(2) > 0]))


def likelihood(x, y, noise):
    """That of a Gaussian process, negative, by a factor and by two ways to solve with it."""
    one = jnp.eye(len(x))
    gap = x[:, None] - x[None, :]
    half = jnp.linalg.cholesky(jnp.exp(-0.5 * gap * gap) + noise * one)
    z = jsl.solve_triangular(half, y, lower=True)
    fit = jnp.dot(y, jsl.cho_solve((half, True), y)) + jnp.sum(z * z)
    return 0.25 * fit + jnp.sum(jnp.log(jnp.sum(half * one, 1)))


def likelihood_in_torch(x, y, noise):
    gap = x[:, None] - x[None, :]
    one = torch.eye(len(x), dtype=x.dtype)
    half = torch.linalg.cholesky(torch.exp(-0.5 * gap * gap) + noise * one)
    fit = y @ torch.cholesky_solve(y[:, None], half)[:, 0]
    return 0.5 * fit + torch.log(torch.diagonal(half)).sum()


@pytest.fixture(scope="module")
def gradient_of_likelihood():
    return jax.jit(jax.value_and_grad(likelihood, argnums=(0, 1, 2)))


@pytest.mark.parametrize("noise", [0.3, 0.01])
def test_the_likelihood_of_a_gaussian_process(gradient_of_likelihood, noise):
    x = np.linspace(0, 4, 8).astype(F32)
    args = x, np.sin(3 * x), F32(noise)
    value, bound = roundoff(gradient_of_likelihood, F32)(*args)
    given = [torch.tensor(arg, requires_grad=True) for arg in args]
    loss = likelihood_in_torch(*given)
    by_torch = [loss.detach(), *torch.autograd.grad(loss, given)]
    by_jax = jax.tree.leaves(gradient_of_likelihood(*args))
    flat = jax.tree.leaves(value), jax.tree.leaves(bound), by_jax, by_torch
    for exact, limit, one, other in zip(*flat, strict=True):
        assert np.all(np.abs(np.asarray(one, F64) - exact) <= limit)
        assert np.all(np.abs(other.double().numpy() - exact) <= limit)
        assert np.all(np.isfinite(limit))


def test_solving_with_a_factor_is_a_linear_solve():
    a, b = spd(3, 6).astype(F32), np.ones(3, F32)

    def solve(a, b):
        return jsl.solve(a, b, assume_a="pos")

    value, bound = bound_of(solve, a, b)
    np.testing.assert_allclose(value, np.linalg.solve(a.astype(F64), b), rtol=1e-10)
    assert np.all(np.abs(np.asarray(solve(a, b), F64) - value) <= bound)
    assert np.all(np.isfinite(bound))


def test_under_jit_and_vmap_they_are_the_same():
    def both(a, b):
        return lax.linalg.triangular_solve(factor(a), b, left_side=True, lower=True)

    a = np.stack([spd(3, 7), spd(3, 8)]).astype(F32)
    b = drawn((2, 3, 1), 9).astype(F32)
    wanted = roundoff(both, F32)(a, b)
    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(roundoff(both, F32)))(a, b)
    for one, other in zip(jax.tree.leaves(wanted), jax.tree.leaves(found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (jnp.linalg.inv, "lu"),
        (jnp.linalg.slogdet, "lu"),
        (lambda a: jnp.linalg.solve(a, a), "lu"),
        (jnp.linalg.eigh, "eigh"),
        (jnp.linalg.svd, "svd"),
        (jnp.linalg.qr, "qr"),
        (jnp.fft.fft, "fft"),
    ],
)
def test_other_decompositions_are_refused_by_name(f, name):
    with pytest.raises(NotImplementedError, match=f"'{name}'"):
        roundoff(f, F32)(np.eye(4, dtype=F32))
