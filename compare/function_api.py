"""`compare_functions`: any two programs, held against each other."""

import os
from collections.abc import Sequence
from typing import Any

from compare.calls import exclusive
from compare.implementations.programs.base import Loss
from compare.implementations.programs.comparison import Comparison, FunctionOptions, comparison_of
from compare.network_certificate import certified_network, joined
from compare.pipeline.functions import compare_programs
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
    asked = FunctionOptions(wrt, loss, cotangents, dtype, inside, seed, device)
    found = comparison_of(reference, candidates, args, asked)
    problem, computed = found.problem, found.inside
    records = FunctionRecords(files, problem, computed)
    programs = list(map(records.noting, found.programs))
    known = records.noting_reference(found.reference)
    config = {"dtype": problem.dtype.name, "inside": computed.name, "seed": found.seed}
    report = compare_programs(known, programs, problem, inside=computed, config=config)
    network = certified_network(reference, found.functions, problem, found.device)
    return FunctionReport.of(
        records.finish(joined(report, network), found.inputs, _repeated(asked, found))
    )


def _repeated(asked: FunctionOptions, found: Comparison) -> dict[str, str]:
    """Returns the arguments that repeat a comparison, as Python has them."""
    inside = asked.inside and found.inside
    texts = {"dtype": found.problem.dtype, "inside": inside, "device": asked.device}
    said = {name: one and str(one) for name, one in texts.items()}
    options = {"wrt": asked.wrt, **said, "seed": asked.seed}
    given = {name: repr(one) for name, one in options.items() if one is not None}
    return given if asked.loss is None else {"loss": "loss", **given}
