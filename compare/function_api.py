"""`compare_functions`: any two programs, held against each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.calls import exclusive
from compare.errors import UsageError, shown
from compare.formats.dtypes import dtype_of
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.candidate import Candidate, named_candidates
from compare.implementations.programs.devices import device_of
from compare.implementations.programs.recognise import Setting, program_of, reference_of
from compare.implementations.programs.weights import without_buffers
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module
from compare.options.arguments import plain_option
from compare.pipeline.functions import compare_programs
from compare.problem.function import (
    Arguments,
    Call,
    FunctionProblem,
    Outputs,
    named_arguments,
    outputs_of,
)
from compare.problem.given_arguments import given_arguments, in_one_dtype
from compare.problem.given_cotangents import cotangents_of
from compare.problem.given_params import dtype_name
from compare.problem.wrt import differentiated_by
from compare.report.functions.report import FunctionReport


@exclusive
def compare_functions(
    reference: Any,
    candidates: Any,
    *args: Any,
    wrt: str | int | Sequence[str | int] | None = None,
    loss: Callable[[Any], Any] | None = None,
    cotangents: Any = None,
    dtype: Any = None,
    inside: Any = None,
    seed: int = 0,
    device: Any = None,
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

    Returns:
      The report.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    found = posed(
        reference,
        candidates,
        args,
        wrt=wrt,
        loss=loss,
        cotangents=cotangents,
        dtype=dtype,
        inside=inside,
        seed=seed,
        device=device,
    )
    return FunctionReport.of(compare_programs(**found._asdict()))


class Posed(NamedTuple):
    """A comparison before anything is computed; the arguments of `compare_programs`."""

    reference: Reference
    programs: list[Program]
    problem: FunctionProblem
    inside: np.dtype
    config: dict[str, Any]


def posed(
    reference: Any,
    candidates: Any,
    args: Sequence[Any],
    *,
    wrt: str | int | Sequence[str | int] | None = None,
    loss: Callable[[Any], Any] | None = None,
    cotangents: Any = None,
    dtype: Any = None,
    inside: Any = None,
    seed: int = 0,
    device: Any = None,
) -> Posed:
    """Reads the arguments of `compare_functions`.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    seed = plain_option("seed", seed)
    if loss is not None and not callable(loss):
        raise UsageError(f"loss: expected a function of the outputs, got {shown(loss)}")
    named = named_candidates(candidates)
    inputs = given_arguments(args)
    setting = Setting(loss, device_of(device, _placed(reference, named, args)))
    first = "torch" if any(hasattr(one, "detach") for one in jax.tree.leaves(args)) else "jax"
    known = reference_of(reference, inputs, setting, dtype=dtype, first=first)
    arguments, own = in_one_dtype(known.arguments, dtype)
    arguments = differentiated_by(without_buffers(arguments, named.values()), wrt)
    computed = _inside(inside, own)
    call = known.call_in(own)
    outputs = _outputs(call, arguments, own)
    if loss is not None and not outputs.is_loss:
        shapes = ", ".join(str(tuple(one.shape)) for one in outputs.shapes.values()) or "nothing"
        raise UsageError(f"loss: expected a function that returns one number, it returns {shapes}")
    seeds = cotangents_of(cotangents, outputs, own, seed)
    problem = FunctionProblem(call, arguments, outputs, seeds, own)
    programs = [program_of(name, one, known, problem, setting) for name, one in named.items()]
    config = {"dtype": own.name, "inside": computed.name, "seed": seed}
    return Posed(known, programs, problem, computed, config)


def _placed(reference: Any, named: Mapping[str, Candidate], args: Sequence[Any]) -> dict[str, Any]:
    """Returns all that lies on a device, by name: arguments, and the weights of modules."""
    names, leaves, _ = named_arguments(args)
    found = dict(zip(names, leaves, strict=True))
    for where, one in (("reference", reference), *((n, c.function) for n, c in named.items())):
        if is_module(one):
            found |= {f"{where}: {name}": weight for name, weight in one.named_parameters()}
    return found


def _outputs(call: Call, arguments: Arguments, dtype: np.dtype) -> Outputs:
    told = errors_told("reference: cannot be traced", passes=UsageError)
    with told, contained(), jax.enable_x64(dtype == np.float64):
        return outputs_of(call, arguments)


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
