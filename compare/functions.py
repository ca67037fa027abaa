"""`python -m compare.functions`: any two programs, held against each other."""

import dataclasses
import os
import shlex
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.options.config import OPTIONS
from compare.options.exit_status import exit_with, status_of_verdict
from compare.options.option import choice, file, flag, integer, names, repeated, rows, text
from compare.options.parse import Parsed, parse
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
    seed: int = integer(
        0,
        "The seed of what gradients are taken against where there is no loss, and of weights that "
        "are made.",
        at_least=0,
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
    if options.reference is None or not options.candidate:
        missing = "candidate" if options.reference else "reference"
        raise UsageError(f"expected --{missing}={_NAME}, got none; --help shows examples")
    for name, option in rows(Options).items():
        option.check_value(name, getattr(options, name))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of JAX and torch, about what they run
        found = _compare(options)
    print(f"{found.verdict}: {found.headline}")  # PLACEHOLDER for the report
    warned = bool(found.warnings)
    return status_of_verdict(found.verdict, warned=warned, fail_on=options.fail_on)


def _compare(options: Options) -> "FunctionReport":
    """Imports what is named, and compares it."""
    from compare.function_api import compare_functions
    from compare.implementations.user.loading import load_object
    from compare.implementations.user.named_arguments import load_arguments
    from compare.implementations.user.named_programs import load_program, load_programs

    assert options.reference is not None
    seed = options.seed
    reference = load_program(options.reference, option="--reference", seed=seed)
    candidates = load_programs(options.candidate, option="--candidate", seed=seed)
    loss = None if options.loss is None else load_object(options.loss, option="--loss")
    args = load_arguments(options.reference, options.args, required=True)
    wrt = [int(word) if word.isdigit() else word for word in options.wrt]
    return compare_functions(
        reference,
        candidates,
        *args,
        wrt=wrt or None,
        loss=loss,
        dtype=options.dtype,
        seed=seed,
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


def _write(found: "FunctionReport", options: Options) -> Iterator[str]:
    for path in (options.html, options.json):
        if path is not None:
            found.save(path)
            yield path


if __name__ == "__main__":
    exit_with(main, "compare.functions")
