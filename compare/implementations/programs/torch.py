"""A torch module or function as an implementation: run as it is, with hooks at every submodule."""

import copy
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from compare.aten.program import Program as ExportedProgram
from compare.aten.program import exported
from compare.errors import UsageError
from compare.implementations.programs.base import Program, Reference
from compare.problem.cuts import cotangent_name
from compare.problem.function import Arguments, Call, FunctionProblem, is_float, named_outputs
from compare.problem.recording import Recording
from torch_ref.convert import to_array, to_tensor
from torch_ref.recording import plain_name, recorded

Tensors = dict[str, torch.Tensor]
Loss = Callable[[Any], Any]


def function_program(name: str, f: Callable[..., Any]) -> Program:
    """Returns a function of tensors as a program."""
    return Program(name, "torch", functools.partial(_run_function, f))


def module_program(name: str, module: torch.nn.Module, loss: Loss | None = None) -> Program:
    """Returns a module, or a loss of its outputs, as a program.

    Its weights are those of the first argument.
    """
    return Program(name, "torch", functools.partial(_run_module, with_loss(module, loss)))


def function_reference(f: Callable[..., Any], arguments: Arguments) -> Reference:
    """Returns a function of tensors as a reference."""

    def call_in(dtype: np.dtype) -> Call:
        now = arguments.in_dtype(dtype)
        made = exported(f, now.structure.unflatten(_tensors(now)))
        return lambda *args: made.call({}, *args)

    return Reference(function_program("reference", f), arguments, call_in)


def module_reference(
    module: torch.nn.Module, inputs: Arguments, loss: Loss | None = None
) -> Reference:
    """Returns a module, or a loss of its outputs, as a reference, at its inputs."""
    module = with_loss(module, loss)

    def exported_in(own: torch.nn.Module, given: Arguments) -> ExportedProgram:
        return exported(own, given.structure.unflatten(_tensors(given)))

    def call_in(dtype: np.dtype) -> Call:
        return exported_in(_copy(module, dtype), inputs.in_dtype(dtype)).call

    made = exported_in(module, inputs)
    by = [name for name, one in made.parameters.items() if is_float(one)]
    arguments = inputs.after({**made.parameters, **made.buffers}, by)
    weights = (*made.parameters, *made.buffers)
    return Reference(module_program("reference", module), arguments, call_in, weights)


def with_loss(module: torch.nn.Module, loss: Loss | None) -> torch.nn.Module:
    """Returns a module of the same parts and names that returns the loss of its outputs."""
    if loss is None:
        return module
    kind = type(module)

    def forward(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        return loss(kind.forward(self, *args, **kwargs))

    own = copy.copy(module)
    own.__class__ = type(kind.__name__, (kind,), {"forward": forward})
    return own


def _copy(module: torch.nn.Module, dtype: np.dtype) -> torch.nn.Module:
    return copy.deepcopy(module).to(_torch_dtype(dtype))


def _torch_dtype(dtype: np.dtype) -> torch.dtype:
    return to_tensor(np.zeros((), dtype)).dtype


def _run_function(f: Callable[..., Any], problem: FunctionProblem) -> Recording:
    arguments = problem.arguments
    leaves = _tensors(arguments)
    for i in arguments.wrt:
        leaves[i].requires_grad_()
    chosen = {arguments.names[i]: leaves[i] for i in arguments.wrt}
    args = arguments.structure.unflatten(leaves)
    return _recording(torch.nn.Module(), lambda: f(*args), chosen, problem.cotangents)


def _run_module(module: torch.nn.Module, problem: FunctionProblem) -> Recording:
    arguments = problem.arguments
    own = _copy(module, problem.dtype)
    weights = {plain_name(own, name): one for name, one in own.named_parameters()}
    leaves = _tensors(arguments)
    chosen = {arguments.names[i]: leaves[i] for i in arguments.wrt}
    chosen = {name: weights.get(name, one).requires_grad_() for name, one in chosen.items()}
    _, *inputs = arguments.structure.unflatten(leaves)
    buffers = {plain_name(own, name): one for name, one in own.named_buffers()}
    before = {name: one.clone() for name, one in buffers.items()}
    found = _recording(own, lambda: own(*inputs), chosen, problem.cotangents)
    statistics = {
        name: _array(one) for name, one in buffers.items() if not torch.equal(one, before[name])
    }
    return dataclasses.replace(found, statistics=statistics)


def _tensors(arguments: Arguments) -> list[Any]:
    """Returns copies of all arrays as tensors."""
    return [to_tensor(one) if isinstance(one, np.ndarray) else one for one in arguments.leaves]


def _recording(
    module: torch.nn.Module,
    run: Callable[[], Any],
    chosen: Tensors,
    cotangents: Mapping[str, np.ndarray],
) -> Recording:
    outputs: Tensors = {}
    slopes: Sequence[torch.Tensor | None] = ()

    def both_ways() -> None:
        nonlocal slopes
        outputs.update(_named(run()))
        ends = {name: one for name, one in outputs.items() if name in cotangents}
        pulled = [one for one in ends.values() if one.requires_grad]
        if not pulled:
            slopes = [None] * len(chosen)
            return
        seeds = [
            to_tensor(cotangents[name], one.device).to(one.dtype)
            for name, one in ends.items()
            if one.requires_grad
        ]
        slopes = torch.autograd.grad(pulled, list(chosen.values()), seeds, allow_unused=True)

    _, values, back = recorded(module, both_ways)
    gradients = {
        name: np.zeros(one.shape, to_array(one).dtype) if slope is None else _array(slope)
        for (name, one), slope in zip(chosen.items(), slopes, strict=True)
    }
    places = {name: _array(one) for name, one in values.items()}
    places |= {cotangent_name(name): _array(one) for name, one in back.items()}
    return Recording({name: _array(one) for name, one in outputs.items()}, gradients, {}, places)


def _named(outputs: Any) -> Tensors:
    named = dict(named_outputs(outputs))
    for name, one in named.items():
        if not isinstance(one, torch.Tensor):
            raise UsageError(f"{name}: expected a tensor, got {type(one).__name__}")
    return named


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.array(to_array(tensor))
