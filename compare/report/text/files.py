"""Two files of numbers, compared: what the command compare.files prints of them."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError
from compare.evidence.differences.decades import MOST_DIGITS
from compare.evidence.differences.digits import opposite_zeros, same_significant_text
from compare.evidence.differences.metrics import Worst, compare_arrays
from compare.evidence.differences.prints import beyond, digits_agreed, known
from compare.formats.matching import ArrayPair, matchings
from compare.formats.read.files import read_numbers
from compare.numbers import counted, told_apart
from compare.report.answer import MARKS
from compare.report.text.lines import wrapped
from compare.results import worst_in
from compare.verdict.files import judge, likeliest
from compare.verdict.relations import explanation

_METRICS = ("max_abs", "max_rel")


def compare_files(paths: Sequence[str], digits: int, width: int) -> tuple[str, str]:
    """Compares two files to so many significant digits; sentences fit into so many columns.

    Returns:
      The verdict, and the text to print.

    Raises:
      UsageError: if a file cannot be read, or one holds more numbers than the other.
    """
    if digits > MOST_DIGITS:
        raise UsageError(f"--digits={digits}: expected at most {MOST_DIGITS}")
    a, b = map(read_numbers, paths)
    pairs, notes = likeliest(matchings(a, b), digits)
    wide = [pair.widen() for pair in pairs]
    verdict, sentence = judge(wide, digits)
    table = _table(pairs, printed=a.printed or b.printed)
    noted = [wrapped(note, width, indent=2) for note in notes]
    lines = [f"{a.path} ~ {b.path}: {a.size:,} numbers", *noted, "", *table, ""]
    why = explanation(wide, digits) if verdict == "disagree" else ""
    said = wrapped(f"{MARKS[verdict]} {verdict}: {sentence}. {why}", width, indent=2)
    return verdict, "\n".join([said, "", *lines, *_differences(wide, digits)]).rstrip()


def _table(pairs: Sequence[ArrayPair], *, printed: bool) -> list[str]:
    longest = max([8, *(len(pair.name) for pair in pairs)])
    lines = [
        f"{'':<{longest}} {'shape':<11}{'max abs':>8} {'at':<14}{'max rel':>8} "
        f"{'at':<14}{'digits':>7}" + f"{'known':>8}" * printed
    ]
    for pair in pairs:
        a, wide = pair.a, pair.widen()
        compared = compare_arrays(pair.name, a, pair.b)
        shape = "x".join(map(str, a.shape if len(a) > 1 else a.shape[1:])) or "1"
        cells = "".join(_cell(worst_in(compared, metric), len(a)) for metric in _METRICS)
        agreed, count = digits_agreed(wide), int(known(wide).sum())
        digits = f"{'-' if agreed is None else agreed:>7}" + f"{count:>8,}" * printed
        lines.append(f"{pair.name:<{longest}} {shape:<11}{cells}{digits}")
    return lines


def _differences(pairs: Sequence[ArrayPair], digits: int) -> list[str]:
    """Says to how many digits all agree, and where the first differences are."""
    agreed = [k for k in map(digits_agreed, pairs) if k is not None]
    apart = sum(int((~same_significant_text(one.a, one.b, digits)).sum()) for one in pairs)
    count = sum(one.a.size for one in pairs)
    zeros = sum(int(opposite_zeros(pair.a, pair.b).sum()) for pair in pairs)
    lines = []
    if agreed:
        lines.append(
            f"Digits that agree, by |a-b|: {min(agreed)}. Printed to {digits}, "
            + (f"{apart:,} of {counted(count, 'number')}" if apart else "all")
            + f" look{'s' * (apart == 1)} {'different' if apart else 'the same'}"
            + (f" but for the signs of zeros ({zeros:,})" if zeros and not apart else "")
            + "."
        )
    first = _first(pairs, [(a != b) & ~(np.isnan(a) & np.isnan(b)) for _, a, b, *_ in pairs])
    far = _first(pairs, [beyond(pair, digits) for pair in pairs])
    if first:
        lines.append(f"First difference: {first}.")
    if far and far != first:
        lines.append(f"First beyond {digits} digits: {far}.")
    return lines


def _first(pairs: Sequence[ArrayPair], where: Sequence[np.ndarray]) -> str:
    """Returns the place and the two values of the first marked number, '' if there is none."""
    for (name, a, b, *_), marked in zip(pairs, where, strict=True):
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
