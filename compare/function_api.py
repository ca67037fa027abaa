"""`compare_functions`: any two programs, held against each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from compare.calls import exclusive
from compare.errors import UsageError
from compare.formats.dtypes import dtype_of
from compare.implementations.programs.base import Reference
from compare.implementations.programs.recognise import program_of, reference_of
from compare.pipeline.functions import compare_programs
from compare.problem.array_likes import as_numpy, is_array
from compare.problem.function import (
    Arguments,
    FunctionProblem,
    drawn_cotangents,
    is_float,
    named_arguments,
    named_outputs,
    outputs_of,
)
from compare.problem.given_params import dtype_name
from compare.report.functions.report import FunctionReport


@exclusive
def compare_functions(
    reference: Any,
    candidates: Any,
    *args: Any,
    wrt: Sequence[str] | None = None,
    cotangents: Any = None,
    dtype: Any = None,
    inside: Any = None,
    seed: int = 0,
) -> FunctionReport:
    """Compares functions with a reference: values, gradients, and every place that both name.

    Args:
      reference: a function of JAX or torch, or a torch module, which says what is right.
      candidates: a function of JAX or torch, a torch module, (outputs, gradients) that exist, or a
        `Candidate`; or a dict of several by names. A function beside a module takes (state,
        *inputs), state being its parameters and buffers by their names.
      *args: the arguments: pytrees of arrays of NumPy, JAX or torch; numbers of Python, strings and
        functions are passed on as they are.
      wrt: names of arguments to differentiate by, such as 'args[0]' or 'fc1.weight'; None for all
        that are floating-point numbers.
      cotangents: in the structure of the outputs; None for 1 where there is one number, a loss, and
        otherwise for some that are drawn from N(0, 1).
      dtype: float64, float32, bfloat16 or float16 to compute in; None for that of the arguments.
      inside: float32 for programs of bfloat16 or float16 that compute in float32 inside, and round
        every output, gradient and place once, as a fused kernel does; None if they compute every
        operation in their dtype.
      seed: of the cotangents.

    Returns:
      The report.

    Raises:
      UsageError: for what cannot be compared.
    """
    options = {"wrt": wrt, "cotangents": cotangents, "dtype": dtype, "seed": seed}
    known, problem = posed(reference, args, **options)
    named = candidates if isinstance(candidates, Mapping) else {"candidate": candidates}
    programs = [program_of(name, one, problem) for name, one in named.items()]
    computed = _inside(inside, problem.dtype)
    config = {"dtype": problem.dtype.name, "inside": computed.name, "seed": seed}
    found = compare_programs(known, programs, problem, inside=computed, config=config)
    return FunctionReport.of(found)


def posed(
    reference: Any,
    args: Sequence[Any],
    *,
    wrt: Sequence[str] | None,
    cotangents: Any,
    dtype: Any,
    seed: int,
) -> tuple[Reference, FunctionProblem]:
    """Returns the reference, and the problem that it poses at arguments of `compare_functions`.

    Raises:
      UsageError: for what cannot be compared.
    """
    inputs = _arguments(args, dtype)
    known = reference_of(reference, inputs)
    arguments = _by(known.arguments, wrt)
    own = next(one.dtype for one in arguments.leaves if is_float(one))
    call = known.call_in(own)
    with jax.enable_x64(own == np.float64):
        outputs = outputs_of(call, arguments)
    if cotangents is None:
        seeds = drawn_cotangents(outputs, own, seed)
    else:
        seeds = {name: as_numpy(one).astype(own) for name, one in named_outputs(cotangents)}
    return known, FunctionProblem(call, arguments, outputs, seeds, own)


def _arguments(args: Sequence[Any], dtype: Any) -> Arguments:
    """Reads arguments as NumPy arrays of one dtype."""
    names, leaves, structure = named_arguments(args)
    arrays = [as_numpy(one) if is_array(one) or hasattr(one, "detach") else one for one in leaves]
    floats = [one for one in arrays if is_float(one)]
    name = dtype_name(dtype, floats[0] if floats else None)
    wrt = tuple(i for i, one in enumerate(arrays) if is_float(one))
    return Arguments(structure, tuple(arrays), tuple(names), wrt).in_dtype(dtype_of(name))


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


def _by(arguments: Arguments, wrt: Sequence[str] | None) -> Arguments:
    if wrt is None:
        return arguments
    raise UsageError("wrt")
