"""`python -m compare.functions`: any two programs, held against each other."""

import dataclasses
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.options.config import OPTIONS
from compare.options.exit_status import exit_with, status_of_verdict
from compare.options.option import choice, file, flag, integer, names, repeated, rows, text
from compare.options.parse import Parsed, parse
from compare.options.streams import print_written, terminal_width
from compare.options.wording import as_flag

if TYPE_CHECKING:
    from compare.report.functions.report import FunctionReport

USAGE = """\
Compares functions, layers and kernels with a reference: values and gradients.

  python -m compare.functions --reference=model.py:loss --candidate=mine.py:loss
  python -m compare.functions --reference=net.py:Net --candidate=port.py:apply \\
      --args=net.py:batch

A reference is a function of JAX or torch, or a torch module. A candidate is one
of these, or a function of NumPy that returns (outputs, gradients); beside a
module a function takes (state, *inputs), state being its weights by their names.
A name is FILE.py:NAME, FILE.ipynb:NAME or package.module:NAME; a class, or a
function that takes nothing, makes what is meant, with --seed as torch's seed.

Exit status: 0 if all agree, 2 if one disagrees, 3 if nothing can be said, and 1
for wrong usage or a crash."""

_NAME = "FILE.py:NAME"


@dataclasses.dataclass(frozen=True)
class Options:
    """The flags of the command."""

    reference: str | None = text(None, _NAME, "What says what is right.")
    candidate: tuple[str, ...] = repeated(_NAME, "What is held against it; may be repeated.")
    args: str | None = text(
        None,
        _NAME,
        "A tuple of arguments, or a function that returns one. Default: args beside the reference.",
    )
    wrt: tuple[str, ...] = names(
        (),
        "NAME,NAME,...",
        "By which arguments gradients are: args[0], fc1.weight, fc1 for all in it, or numbers "
        "counted from 0. Default: all that are floating-point numbers.",
    )
    loss: str | None = text(
        None,
        _NAME,
        "A function of the outputs of the reference that returns one number, in its framework. "
        "Candidates of that framework get it too; others return the loss themselves.",
    )
    dtype: str | None = choice(
        None, DTYPES, "In which all is computed. Default: that of the arguments."
    )
    inside: str | None = choice(
        None,
        ("float32",),
        "What programs of bfloat16 or float16 compute in, if they round each result once, as a "
        "fused kernel does. Default: every operation is in their dtype.",
    )
    seed: int = integer(
        0,
        "The seed of what gradients are taken against where there is no loss, and of weights that "
        "are made.",
        at_least=0,
    )
    device: str | None = text(
        None,
        "cpu|gpu|cuda:0",
        "Where all programs compute. Default: where all arrays lie.",
    )
    baseline: str | None = file(
        "Hold every program against itself in a file of --save_baseline: what moved since then."
    )
    save_baseline: str | None = file(
        "Keep all results and places of every program in this .npz file.", purpose="writing"
    )
    html: str | None = file("Write a page to this file.", purpose="writing")
    json: str | None = file("Write the report to this file.", purpose="writing")
    verbose: bool = flag("Print every place, with every word explained.", purpose="running")
    fail_on: str = choice(
        OPTIONS["fail_on"].default, OPTIONS["fail_on"].choices, OPTIONS["fail_on"].help
    )


def main(argv: Sequence[str]) -> int:
    """Compares, prints and writes what was found, and returns the exit status.

    Raises:
      UsageError: if something cannot be as asked; nothing was written then.
    """
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words(such_as="--reference=model.py:loss")
    options = Options(**parsed.values)
    for name, option in rows(Options).items():
        option.check_value(name, getattr(options, name))
    if options.reference is None or not options.candidate:
        missing = "candidate" if options.reference else "reference"
        raise UsageError(f"expected --{missing}={_NAME}, got none; --help shows examples")
    _prepare_jax(options.device)
    from compare.report.functions.files import Files
    from compare.report.functions.text.report import format_report

    with Files(html=options.html, json=options.json) as files:
        found = dataclasses.replace(_compare(options), reproduce=_command(parsed))
        files.write(found)
    width, colours = terminal_width(), os.environ.get("NO_COLOR", "") == "" and sys.stdout.isatty()
    print(format_report(found, width=width, verbose=options.verbose, colours=colours))
    written = [*files.names, *filter(None, [options.save_baseline])]
    if written:
        print()
        print_written(written)
    warned = bool(found.warnings)
    return status_of_verdict(found.verdict, warned=warned, fail_on=options.fail_on)


def _prepare_jax(device: str | None) -> None:
    """Sets what jax reads when it is first imported; what the user has set stays."""
    if device is None or device.startswith("cpu"):
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch needs room beside it


def _compare(options: Options) -> "FunctionReport":
    """Imports what is named, and compares it; JAX and torch warn of what is of no use here."""
    from compare.function_api import compare_functions
    from compare.implementations.user.loading import load_object
    from compare.implementations.user.named_arguments import load_arguments
    from compare.implementations.user.named_programs import load_program, load_programs

    assert options.reference is not None
    seed = options.seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = load_program(options.reference, option="--reference", seed=seed)
        candidates = load_programs(options.candidate, option="--candidate", seed=seed)
        loss = None if options.loss is None else load_object(options.loss, option="--loss")
        args = load_arguments(options.reference, options.args, required=True)
        return compare_functions(
            reference,
            candidates,
            *args,
            wrt=[int(word) if word.isdigit() else word for word in options.wrt] or None,
            loss=loss,
            dtype=options.dtype,
            inside=options.inside,
            seed=seed,
            device=options.device,
            baseline=options.baseline,
            save_baseline=options.save_baseline,
        )


def _command(parsed: Parsed) -> str:
    """Returns the command that compares the same again, for a shell."""
    words = []
    for name, option in rows(Options).items():
        if name in parsed.typed and option.purpose == "finding":
            value: Any = parsed.values[name]
            each = value if option.kind == "repeated" else [value]
            words += [as_flag(name, one) for one in each]
    return shlex.join(["python", "-m", "compare.functions", *words])


if __name__ == "__main__":
    exit_with(main, "compare.functions")
