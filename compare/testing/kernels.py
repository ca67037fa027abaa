"""An assertion for test suites: this kernel computes its formula, but for rounding."""

import inspect
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compare.errors import UsageError
from compare.function_api import compare_functions
from compare.implementations.programs.candidate import Candidate
from compare.implementations.programs.comparison import Comparison, FunctionOptions, comparison_of
from compare.report.functions.report import FunctionReport
from compare.resume.saved_arguments import save_arguments
from compare.testing.kernel_message import format_failure


def assert_within_rounding(
    kernel: Any,
    reference: Any,
    *args: Any,
    inside: Any = None,
    save: "str | os.PathLike[str] | None" = None,
    **options: Any,
) -> FunctionReport:
    """Asserts that a kernel and its backward are right but for rounding.

    Every entry of what it returns, and of every gradient, has to be within the bound that rounding
    is proved to keep, and within 4 times the scale that rounding errors have, of the exact value of
    the reference; a floor of 4 roundings of the largest entry is added to both.

    Args:
      kernel: a function of JAX or torch with a backward of its own, a torch module; of NumPy a
        `Candidate(f, arrays="numpy")`, where f takes the cotangents as a last argument and returns
        (outputs, gradients).
      reference: the formula: a function of JAX or torch, or a torch module.
      *args: of both.
      inside: 'float32' for a kernel that takes and returns bfloat16 or float16, and in between
        computes in float32. None for one that computes in the dtype of its arguments.
      save: a folder for the arguments and cotangents, written to if the assertion fails; None for a
        new one among the system's temporary files.
      **options: as for `compare_functions`: wrt, cotangents, dtype, seed, device.

    Returns:
      The report.

    Raises:
      AssertionError: with what is wrong, in which entry, what is allowed there and why, and whether
        it is the backward alone; also if nothing can be said. At most 25 lines.
      UsageError: as `compare_functions` does.
    """
    __tracebackhide__ = True
    _check_names(options)
    named, options = {_name(kernel): kernel}, {"inside": inside, **options}
    try:
        report = compare_functions(reference, named, *args, **options)
    except UsageError as error:
        raise error.with_traceback(None) from error.__cause__  # pytest shows the test's line alone
    if report.agrees and not report.warnings:
        return report
    asked = FunctionOptions(
        **{name: options[name] for name in FunctionOptions._fields if name in options}
    )
    found = comparison_of(reference, named, args, asked)
    problem = found.problem.in_dtype(found.inside, found.reference.call_in(found.inside))
    raise AssertionError(format_failure(report, problem, _saved(found, save)))


def _check_names(options: Mapping[str, Any]) -> None:
    """Raises a TypeError for an option that there is not, as for any tolerance."""
    known = inspect.signature(compare_functions).parameters
    odd = next((name for name in options if name not in known), None)
    if odd is not None:
        none = "; there is no tolerance to give" if "tol" in odd else ""
        raise TypeError(
            f"assert_within_rounding() got an unexpected keyword argument {odd!r}{none}"
        )


def _name(kernel: Any) -> str:
    """Returns the name of a function, or of the class of a module or of `Function.apply`."""
    function = kernel.function if isinstance(kernel, Candidate) else kernel
    owner = getattr(function, "__self__", function)
    known = owner if isinstance(owner, type) else function
    name = getattr(known, "__name__", type(known).__name__)
    return name if callable(function) and str(name).isidentifier() else "kernel"


def _saved(found: Comparison, save: "str | os.PathLike[str] | None") -> str:
    """Writes arguments and cotangents; returns the lines of Python that read them."""
    new = Path(tempfile.gettempdir(), f"kernel-{uuid.uuid4().hex}")
    return save_arguments(str(new if save is None else save), found.problem, found.inputs)
