"""`python -m compare.rounding FILE.py:NAME`: what rounding can do to a JAX function."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import choice, flag, names, rows, text
from compare.options.parse import parse
from compare.options.streams import terminal_width
from compare.quoting import quoted

if TYPE_CHECKING:
    from compare.report.text.rounding import Bounded

USAGE = """\
Bounds what rounding can do to a JAX function, entry by entry.

  python -m compare.rounding model.py:loss --args=model.py:batch
  python -m compare.rounding model.py:loss --gradient --explain
  python -m compare.rounding model.py:loss --dtype=bfloat16
  python -m compare.rounding model.py:attention --argnums=0,2

--args names a tuple, or a function without arguments that returns one; without
it that is args beside the function, or nothing. A row is an array of what is
returned: the worst bound is a proof, the typical one the scale of real errors.

Exit status: 0 if the function could be bounded, 1 for wrong usage or a crash."""

_WIDTH = 80
_READINGS = ("worst", "typical")


@dataclasses.dataclass(frozen=True)
class Options:
    """The flags of the command."""

    args: str | None = text(
        None, "FILE.py:NAME", "The arguments: FILE.py:NAME or package.module:NAME."
    )
    dtype: str = choice("float32", DTYPES, "In which it is computed.")
    gradient: bool = flag("Bound the gradient of what it returns, one number, instead.")
    argnums: tuple[str, ...] = names(
        ("0",), "N,N,...", "By which arguments it is, counted from 0; a gradient is bounded then."
    )
    reading: str = choice("both", (*_READINGS, "both"), "Which bounds to print.")
    explain: bool = flag(
        "Also say of the entry whose bound is largest, or which is not finite, where that comes "
        "from: the lines of source."
    )


def main(argv: Sequence[str]) -> int:
    """Bounds a function, prints the table and returns the exit status.

    Raises:
      UsageError: if something cannot be had or bounded.
    """
    parsed = parse(argv, rows(Options), usage=USAGE)
    options, words = Options(**parsed.values), parsed.words
    if len(words) != 1:
        got = ": " * bool(words) + " ".join(map(repr, words))
        raise UsageError(f"expected one function, FILE.py:NAME, got {len(words)}{got}")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from compare.implementations.user.loading import load_candidate
    from compare.implementations.user.named_arguments import load_arguments
    from compare.report.text.rounding import format_bounds

    (reference,) = words
    function = load_candidate(reference, option="")
    args = load_arguments(reference, options.args)
    by_gradient = options.gradient or "argnums" in parsed.typed
    if by_gradient:
        function = _gradient(function, args, options.argnums)
    arrays = _bounded(reference, function, args, options)
    if not arrays:
        raise UsageError(f"{reference}: expected a function that returns numbers, it returns none")
    explained = options.explain and _explained(reference, function, args, options)
    readings = _READINGS if options.reading == "both" else (options.reading,)
    width = min(terminal_width(), _WIDTH)
    of = ", its gradient" * by_gradient
    print(quoted(f"{reference} in {options.dtype}{of}"), end="\n\n")
    print(quoted(format_bounds(arrays, readings, width=width)))
    if explained:
        print(quoted(f"\n{explained}"))
    return 0


def _gradient(
    function: Callable[..., Any], args: tuple[Any, ...], words: Sequence[str]
) -> Callable[..., Any]:
    """Returns the gradients by some arguments, by their names."""
    import jax

    known = set(map(str, range(len(args))))
    if not words or not set(words) <= known or len(set(words)) < len(words):
        raise UsageError(
            f"argnums: expected numbers of arguments, of which there are {len(args)}, counted from "
            f"0 and between commas; got {','.join(words) or 'none'}"
        )
    argnums = tuple(map(int, words))
    slopes = jax.grad(function, argnums)
    return lambda *args: {f"args[{n}]": one for n, one in zip(argnums, slopes(*args), strict=True)}


def _bounded(
    reference: str, function: Callable[..., Any], args: tuple[Any, ...], options: Options
) -> list["Bounded"]:
    """Returns every array that a function returns, with its bounds."""
    import jax
    import numpy as np

    from compare.evidence.rounding import roundoff
    from compare.implementations.user.named_arguments import beside
    from compare.implementations.user.sandbox import contained, errors_told
    from compare.report.text.rounding import Bounded

    where = f"{reference}: cannot be bounded"
    advice = (
        f"its arguments are {beside(reference)}"
        if args
        else "without --args it is called with no arguments"
    )
    given = None if options.args else lambda: advice
    with contained(), errors_told(where, given=given):
        values, found = roundoff(function, options.dtype, reading=options.reading)(*args)
    trees = found if options.reading == "both" else (found,)
    leaves = jax.tree_util.tree_flatten_with_path(values)[0]
    bounds = zip(*map(jax.tree.leaves, trees), strict=True)
    return [
        # the scale of an error is no more than what it is at most
        Bounded(
            _name(jax.tree_util.keystr(path)),
            value,
            tuple(np.minimum(one, each[0]) for one in each),
        )
        for (path, value), each in zip(leaves, bounds, strict=True)
        if isinstance(value, np.ndarray)
    ]


def _explained(
    reference: str, function: Callable[..., Any], args: tuple[Any, ...], options: Options
) -> str:
    """Returns where the largest bound comes from, with the array as the table names it."""
    from compare.evidence.rounding import explain
    from compare.implementations.user.sandbox import contained, errors_told

    with contained(), errors_told(f"{reference}: cannot be explained"):
        found = explain(function, *args, dtype=options.dtype)
    return str(dataclasses.replace(found, array=_name(found.array)))


def _name(path: str) -> str:
    """Returns 'params/w' of "['params']['w']", and '[0]' as it is."""
    from compare.formats.read.tree_paths import slashed

    name = slashed(path) or "result"
    return path if name[0].isdigit() else name


if __name__ == "__main__":
    exit_with(main, "compare.rounding")
