"""An everyday function and its gradient, on numbers that are drawn, by JAX and by torch."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import torch

from compare.selftest.everyday.function import Array, Function, Tree, normal
from torch_ref.convert import to_tensor

Leaves: TypeAlias = list[np.ndarray]  # in float64


class Case(NamedTuple):
    """What a function is evaluated on."""

    factors: Tree  # one for each number of the results: the gradient is that of their products
    args: tuple[Tree, ...]


def draw_case(function: Function, *, seed: int, number: int) -> Case:
    """Draws arguments in float32, integers and keys."""
    rng = np.random.default_rng([seed, number, *function.name.encode()])
    with jax_as_it_comes():
        args = function.draw(rng)
        if not function.has_gradient:
            return Case((), args)
        shapes = _result_shapes(function)
    return Case(jax.tree.map(lambda one: normal(rng, *one.shape), shapes), args)


@functools.cache
def _result_shapes(function: Function) -> Tree:
    return jax.eval_shape(function.by_jax, *function.draw(np.random.default_rng(0)))


def cast(case: Case, dtype: np.dtype) -> Case:
    """Casts what is floating-point, and leaves integers and keys."""

    def one(leaf: Any) -> Any:
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return Case(*jax.tree.map(one, tuple(case)))


@contextlib.contextmanager
def jax_as_it_comes() -> Iterator[None]:
    """Promotes dtypes and ranks as JAX does where nobody has told it to refuse that."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@functools.cache
def with_gradient(function: Function) -> Callable[..., tuple[Tree, Tree]]:
    """Makes a JAX function of (factors, *args) that returns results and gradients."""

    @jax_as_it_comes()
    def evaluate(factors: Tree, *args: Tree) -> tuple[Tree, Tree]:
        if not function.has_gradient:
            return function.by_jax(*args), ()

        def of_some(*some: Tree) -> Tree:
            given = dict(zip(function.argnums, some, strict=True))
            return function.by_jax(*(given.get(i, arg) for i, arg in enumerate(args)))

        results, pulled = jax.vjp(of_some, *(args[i] for i in function.argnums))
        slopes = jax.tree.map(lambda factor, made: factor.astype(made.dtype), factors, results)
        return results, pulled(slopes)

    return evaluate


@functools.cache
def _compiled(function: Function) -> Any:
    return jax.jit(with_gradient(function))


def compute(function: Function, case: Case, dtype: np.dtype, *, library: str = "jit") -> Leaves:
    """Returns what a library makes of a function and of its gradient.

    Args:
      function: one that has a twin, if the library is torch.
      case: its floating-point arrays are all of the dtype.
      dtype: to compute in.
      library: 'jit', 'eager' or 'torch'.
    """
    if library == "torch":
        return _by_torch(function, case)
    with jax.enable_x64(dtype == np.float64):
        if library == "jit":
            return leaves_of(_compiled(function)(case.factors, *case.args))
        with jax.disable_jit():
            return leaves_of(with_gradient(function)(case.factors, *case.args))


def leaves_of(tree: Tree) -> Leaves:
    """Returns the arrays of a pytree in float64."""
    return [np.asarray(leaf).astype(np.float64) for leaf in jax.tree.leaves(tree)]


def _by_torch(function: Function, case: Case) -> Leaves:
    assert function.by_torch is not None
    tracked = [jax.tree.map(_tensor, arg) for arg in case.args]
    leaves = [leaf for i in function.argnums for leaf in jax.tree.leaves(tracked[i])]
    for leaf in leaves:
        leaf.requires_grad_()
    results = jax.tree.leaves(function.by_torch(*tracked))
    gradients: Any = []
    if function.has_gradient:
        factors = [
            _tensor(factor).to(made.dtype)
            for factor, made in zip(jax.tree.leaves(case.factors), results, strict=True)
        ]
        gradients = torch.autograd.grad(results, leaves, factors, materialize_grads=True)
    return [leaf.detach().double().numpy() for leaf in (*results, *gradients)]


def _tensor(leaf: Array) -> torch.Tensor:
    array = np.asarray(leaf)
    return to_tensor(array.astype(np.int64) if array.dtype.kind in "iu" else array)
