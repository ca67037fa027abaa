"""`python -m compare.files A B`: the numbers of two files, ours or printed, held side by side."""

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
from compare.formats.matching import Matched, match
from compare.formats.read.text import read_text
from compare.options.command_line import EXIT_STATUS, exit_with
from compare.options.option import integer, rows
from compare.options.parse import parse

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
    """What the command takes beside two files."""

    digits: int = integer(5, "Significant digits to which all numbers must agree.", at_least=1)


def main(argv: Sequence[str]) -> int:
    """Compares two files, prints what it finds and returns the exit status.

    Raises:
      UsageError: if a file cannot be read or the two do not hold the same numbers of numbers.
    """
    values, _, words = parse(argv, rows(Options), usage=USAGE)
    options = Options(**values)
    if len(words) != 2:
        raise UsageError(f"expected two files, got {len(words)}: {' '.join(map(repr, words))}")
    if options.digits > MOST_DIGITS:
        raise UsageError(f"--digits={options.digits}: expected at most {MOST_DIGITS}")
    a, b = map(read_text, words)
    matched, notes = match(a, b)
    verdict, sentence = judge(matched, options.digits)
    lines = [f"{a.path} ~ {b.path}: {a.size:,} numbers", *notes, "", *_table(matched), ""]
    print("\n".join([*lines, *_differences(matched, options.digits), f"{verdict}: {sentence}."]))
    return EXIT_STATUS[verdict]


def judge(matched: Sequence[Matched], digits: int) -> tuple[str, str]:
    """Returns the verdict of the rule |a - b| to so many digits, and a sentence for it.

    Numbers that do not agree to so many digits may still agree as far as they are printed.
    """
    rule = f"agree to {digits} significant digits"
    wide = [_wide(pair) for pair in matched]
    total = sum(pair.a.size for pair in wide)
    nonfinite = sum(int(np.sum(~np.isfinite(pair.a))) for pair in wide)
    failing = sum(int(np.sum(_beyond(pair, digits))) for pair in wide)
    short = sum(int(np.sum(~agree_significant(pair.a, pair.b, digits))) for pair in wide) - failing
    aside = f"; {short} agree only as far as they are printed" if short else ""
    if failing:
        return "disagree", f"{failing} of {total} numbers do not {rule}{aside}"
    if nonfinite:
        return "undecided", f"{nonfinite} of {total} numbers are the same but not finite{aside}"
    aside = f", or as far as they are printed ({short} of them)" if short else ""
    return "agree", f"all {total} numbers {rule}{aside}"


def _table(matched: Sequence[Matched]) -> list[str]:
    lines = [
        f"{'':<8} {'shape':<11}{'max abs':>8} {'at':<14}{'max rel':>8} {'at':<14}{'digits':>7}"
    ]
    for name, a, b, _ in matched:
        compared = compare_arrays(name, a, b)
        shape = "x".join(map(str, a.shape if len(a) > 1 else a.shape[1:])) or "1"
        cells = _cell(compared.max_abs, len(a)) + _cell(compared.max_rel, len(a))
        lines.append(f"{name:<8} {shape:<11}{cells}{_digits_agreed(a, b):>7}")
    return lines


def _differences(matched: Sequence[Matched], digits: int) -> list[str]:
    """Tells how far agreement goes, the first difference, and the first that breaks the rule."""
    wide = [_wide(pair) for pair in matched]
    agreed = min(digits_agreed(pair.a, pair.b) for pair in wide)
    same = all(same_significant_text(pair.a, pair.b, digits).all() for pair in wide)
    lines = [
        f"Digits agreed: {agreed} significant by |a-b|; printed with {digits}, "
        f"{'all' if same else 'not all'} look the same."
    ]
    first = _first(wide, [(a != b) & ~(np.isnan(a) & np.isnan(b)) for _, a, b, _ in wide])
    beyond = _first(wide, [_beyond(pair, digits) for pair in wide])
    if first:
        lines.append(f"First difference: {first}.")
    if beyond and beyond != first:
        lines.append(f"First beyond {digits} digits: {beyond}.")
    return lines


def _beyond(pair: Matched, digits: int) -> np.ndarray:
    """Where float64 numbers agree neither to so many digits nor as far as they are printed."""
    with np.errstate(invalid="ignore", over="ignore"):
        # two prints of one number may lie just as far apart; 1e-9 is for float64's own rounding
        as_printed = np.abs(pair.a - pair.b) <= pair.half_units * (1 + 1e-9)
    return ~agree_significant(pair.a, pair.b, digits) & ~as_printed


def _first(matched: Sequence[Matched], where: Sequence[np.ndarray]) -> str:
    for (name, a, b, _), marked in zip(matched, where, strict=True):
        if marked.any():
            sample, *index = (int(i) for i in np.argwhere(marked)[0])
            place = f"{name}[{','.join(map(str, index))}]" + f" of sample {sample}" * (len(a) > 1)
            at = (sample, *index)
            return f"{place}, {a[at]:.9g} and {b[at]:.9g}"
    return ""


def _wide(pair: Matched) -> Matched:
    return pair._replace(a=pair.a.astype(np.float64), b=pair.b.astype(np.float64))


def _digits_agreed(a: np.ndarray, b: np.ndarray) -> int:
    return digits_agreed(a.astype(np.float64), b.astype(np.float64))


def _cell(worst: Worst | None, samples: int) -> str:
    if worst is None or not worst.value:
        return f"{'-' if worst is None else '0':>8} {'':<14}"
    place = f"{worst.sample}" * (samples > 1) + f"[{','.join(map(str, worst.index))}]"
    return f"{worst.value:>8.1e} {place:<14}"


if __name__ == "__main__":
    exit_with(main, "compare.files")
