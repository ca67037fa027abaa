"""`python -m compare.files A B`: compares the numbers of two files, dumps or prints."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError
from compare.evidence.differences.digits import (
    MOST_DIGITS,
    agree_significant,
    digits_agreed,
    same_significant_text,
)
from compare.evidence.differences.metrics import Worst, compare_arrays
from compare.formats.matching import ArrayPair, match_arrays
from compare.formats.read.text import read_text
from compare.numbers import told_apart
from compare.options.exit_status import EXIT_STATUS, exit_with
from compare.options.option import integer, rows
from compare.options.parse import parse
from compare.results import worst_in

_METRICS = ("max_abs", "max_rel")

USAGE = """\
Compares the numbers of two files.

  python -m compare.files out/my_autograd.dat out/torch_autograd.dat
  python -m compare.files --digits=7 mine.txt theirs.txt

A file is a dump of compare.run, or numbers as people print them: tensor([[...]]), array([...]),
lists, or lines of numbers. Arrays are matched by name if both files have the same names, else by
order. Printed numbers agree as well if their difference is within what was rounded off in print.

Exit status: 0 agree, 2 disagree, 3 undecided, 1 wrong usage or a crash."""


@dataclasses.dataclass(frozen=True)
class Options:
    """The flags of the command."""

    digits: int = integer(5, "Significant digits to which all numbers must agree.", at_least=1)


def main(argv: Sequence[str]) -> int:
    """Compares two files, prints the result and returns the exit status.

    Raises:
      UsageError: if a file cannot be read, or one holds more numbers than the other.
    """
    values, _, words = parse(argv, rows(Options), usage=USAGE)
    options = Options(**values)
    if len(words) != 2:
        raise UsageError(f"expected two files, got {len(words)}: {' '.join(map(repr, words))}")
    if options.digits > MOST_DIGITS:
        raise UsageError(f"--digits={options.digits}: expected at most {MOST_DIGITS}")
    a, b = map(read_text, words)
    pairs, notes = match_arrays(a, b)
    wide = [pair.widen() for pair in pairs]
    verdict, sentence = judge(wide, options.digits)
    lines = [f"{a.path} ~ {b.path}: {a.size:,} numbers", *notes, "", *_table(pairs), ""]
    print("\n".join([*lines, *_differences(wide, options.digits), f"{verdict}: {sentence}."]))
    return EXIT_STATUS[verdict]


def judge(pairs: Sequence[ArrayPair], digits: int) -> tuple[str, str]:
    """Decides whether numbers agree to so many significant digits, or as far as they are printed.

    Args:
      pairs: in float64.
      digits: of the larger number, half a unit of the last of which |a - b| may be.

    Returns:
      The verdict, and a sentence that gives the reason.
    """
    rule = f"agree to {digits} significant digits"
    total = sum(pair.a.size for pair in pairs)
    nonfinite = sum(int(np.sum(~np.isfinite(pair.a))) for pair in pairs)
    failing = sum(int(np.sum(_beyond(pair, digits))) for pair in pairs)
    short = sum(int(np.sum(~agree_significant(pair.a, pair.b, digits))) for pair in pairs) - failing
    aside = f"; {short} agree only as far as they are printed" if short else ""
    if failing:
        return "disagree", f"{failing} of {total} numbers do not {rule}{aside}"
    if nonfinite:
        return "undecided", f"{nonfinite} of {total} numbers are the same but not finite{aside}"
    aside = f", or as far as they are printed ({short} of them)" if short else ""
    return "agree", f"all {total} numbers {rule}{aside}"


def _table(pairs: Sequence[ArrayPair]) -> list[str]:
    lines = [
        f"{'':<8} {'shape':<11}{'max abs':>8} {'at':<14}{'max rel':>8} {'at':<14}{'digits':>7}"
    ]
    for pair in pairs:
        name, a, b, _ = pair
        compared = compare_arrays(name, a, b)
        shape = "x".join(map(str, a.shape if len(a) > 1 else a.shape[1:])) or "1"
        cells = "".join(_cell(worst_in(compared, metric), len(a)) for metric in _METRICS)
        agreed = digits_agreed(*pair.widen()[1:3])
        lines.append(f"{name:<8} {shape:<11}{cells}{agreed:>7}")
    return lines


def _differences(pairs: Sequence[ArrayPair], digits: int) -> list[str]:
    """Says to how many digits all agree, and where the first differences are."""
    agreed = min(digits_agreed(pair.a, pair.b) for pair in pairs)
    same = all(same_significant_text(pair.a, pair.b, digits).all() for pair in pairs)
    lines = [
        f"Digits agreed: {agreed} significant by |a-b|; printed with {digits}, "
        f"{'all' if same else 'not all'} look the same."
    ]
    first = _first(pairs, [(a != b) & ~(np.isnan(a) & np.isnan(b)) for _, a, b, _ in pairs])
    beyond = _first(pairs, [_beyond(pair, digits) for pair in pairs])
    if first:
        lines.append(f"First difference: {first}.")
    if beyond and beyond != first:
        lines.append(f"First beyond {digits} digits: {beyond}.")
    return lines


def _beyond(pair: ArrayPair, digits: int) -> np.ndarray:
    """Marks numbers that agree neither to so many digits nor as far as they are printed."""
    with np.errstate(invalid="ignore", over="ignore"):
        # two prints of one number may lie just as far apart; 1e-9 is for float64's own rounding
        as_printed = np.abs(pair.a - pair.b) <= pair.half_units * (1 + 1e-9)
    return ~agree_significant(pair.a, pair.b, digits) & ~as_printed


def _first(pairs: Sequence[ArrayPair], where: Sequence[np.ndarray]) -> str:
    """Returns the place and the two values of the first marked number, '' if there is none."""
    for (name, a, b, _), marked in zip(pairs, where, strict=True):
        if marked.any():
            sample, *index = (int(i) for i in np.argwhere(marked)[0])
            place = f"{name}[{','.join(map(str, index))}]" + f" of sample {sample}" * (len(a) > 1)
            both = " and ".join(told_apart(a[sample, *index], b[sample, *index]))
            return f"{place}, {both}"
    return ""


def _cell(worst: Worst | None, samples: int) -> str:
    if worst is None or not worst.value:
        return f"{'-' if worst is None else '0':>8} {'':<14}"
    place = f"{worst.sample}" * (samples > 1) + f"[{','.join(map(str, worst.index))}]"
    return f"{worst.value:>8.1e} {place:<14}"


if __name__ == "__main__":
    exit_with(main, "compare.files")
