"""Decompositions, and what `roundoff` refuses: LU, eigenvalues, Fourier transforms, complex."""

import jax
import jax.numpy as jnp
import numpy as np
import torch

from compare.selftest.everyday.function import Array, Function, Tree, normal, normals

_N = 5


def _covariance(x: Array) -> Array:
    squares = jnp.sum((x[:, None] - x[None]) ** 2, axis=-1)
    return jnp.exp(-0.5 * squares) + 0.5 * jnp.eye(len(x), dtype=x.dtype)


def _gaussian_process(x: Array, y: Array) -> Array:
    factor = jnp.linalg.cholesky(_covariance(x))
    solved = jax.scipy.linalg.solve_triangular(factor, y, lower=True)
    return 0.5 * solved @ solved + jnp.sum(jnp.log(jnp.diagonal(factor)))


def _torch_gaussian_process(x: Array, y: Array) -> Array:
    squares = ((x[:, None] - x[None]) ** 2).sum(-1)
    factor = torch.linalg.cholesky((-0.5 * squares).exp() + 0.5 * torch.eye(len(x), dtype=x.dtype))
    solved = torch.linalg.solve_triangular(factor, y[:, None], upper=False)[:, 0]
    return 0.5 * solved @ solved + factor.diagonal().log().sum()


def _solved_by_cholesky(x: Array, y: Array) -> Array:
    return jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(_covariance(x)), y)


def _dominant(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, _N, _N) + 3 * np.eye(_N, dtype=np.float32), normal(rng, _N)


def _solved(a: Array, b: Array) -> tuple[Array, Array]:
    return jnp.linalg.solve(a, b), jnp.linalg.slogdet(a)[1]


def _whitened(a: Array) -> Array:
    values, vectors = jnp.linalg.eigh(a @ a.T + jnp.eye(_N, dtype=a.dtype))
    return (vectors / jnp.sqrt(values)) @ vectors.T


def _circular(a: Array, b: Array) -> Array:
    return jnp.fft.irfft(jnp.fft.rfft(a) * jnp.fft.rfft(b), n=a.shape[-1])


def _torch_circular(a: Array, b: Array) -> Array:
    return torch.fft.irfft(torch.fft.rfft(a) * torch.fft.rfft(b), n=a.shape[-1])


def _turned(x: Array, y: Array) -> Array:
    return jnp.abs((1 + 2j) * jax.lax.complex(x, y))


LINEAR_ALGEBRA = (
    Function(
        "gaussian_process",
        _gaussian_process,
        normals((6, 3), (6,)),
        (0, 1),
        _torch_gaussian_process,
        is_layer=False,
        in_bfloat16=False,
    ),
    Function(
        "solved_by_cholesky",
        _solved_by_cholesky,
        normals((6, 3), (6,)),
        (0, 1),
        is_layer=False,
        in_bfloat16=False,
    ),
    Function(
        "solved",
        _solved,
        _dominant,
        (0, 1),
        lambda a, b: (torch.linalg.solve(a, b), torch.linalg.slogdet(a)[1]),
        refused="lu",
    ),
    Function("whitened", _whitened, normals((_N, _N)), refused="eigh"),
    Function("circular", _circular, normals((16,), (16,)), (0, 1), _torch_circular, refused="fft"),
    Function(
        "complex",
        _turned,
        normals((16,), (16,)),
        (0, 1),
        lambda x, y: ((1 + 2j) * torch.complex(x, y)).abs(),
        refused="complex",
    ),
)
