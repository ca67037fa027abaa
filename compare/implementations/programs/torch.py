"""A torch module or function as an implementation: run as it is, with hooks at every submodule."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from compare.aten.program import JaxProgram, exported
from compare.errors import UsageError, first_line
from compare.implementations.base import PRECISE
from compare.implementations.programs.base import Loss, Program, Reference
from compare.implementations.programs.devices import target
from compare.implementations.programs.torch_copies import check_compiled, copied, hook_alike
from compare.implementations.torch_settings import torch_settings
from compare.problem.cuts import cotangent_name
from compare.problem.function import Arguments, Call, FunctionProblem, is_float, named_outputs
from compare.problem.recording import Recording
from compare.problem.structure import restructured
from torch_ref.convert import to_array, to_tensor
from torch_ref.intermediates import results_seen
from torch_ref.module_checks import is_compiled, unwrapped
from torch_ref.precision import Dtypes
from torch_ref.recording import Watch, plain_name, recorded

Tensors = dict[str, torch.Tensor]


def function_program(name: str, f: Callable[..., Any], device: str) -> Program:
    """Returns a function of tensors on a device as a program."""
    place = target("torch", device)
    return Program(name, "torch", functools.partial(_run_function, name, f, place), str(place))


def module_program(
    name: str,
    module: torch.nn.Module,
    device: str,
    loss: Loss | None = None,
    wrap: Callable[[Call], Call] | None = None,
    watch: Watch | None = None,
) -> Program:
    """Returns a module, or a loss of its outputs, as a program on a device.

    Its weights are those of the first argument, and it takes what is left, or what a wrapper makes
    of that. What a watch sees is recorded as places too, unless the module is compiled.
    """
    check_compiled(name, module)
    place = target("torch", device)
    run = functools.partial(_run_module, name, module, loss, wrap, watch, place)
    return Program(name, "torch", run, str(place))


def function_reference(f: Callable[..., Any], arguments: Arguments, device: str) -> Reference:
    """Returns a function of tensors on a device as a reference."""
    place = target("torch", device)

    @functools.cache
    def call_in(dtype: np.dtype) -> Call:
        made = _exported(f, arguments.in_dtype(dtype), place)
        return lambda *args: made.call({}, *args)

    return Reference(function_program("reference", f, device), arguments, call_in)


def module_reference(
    module: torch.nn.Module,
    inputs: Arguments,
    dtype: np.dtype,
    device: str,
    loss: Loss | None = None,
) -> Reference:
    """Returns a module, or a loss of its outputs, as a reference, at its inputs in a dtype."""
    program = module_program("reference", module, device, loss)
    place = target("torch", device)

    @functools.cache
    def exported_in(dtype: np.dtype) -> JaxProgram:
        own = _with_loss(unwrapped(copied(module, dtype, place)), loss)
        return _exported(own, inputs.in_dtype(dtype), place)

    def call_in(dtype: np.dtype) -> Call:
        return exported_in(dtype).call

    made = exported_in(dtype)
    by = [name for name, one in made.parameters.items() if is_float(one)]
    arguments = inputs.after({**made.parameters, **made.buffers}, by)
    weights = (*made.parameters, *made.buffers)
    return Reference(program, arguments, call_in, weights)


def _exported(f: Callable[..., Any], given: Arguments, device: torch.device) -> JaxProgram:
    with torch_settings(PRECISE):
        return exported(f, given.structure.unflatten(_tensors(given, device)))


def _with_loss(own: torch.nn.Module, loss: Loss | None) -> torch.nn.Module:
    """Lets a module, a copy of ours, return the loss of its outputs."""
    if loss is not None:
        forward = own.forward
        own.forward = lambda *args: _loss_of(loss, forward(*args))
    return own


def _loss_of(loss: Loss, made: Any) -> Any:
    try:
        return loss(made)
    except TypeError as error:  # as functions of JAX raise for tensors
        raise UsageError(
            f"loss: expected a function of torch, as the reference is, got {type(error).__name__}: "
            f"{first_line(error)}; write it with torch"
        ) from None


def weights_of(module: torch.nn.Module) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Returns the parameters and the buffers of a module by name."""
    own = unwrapped(module)
    named = own.named_parameters(), own.named_buffers()
    parameters, buffers = ({key: np.array(to_array(one)) for key, one in each} for each in named)
    return parameters, buffers


