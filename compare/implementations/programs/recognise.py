"""Which kind of program it is that a user brings."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax

from compare.errors import UsageError, shown
from compare.implementations.programs import both, stored
from compare.implementations.programs import jax as on_jax
from compare.implementations.programs.base import Loss, Program, Reference
from compare.implementations.programs.candidate import Candidate
from compare.implementations.programs.frameworks import tried
from compare.implementations.programs.models.candidate import port_program
from compare.implementations.programs.models.recognise import (
    check_unwrapped,
    function_of,
    is_model,
)
from compare.implementations.programs.models.reference import model_reference
from compare.implementations.programs.running import guarded
from compare.implementations.programs.setting import Setting
from compare.implementations.programs.weights import (
    check_takes_weights,
    check_weights,
    is_of_others,
    is_without_weights,
)
from compare.implementations.user.torch_module import is_module
from compare.problem.function import Arguments, FunctionProblem
from compare.problem.given_arguments import float_dtypes, in_one_dtype, one_dtype
from compare.problem.structure import is_like
from compare.problem.wrt import differentiated_by

_EXPECTED = "expected a function of JAX or torch, or a torch module"


def reference_of(
    given: Any, inputs: Arguments, setting: Setting, *, dtype: Any, first: str
) -> Reference:
    """Returns a reference: a torch module, a function of JAX, or one of torch.

    Args:
      given: by a user.
      inputs: that it is called with.
      setting: of the comparison.
      dtype: in which, as a user says it.
      first: 'jax' or 'torch', what a function is taken for that both can run.

    Raises:
      UsageError: for anything else.
    """
    loss, device = setting
    if is_model(given) and not is_module(function_of(given)):
        return _guarded(model_reference(given, inputs, device, loss))
    given = function_of(given)
    check_unwrapped("reference", given)
    if is_module(given):
        return _guarded(_module_reference(given, inputs, setting, dtype))
    if isinstance(given, type) or not callable(given):
        what = f"the class {shown(given)}" if isinstance(given, type) else shown(given)
        raise UsageError(f"reference: {_EXPECTED}, got {what}")
    differentiated_by(inputs, None)  # which raises where there is nothing
    inputs, _ = in_one_dtype(inputs, dtype)
    f = with_loss(given, loss)
    framework = tried("reference", f, inputs, device=device, first=first).framework
    if framework == "numpy":
        raise UsageError(
            f"reference: {_EXPECTED}, got one that makes NumPy arrays, whose equations cannot be "
            "followed; write it with jax.numpy, or make it the candidate"
        )
    if framework == "jax":
        return _guarded(on_jax.reference(f, inputs, device))
    from compare.implementations.programs import torch as on_torch

    return _guarded(on_torch.function_reference(f, inputs, device))


def _module_reference(module: Any, inputs: Arguments, setting: Setting, dtype: Any) -> Reference:
    from compare.implementations.programs import torch as on_torch

    weights = {
        name: on_torch.dtype_name(one)
        for name, one in module.named_parameters()
        if one.is_floating_point()
    }
    own = one_dtype({**weights, **float_dtypes(inputs)}, dtype)
    return on_torch.module_reference(module, inputs, own, setting.device, setting.loss)


def program_of(
    name: str, given: Candidate, reference: Reference, problem: FunctionProblem, setting: Setting
) -> Program:
    """Returns a candidate as a program.

    Args:
      name: of it.
      given: by a user.
      reference: that it stands beside.
      problem: of that.
      setting: of the comparison.

    Raises:
      UsageError: if it cannot be run, or has other weights.
    """
    f, own, (loss, device) = given.function, reference.program.framework, setting
    if is_model(f) or (is_module(f) and is_of_others(f, reference, problem.arguments)):
        return guarded(port_program(name, f, reference, problem, setting))
    check_unwrapped(name, f)
    if isinstance(f, tuple):
        return guarded(stored.program(name, f))
    if is_module(f):
        from compare.implementations.programs import torch as on_torch

        loss = loss if own == "torch" else None
        if is_without_weights(f) and not problem.arguments.has_state:
            return guarded(on_torch.function_program(name, with_loss(f, loss), device))
        check_weights(name, f, reference, problem.arguments)
        return guarded(on_torch.module_program(name, f, device, loss))
    framework: str = given.arrays or "numpy"
    returns_both = given.returns == "both"
    check_takes_weights(name, f, reference, problem.arguments)
    if given.arrays is None and not returns_both:
        framework, made = tried(name, f, problem.arguments, device=device, first=own)
        returns_both = not is_like(made, problem.outputs) and _is_pair(made, problem)
    if returns_both or framework == "numpy":
        return guarded(both.program(name, f, framework, device))
    if framework == own:
        f = with_loss(f, loss)
    if framework == "jax":
        return guarded(on_jax.program(name, f, device))
    from compare.implementations.programs import torch as on_torch

    return guarded(on_torch.function_program(name, f, device))


def _is_pair(made: Any, problem: FunctionProblem) -> bool:
    """Whether a function returns (outputs, gradients), where the reference returns no such pair."""
    if not isinstance(made, tuple) or len(made) != 2 or not is_like(made[0], problem.outputs):
        return False
    return len(jax.tree.leaves(made[1])) == len(problem.arguments.wrt)


def with_loss(f: Callable[..., Any], loss: Loss | None) -> Callable[..., Any]:
    """Returns a function that returns the loss of what f returns."""
    return f if loss is None else lambda *args: loss(f(*args))


def _guarded(made: Reference) -> Reference:
    return dataclasses.replace(made, program=guarded(made.program))
