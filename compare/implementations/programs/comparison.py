"""A comparison of functions, read from what a user gives, before anything is computed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.formats.dtypes import dtype_of
from compare.implementations.programs.base import Loss, Program, Reference
from compare.implementations.programs.candidate import Candidate, named_candidates
from compare.implementations.programs.devices import device_of
from compare.implementations.programs.recognise import program_of, reference_of
from compare.implementations.programs.setting import Setting
from compare.implementations.programs.weights import without_buffers
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module
from compare.options.arguments import plain_option
from compare.problem.function import Arguments, FunctionProblem, named_arguments, outputs_of
from compare.problem.given_arguments import given_arguments, in_one_dtype
from compare.problem.given_cotangents import cotangents_of
from compare.problem.given_params import dtype_name
from compare.problem.wrt import differentiated_by


class FunctionOptions(NamedTuple):
    """How functions are to be compared, as a user says it; see `compare_functions`."""

    wrt: str | int | Sequence[str | int] | None = None
    loss: Loss | None = None
    cotangents: Any = None
    dtype: Any = None
    inside: Any = None
    seed: int = 0
    device: Any = None


class Comparison(NamedTuple):
    """What is to be compared.

    Attributes:
      reference: that says what is right.
      functions: what a user gave as candidates, by name.
      programs: made of these, in the same order.
      problem: what all of them compute.
      inside: the dtype that they compute in before they round to that of the problem.
      inputs: the arguments as they were given, without the weights of a module.
      device: where all is computed.
      seed: of cotangents that are drawn.
    """

    reference: Reference
    functions: dict[str, Any]
    programs: list[Program]
    problem: FunctionProblem
    inside: np.dtype
    inputs: Arguments
    device: str
    seed: int


def comparison_of(
    reference: Any, candidates: Any, args: Sequence[Any], asked: FunctionOptions
) -> Comparison:
    """Reads the arguments of `compare_functions`.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    named, loss, seed = named_candidates(candidates), asked.loss, plain_option("seed", asked.seed)
    if loss is not None and not callable(loss):
        raise UsageError(f"loss: expected a function of the outputs, got {shown(loss)}")
    inputs = given_arguments(args)
    setting = Setting(loss, device_of(asked.device, _placed(reference, named, args)))
    known = reference_of(reference, inputs, setting, dtype=asked.dtype, first=_likely(args))
    problem = _problem(known, named, asked)
    return Comparison(
        known,
        {name: one.function for name, one in named.items()},
        [program_of(name, one, known, problem, setting) for name, one in named.items()],
        problem,
        _inside(asked.inside, problem.dtype),
        inputs,
        setting.device,
        seed,
    )


def _problem(
    known: Reference, named: Mapping[str, Candidate], asked: FunctionOptions
) -> FunctionProblem:
    """Returns what all programs compute."""
    arguments, own = in_one_dtype(known.arguments, asked.dtype)
    arguments = differentiated_by(without_buffers(arguments, named.values()), asked.wrt)
    call = known.call_in(own)
    told = errors_told("reference: cannot be traced", passes=UsageError)
    with told, contained(), jax.enable_x64(own == np.float64):
        outputs = outputs_of(call, arguments)
    if asked.loss is not None and not outputs.is_loss:
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
