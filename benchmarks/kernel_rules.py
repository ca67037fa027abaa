"""Rules by which a test may judge a kernel: bounds of rounding, tolerances, finite differences."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from jax.test_util import check_grads
from torch.autograd.gradcheck import GradcheckError

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel, results_of
from compare import roundoff

_F32 = np.dtype(np.float32)
ASSERTED = "4 typical bounds + 4 u of the largest"
_FLOOR = 4 * 2.0**-24  # of the largest entry of a result


class Case(NamedTuple):
    """A kernel's arguments and a cotangent, float32, with what should come of them."""

    kernel: Kernel
    args: Arrays
    cotangent: np.ndarray
    by_reference: Arrays  # the reference in float32, its result and its gradients
    exact: Arrays  # that in float64
    worst: Arrays
    typical: Arrays


def cases(kernel: Kernel, factor: float, draws: int) -> list[Case]:
    """Draws arguments and cotangents, these times a factor; works out what may come of them."""

    def both(args: Arrays, cotangent: Any) -> Arrays:
        return results_of(kernel.reference, args, cotangent, len(kernel.wrt))

    bounded, compiled, made = roundoff(both, _F32, reading="both", is_pure=True), jax.jit(both), []
    for seed in range(draws):
        args = kernel.arguments(kernel.sizes, _F32, seed)
        shape = jax.eval_shape(kernel.reference, *args).shape
        cotangent = (factor * np.random.default_rng(~seed % 2**32).normal(size=shape)).astype(_F32)
        exact, bounds = bounded(args, cotangent)
        by_reference = tuple(map(np.asarray, compiled(args, cotangent)))
        made.append(
            Case(kernel, args, cotangent, by_reference, exact, bounds.worst, bounds.typical)
        )
    return made


def results(kernel: Kernel, steps: Any, cases: Sequence[Case]) -> list[Arrays]:
    """Returns the results and the gradients of a kernel, compiled, in float32."""
    function, n = kernel.function(steps), len(kernel.wrt)
    compiled = jax.jit(lambda args, cotangent: results_of(function, args, cotangent, n))
    return [tuple(map(np.asarray, compiled(one.args, one.cotangent))) for one in cases]


def _beyond(case: Case, found: Arrays, bounds: Arrays) -> bool:
    for got, value, bound in zip(found, case.exact, bounds, strict=True):
        allowed = bound + _FLOOR * np.abs(value).max()
        if not (np.abs(got.astype(np.float64) - value) <= allowed).all():
            return True
    return False


def _proof(case: Case, found: Arrays) -> bool:
    return _beyond(case, found, case.worst)


def _asserted(case: Case, found: Arrays) -> bool:
    return _beyond(case, found, tuple(4 * bound for bound in case.typical))


def _torch(case: Case, found: Arrays) -> bool:
    pairs = zip(found, case.by_reference, strict=True)
    return any(
        _raises(torch.testing.assert_close, *map(torch.from_numpy, map(np.array, pair)))
        for pair in pairs
    )


def _numpy(case: Case, found: Arrays) -> bool:
    pairs = zip(found, case.by_reference, strict=True)
    return any(_raises(np.testing.assert_allclose, *pair) for pair in pairs)


# Rules that look at results and gradients in float32, for some cotangent: whether they object.
BY_RESULTS: Mapping[str, Callable[[Case, Arrays], bool]] = MappingProxyType(
    {
        "worst bound + 4 u of the largest": _proof,
        ASSERTED: _asserted,
        "torch.testing.assert_close": _torch,
        "numpy.testing.assert_allclose": _numpy,
    }
)


def _gradcheck(kernel: Kernel, steps: Any) -> bool:
    args = [torch.from_numpy(a) for a in kernel.arguments(kernel.small, np.float64)]
    inputs = [a.requires_grad_() if a.is_floating_point() else a for a in args]
    return _raises(torch.autograd.gradcheck, _in_torch(kernel, steps), inputs)


def _check_grads(kernel: Kernel, steps: Any) -> bool:
    args, n = kernel.arguments(kernel.small, np.float64), len(kernel.wrt)
    function = kernel.function(steps)
    with jax.enable_x64(True):
        return _raises(
            check_grads, lambda *first: function(*first, *args[n:]), args[:n], 1, modes=["rev"]
        )


# Rules that hold a backward against differences of its forward, in float64 on small arguments.
BY_DIFFERENCES: Mapping[str, Callable[[Kernel, Any], bool]] = MappingProxyType(
    {"torch.autograd.gradcheck": _gradcheck, "jax.test_util.check_grads": _check_grads}
)


def _in_torch(kernel: Kernel, steps: Any) -> Callable[..., Any]:
    """Returns the kernel as a torch function of float64 tensors, with its own backward."""

    class InTorch(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *args: torch.Tensor) -> torch.Tensor:
            with jax.enable_x64(True):
                result, ctx.kept = kernel.forward(steps, *(np.asarray(a.detach()) for a in args))
            return torch.from_numpy(np.array(result))

        @staticmethod
        def backward(ctx: Any, cotangent: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            with jax.enable_x64(True):
                found = kernel.backward(steps, ctx.kept, np.asarray(cotangent))
            rest = len(ctx.needs_input_grad) - len(found)
            return (*(torch.from_numpy(np.array(one)) for one in found), *(None,) * rest)

    return InTorch.apply


def _raises(check: Callable[..., Any], *args: Any, **options: Any) -> bool:
    """Whether a check objects; torch's gradcheck does so by a RuntimeError."""
    try:
        check(*args, **options)
    except (AssertionError, GradcheckError):
        return True
    return False