def watching(names: Collection[str] | None, sizes: Collection[int] | None) -> Watch:
    """Returns what sees all that functions of torch return; see `results_seen`."""
    return functools.partial(results_seen, chosen=names, sizes=sizes)


def dtype_name(tensor: torch.Tensor) -> str:
    """Returns the name of the dtype of a tensor, as NumPy has it."""
    return str(tensor.dtype).removeprefix("torch.")


def _run_function(
    name: str, f: Callable[..., Any], device: torch.device, problem: FunctionProblem
) -> Recording:
    arguments = problem.arguments
    leaves = _tensors(arguments, device)
    for i in arguments.wrt:
        leaves[i].requires_grad_()
    chosen = {arguments.names[i]: leaves[i] for i in arguments.wrt}
    args = arguments.structure.unflatten(_own(leaves))

    def run() -> Any:
        return restructured(f(*args), problem.outputs, name)

    return _recording(torch.nn.Module(), run, chosen, problem.cotangents)


def _run_module(
    name: str,
    module: torch.nn.Module,
    loss: Loss | None,
    wrap: Callable[[Call], Call] | None,
    watch: Watch | None,
    device: torch.device,
    problem: FunctionProblem,
) -> Recording:
    """Runs a copy of a module, with hooks unless it is compiled: hooks would part what is fused."""
    arguments = problem.arguments
    own = copied(module, problem.dtype, device)
    hook_alike(module, own)
    leaves = _tensors(arguments, device)
    keys = {i: key for key, i in arguments.state.items()}
    for key, one in own.state_dict().items():  # the same bits, in whatever dtype they came
        if plain_name(own, key) in arguments.state:
            one.copy_(leaves[arguments.state[plain_name(own, key)]])
    buffers = {plain_name(own, key): one for key, one in own.named_buffers()}
    weights = {plain_name(own, key): one for key, one in own.named_parameters()}
    held = {**buffers, **weights}
    chosen = {arguments.names[i]: held.get(keys.get(i, ""), leaves[i]) for i in arguments.wrt}
    for one in chosen.values():
        one.requires_grad_()
    _, *inputs = arguments.structure.unflatten(_own(leaves))
    before = {key: one.detach().clone() for key, one in buffers.items()}

    def run() -> Any:
        made = own(*inputs) if wrap is None else wrap(lambda *given: (own(*given), {}))(*inputs)[0]
        return restructured(made if loss is None else loss(made), problem.outputs, name)

    seen, also = (torch.nn.Module(), None) if is_compiled(own) else (own, watch)
    found = _recording(seen, run, chosen, problem.cotangents, also)
    statistics = {
        key: _array(one) for key, one in buffers.items() if not torch.equal(one, before[key])
    }
    return dataclasses.replace(found, statistics=statistics)


def _tensors(arguments: Arguments, device: torch.device) -> list[Any]:
    """Returns copies of all arrays as tensors."""
    return arguments.filled([to_tensor(one, device) for one in arguments.arrays])


def _own(leaves: Sequence[Any]) -> list[Any]:
    """Returns leaves that a program may change in place."""
    return [one.clone() if isinstance(one, torch.Tensor) else one for one in leaves]


def _recording(
    module: torch.nn.Module,
    run: Callable[[], Any],
    chosen: Tensors,
    cotangents: Mapping[str, np.ndarray],
    watch: Watch | None = None,
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

    dtypes = Dtypes()
    is_exact = any(one.dtype == torch.float64 for one in chosen.values())
    with dtypes if is_exact else contextlib.nullcontext():
        _, values, back = recorded(module, both_ways, watch)
    gradients = {
        name: np.zeros(one.shape, to_array(one).dtype) if slope is None else _array(slope)
        for (name, one), slope in zip(chosen.items(), slopes, strict=True)
    }
    places = {name: _array(one) for name, one in values.items()}
    places |= {cotangent_name(name): _array(one) for name, one in back.items()}
    found = {name: _array(one) for name, one in outputs.items()}
    return Recording(found, gradients, {}, places, narrowest=dtypes.narrowest)


def _named(outputs: Any) -> Tensors:
    named = dict(named_outputs(outputs))
    for name, one in named.items():
        if not isinstance(one, torch.Tensor):
            raise UsageError(f"{name}: expected a tensor, got {type(one).__name__}")
    return named


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.array(to_array(tensor))
