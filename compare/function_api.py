"""`compare_functions`: any two programs, held against each other."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.calls import exclusive
from compare.errors import UsageError, shown
from compare.formats.dtypes import dtype_of
from compare.implementations.programs.base import Reference
from compare.implementations.programs.candidate import Candidate, named_candidates
from compare.implementations.programs.devices import device_of
from compare.implementations.programs.recognise import Loss, Setting, program_of, reference_of
from compare.implementations.programs.weights import without_buffers
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module
from compare.network_certificate import certified_network, joined
from compare.options.arguments import plain_option
from compare.pipeline.functions import compare_programs
from compare.problem.function import FunctionProblem, named_arguments, outputs_of
from compare.problem.given_arguments import given_arguments, in_one_dtype
from compare.problem.given_cotangents import cotangents_of
from compare.problem.given_params import dtype_name
from compare.problem.wrt import differentiated_by
from compare.report.functions.report import FunctionReport
from compare.resume.function_files import FunctionFiles, FunctionRecords


@exclusive
def compare_functions(
    reference: Any,
    candidates: Any,
    *args: Any,
    wrt: str | int | Sequence[str | int] | None = None,
    loss: Loss | None = None,
    cotangents: Any = None,
    dtype: Any = None,
    inside: Any = None,
    seed: int = 0,
    device: Any = None,
    save: "str | os.PathLike[str] | None" = None,
    baseline: "str | os.PathLike[str] | None" = None,
    save_baseline: "str | os.PathLike[str] | None" = None,
) -> FunctionReport:
    """Compares functions with a reference: values, gradients, and every place that both name.

    Args:
      reference: a function of JAX or torch, or a torch module, which says what is right.
      candidates: a function of JAX or torch, a torch module, one of NumPy that returns (outputs,
        gradients), such a pair that exists, or a `Candidate`; or a dict of several by names. A
        function beside a module takes (state, *inputs), state being its parameters and buffers by
        their names. A module has the weights of the reference.
      *args: the arguments: pytrees of arrays of NumPy, JAX or torch. Numbers of Python, strings,
        functions and keys of random numbers are passed on as they are.
      wrt: names of arguments to differentiate by, such as 'args[0]', 'fc1.weight', or 'fc1' for
        all that are in it; or their numbers, counted from 0. None for all that are floating-point
        numbers.
      loss: of what the reference returns, a function in its framework, which returns one number.
        Candidates of that framework get it too; others return the loss themselves.
      cotangents: in the structure of the outputs; None for 1 where there is one number, a loss, and
        otherwise for some that are drawn from N(0, 1).
      dtype: float64, float32, bfloat16 or float16 to compute in, by its name or as NumPy, JAX or
        torch have it; None for that of the arguments.
      inside: float32 for programs of bfloat16 or float16 that compute in float32 inside, and round
        every output, gradient and place once, as a fused kernel does; None if they compute every
        operation in their dtype.
      seed: of the cotangents.
      device: 'cpu', 'gpu', or one such as 'cuda:0', on which all programs compute; None for the one
        that all arrays lie on.
      save: a folder that gets arguments and cotangents, if they do not agree; the report's
        `reproduce` then has the lines that compare them again.
      baseline: a file of an earlier run, to say what has moved since.
      save_baseline: a file that gets all results and places of every program, to be a `baseline`.

    Returns:
      The report.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    files = FunctionFiles.at(save=save, baseline=baseline, save_baseline=save_baseline)
    named = named_candidates(candidates)
    if loss is not None and not callable(loss):
        raise UsageError(f"loss: expected a function of the outputs, got {shown(loss)}")
    asked = _Asked(wrt, cotangents, dtype, plain_option("seed", seed))
    inputs = given_arguments(args)
    setting = Setting(loss, device_of(device, _placed(reference, named, args)))
    known = reference_of(reference, inputs, setting, dtype=dtype, first=_likely(args))
    problem = _problem(known, named, loss, asked)
    computed = _inside(inside, problem.dtype)
    records = FunctionRecords(files, problem, computed)
    programs = [
        records.noting(program_of(name, one, known, problem, setting))
        for name, one in named.items()
    ]
    known = records.noting_reference(known)
    config = {"dtype": problem.dtype.name, "inside": computed.name, "seed": asked.seed}
    found = compare_programs(known, programs, problem, inside=computed, config=config)
    functions = {name: one.function for name, one in named.items()}
    found = joined(found, certified_network(reference, functions, problem, setting.device))
    texts = {"dtype": problem.dtype, "inside": inside and computed, "device": device}
    said = {"wrt": wrt, **{name: one and str(one) for name, one in texts.items()}, "seed": seed}
    options = {name: repr(one) for name, one in said.items() if one is not None}
    given = options if loss is None else {"loss": "loss", **options}
    return FunctionReport.of(records.finish(found, inputs, given))


class _Asked(NamedTuple):
    """What a problem is besides a function and its arguments, as a user says it."""

    wrt: Any
    cotangents: Any
    dtype: Any
    seed: int


def _problem(
    known: Reference, named: Mapping[str, Candidate], loss: Loss | None, asked: _Asked
) -> FunctionProblem:
    """Returns what all programs compute."""
    arguments, own = in_one_dtype(known.arguments, asked.dtype)
    arguments = differentiated_by(without_buffers(arguments, named.values()), asked.wrt)
    call = known.call_in(own)
    told = errors_told("reference: cannot be traced", passes=UsageError)
    with told, contained(), jax.enable_x64(own == np.float64):
        outputs = outputs_of(call, arguments)
    if loss is not None and not outputs.is_loss:
        shapes = ", ".join(str(tuple(one.shape)) for one in outputs.shapes.values()) or "nothing"
        raise UsageError(f"loss: expected a function that returns one number, it returns {shapes}")
    cotangents = cotangents_of(asked.cotangents, outputs, own, asked.seed)
    return FunctionProblem(call, arguments, outputs, cotangents, own)


def _likely(args: Sequence[Any]) -> str:
    """Returns of which framework a function likely is that both can run."""
    return "torch" if any(hasattr(one, "detach") for one in jax.tree.leaves(args)) else "jax"


def _placed(reference: Any, named: Mapping[str, Candidate], args: Sequence[Any]) -> dict[str, Any]:
    """Returns all that lies on a device, by name: arguments, and the weights of modules."""
    names, leaves, _ = named_arguments(args)
    found = dict(zip(names, leaves, strict=True))
    for where, one in (("reference", reference), *((n, c.function) for n, c in named.items())):
        if is_module(one):
            found |= {f"{where}: {name}": weight for name, weight in one.named_parameters()}
    return found


def _inside(inside: Any, dtype: np.dtype) -> np.dtype:
    """Returns the dtype in which programs compute that round their results to `dtype`.

    Raises:
      UsageError: for one that holds no more digits.
    """
    name = dtype.name if inside is None else dtype_name(inside, None)
    if name != dtype.name and (name != "float32" or dtype == np.float64):
        raise UsageError(
            f"inside: expected float32 with a dtype of bfloat16 or float16, got {name} with "
            f"{dtype.name}; leave it out for programs that compute in {dtype.name} throughout"
        )
    return dtype_of(name)
