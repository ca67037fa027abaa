"""Rules by which a test may judge a kernel: bounds of rounding, tolerances, finite differences."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from jax.test_util import check_grads
from torch.autograd.gradcheck import GradcheckError

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel, results_of
from compare import compare_functions
from compare.function_results import Standing

ASSERTED = "assert_within_rounding"
_F32 = np.dtype(np.float32)


class Case(NamedTuple):
    """A kernel's arguments and a cotangent, float32, and the reference's results."""

    args: Arrays
    cotangent: np.ndarray
    by_reference: Arrays


class Answer(NamedTuple):
    """The results of a kernel, compiled, in float32; and how it stands beside the reference."""

    results: Arrays
    standing: Standing


class Judged:
    """A kernel and its mistakes, each compiled once."""

    def __init__(self, kernel: Kernel, steps: Mapping[str, Any]) -> None:
        """Takes the kernel, and what its steps are with each mistake."""
        self._kernel = kernel
        self._functions = {name: kernel.function(one) for name, one in steps.items()}
        self._compiled = {name: self._both(one) for name, one in self._functions.items()}
        self._reference = self._both(kernel.reference)

    def case(self, factor: float, seed: int) -> Case:
        """Draws arguments and a cotangent, this times a factor."""
        args = self._kernel.arguments(self._kernel.sizes, _F32, seed)
        shape = jax.eval_shape(self._kernel.reference, *args).shape
        rng = np.random.default_rng((seed, 1))  # (seed,) draws the arguments
        cotangent = (factor * rng.normal(size=shape)).astype(_F32)
        return Case(args, cotangent, self._reference(args, cotangent))

    def answers(self, case: Case) -> dict[str, Answer]:
        """Returns the answer with each mistake."""
        args, cotangent = case.args, case.cotangent
        report = compare_functions(
            self._kernel.reference, self._functions, *args, cotangents=cotangent
        )
        return {
            one.name: Answer(self._compiled[one.name](args, cotangent), one)
            for one in report.candidates
        }

    def _both(self, function: Callable[..., Any]) -> Callable[[Arrays, Any], Arrays]:
        n = len(self._kernel.wrt)
        compiled = jax.jit(lambda args, cotangent: results_of(function, args, cotangent, n))
        return lambda *given: tuple(map(np.asarray, compiled(*given)))


def _proof(case: Case, answer: Answer) -> bool:
    return not all(one.holds for one in answer.standing.checks)


def _asserted(case: Case, answer: Answer) -> bool:
    return answer.standing.verdict != "agree" or bool(answer.standing.warnings)


def _torch(case: Case, answer: Answer) -> bool:
    pairs = zip(answer.results, case.by_reference, strict=True)
    return any(
        _raises(torch.testing.assert_close, *map(torch.from_numpy, map(np.array, pair)))
        for pair in pairs
    )


def _numpy(case: Case, answer: Answer) -> bool:
    pairs = zip(answer.results, case.by_reference, strict=True)
    return any(_raises(np.testing.assert_allclose, *pair) for pair in pairs)


# Rules that look at results and gradients in float32, for some cotangent: whether they object.
BY_RESULTS: Mapping[str, Callable[[Case, Answer], bool]] = MappingProxyType(
    {
        ASSERTED: _asserted,
        "its proved bound alone": _proof,
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
