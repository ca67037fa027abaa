"""A model with weights of its own as a candidate."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import numpy as np

from compare.errors import RAISED, UsageError, shown
from compare.implementations.programs import jax as on_jax
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.intermediates.jax import with_cuts
from compare.implementations.programs.model import JaxModel, Model
from compare.implementations.programs.models.adapters import Adapter, adapters, of_inputs
from compare.implementations.programs.models.ambiguous_inputs import (
    are_ambiguous,
    same_as_reference,
)
from compare.implementations.programs.models.computed_weights import has_same_outputs
from compare.implementations.programs.models.own_weights import OwnWeights, state_of
from compare.implementations.programs.models.placed import Cut, placed
from compare.implementations.programs.models.recognise import (
    check_holds_weights,
    function_of,
    is_conversion,
    jax_model,
)
from compare.implementations.programs.models.reference import adapted, with_loss
from compare.implementations.programs.setting import Setting
from compare.implementations.user.sandbox import errors_told
from compare.implementations.user.torch_module import is_module
from compare.pairing.conversion import arrangement_of
from compare.pairing.pairs import pair
from compare.problem.function import Call, FunctionProblem, Outputs, is_float, outputs_of
from compare.problem.recording import Recording
from compare.problem.structure import is_like, restructured


def port_program(
    name: str, given: Any, reference: Reference, problem: FunctionProblem, setting: Setting
) -> Program:
    """Returns a model as a program, which runs on weights made of those of the reference.

    Args:
      name: of it.
      given: a model of any framework, or a `Model`.
      reference: that it stands beside.
      problem: of that.
      setting: of the comparison.

    Raises:
      UsageError: if the reference has no weights, or the model cannot be called.
    """
    if not problem.arguments.has_state:
        raise UsageError(
            f"{name}: expected a reference with weights, since {shown(function_of(given))} has its "
            "own; got a function without; pass Model(function, weights) as the reference"
        )
    of_torch = is_module(function_of(given))
    weights, program, cut = (_of_torch if of_torch else _of_jax)(
        name, given, reference, problem, setting
    )
    found = placed(reference, problem, cut, weights)
    if found is None:
        needed, matching, recorded = weights, None, program
    else:
        needed, matching, recorded = found

    def run(own: FunctionProblem) -> Recording:
        made = needed.recording(recorded.run(needed.problem(own)), own)
        return made if matching is None else matching.applied(made)

    others = weights.pairing
    is_odd = bool(others.findings or (others.kept and others.unused))
    return dataclasses.replace(
        program,
        run=run,
        pairing=needed.pairing,
        is_same_by_itself=is_odd and has_same_outputs(reference, problem, weights, program),
        matching=matching,
    )


def _of_jax(
    name: str, given: Any, reference: Reference, problem: FunctionProblem, setting: Setting
) -> tuple[OwnWeights, Program, Cut]:
    theirs = _floats(state_of(reference.arguments))
    model = jax_model(name, given, theirs)
    weights = _own_weights(name, given, theirs, model, problem.dtype)
    own = weights.problem(problem)
    loss = setting.loss if reference.program.framework == "jax" else None

    def called(adapter: Adapter) -> Call:
        return with_loss(adapted(model.call, adapter.wrap), loss)

    def outputs(adapter: Adapter) -> Any:
        with jax.enable_x64(problem.dtype == np.float64):
            found = outputs_of(called(adapter), own.arguments)
        return found.in_structure(found.shapes)

    def program(of: Call) -> Program:
        return on_jax.call_program(name, of, setting.device)

    choices = choices_of(given, model.kind)
    adapter = fitting(name, choices, outputs, problem.outputs)
    if are_ambiguous(problem.arguments.without_state()):

        def made(one: Adapter) -> Program:
            return program(called(one))

        adapter = same_as_reference(adapter, choices, made, own, reference, problem)
    call = called(adapter)

    def cut(names: Collection[str] | None, sizes: Collection[int] | None) -> Program:
        found = program(with_cuts(call, names, sizes=sizes, wrt=own.arguments.wrt))
        return dataclasses.replace(found, called=adapter.said)

    return weights, dataclasses.replace(program(call), called=adapter.said), cut


def _of_torch(
    name: str, given: Any, reference: Reference, problem: FunctionProblem, setting: Setting
) -> tuple[OwnWeights, Program, Cut]:
    from compare.implementations.programs import torch as on_torch

    check_holds_weights(name, given, "a torch module")
    module = function_of(given)
    parameters, buffers = on_torch.weights_of(module)
    arrays = {**parameters, **buffers}
    pairing = pair(_floats(state_of(reference.arguments)), _rounded(arrays, problem.dtype))
    weights = OwnWeights(arrays, frozenset(buffers), pairing)
    own = weights.problem(problem)
    loss = setting.loss if reference.program.framework == "torch" else None

    def program(adapter: Adapter, watch: Any = None) -> Program:
        made = on_torch.module_program(name, module, setting.device, loss, adapter.wrap, watch)
        return dataclasses.replace(made, called=adapter.said)

    def outputs(adapter: Adapter) -> Any:
        return own.outputs.in_structure(program(adapter).run(own).outputs)

    choices = choices_of(given, "torch")
    adapter = fitting(name, choices, outputs, problem.outputs)
    if are_ambiguous(problem.arguments.without_state()):
        adapter = same_as_reference(adapter, choices, program, own, reference, problem)

    def cut(names: Collection[str] | None, sizes: Collection[int] | None) -> Program:
        return program(adapter, on_torch.watching(names, sizes))

    return weights, program(adapter), cut


def _own_weights(
    name: str, given: Any, theirs: dict[str, np.ndarray], model: JaxModel, dtype: np.dtype
) -> OwnWeights:
    """Returns the weights of a model, and how they are made of those of the reference."""
    arrays = {**model.parameters, **model.buffers}

    def converted(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = jax_model(name, given, state)
        return _floats({**found.parameters, **found.buffers})

    is_converted = is_conversion(given)
    own = _rounded(arrays, dtype)
    pairing = arrangement_of(converted, theirs) if is_converted else pair(theirs, own)
    return OwnWeights(arrays, frozenset(model.buffers), pairing)


def _floats(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the arrays of floating-point numbers; counters are no weights."""
    return {name: one for name, one in arrays.items() if is_float(one)}


def _rounded(arrays: Mapping[str, np.ndarray], dtype: np.dtype) -> dict[str, np.ndarray]:
    """Returns them with no more digits than the dtype of a comparison has, as it uses them."""
    floats = _floats(arrays)
    return {
        name: one.astype(dtype) if dtype.itemsize < one.dtype.itemsize else one
        for name, one in floats.items()
    }


def choices_of(given: Any, kind: str) -> list[Adapter]:
    """Returns the ways in which a model of a kind may have to be called."""
    if isinstance(given, Model) and given.inputs is not None:
        return [of_inputs(given.inputs)]
    return list(adapters(of_one_sample=kind == "Equinox"))


def fitting(
    name: str,
    choices: list[Adapter],
    outputs: Callable[[Adapter], Any],
    wanted: Outputs,
) -> Adapter:
    """Returns the first way to call a model that returns what the reference does.

    Args:
      name: of the model.
      choices: the ways.
      outputs: returns what it returns when called in one of them.
      wanted: what the reference returns.

    Raises:
      UsageError: if there is none, with a sentence of ours, or else what the first one raises.
    """
    errors: list[BaseException] = []
    for adapter in choices:
        try:
            made = outputs(adapter)
            if is_like(made, wanted):
                return adapter
            restructured(made, wanted, name)
        except RAISED as error:  # whatever a model raises
            errors.append(error)
    with errors_told(f"{name}: cannot be called", passes=UsageError):
        raise next((one for one in errors if isinstance(one, UsageError)), errors[0])
