"""Whether the numbers of two files agree."""

from collections.abc import Iterable, Sequence

import numpy as np

from compare.evidence.differences.prints import (
    beyond,
    known,
    print_as_zero,
    shown,
)
from compare.formats.matching import ArrayPair, Matching
from compare.verdict.printed_digits import too_few_digits


def likeliest(found: Iterable[Matching], digits: int) -> Matching:
    """Returns the way to pair arrays in which most numbers agree, the first of several."""
    first, *others = found
    if not others:
        return first
    return min((first, *others), key=lambda one: _failing(map(ArrayPair.widen, one.pairs), digits))


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
    failing = _failing(pairs, digits)
    short = sum(int(np.sum(~beyond(pair, digits) & ~shown(pair, digits))) for pair in pairs)
    aside = f"; {short:,} agree only as far as they are printed" if short else ""
    if short == 1:
        aside = "; 1 agrees only as far as it is printed"
    if failing:
        some = f"{failing:,} of {total:,} numbers {'does' if failing == 1 else 'do'}"
        some = "the one number does" if total == 1 else some
        return "disagree", f"{some} not {rule}{aside}"
    if nonfinite:
        are = "is" if nonfinite == 1 else "are"
        said = f"{nonfinite:,} of {total:,} numbers {are} the same but not finite"
        return "undecided", f"{said}{aside}"
    hidden = [pair.name for pair in pairs if pair.a.size and not known(pair).any()]
    if hidden:
        zeros, seen = (sum(int(np.sum(f(pair))) for pair in pairs) for f in (print_as_zero, known))
        subject = f"{' '.join(hidden)} cannot"
        return "undecided", too_few_digits(subject, numbers=total, zeros=zeros, known=seen)
    aside = f", or as far as they are printed ({short:,} of them)" if short else ""
    if total == 1:
        aside = ", or as far as it is printed" if short else ""
        return "agree", f"the one number {rule.replace('agree', 'agrees')}{aside}"
    return "agree", f"all {total:,} numbers {rule}{aside}"


def _failing(pairs: Iterable[ArrayPair], digits: int) -> int:
    return sum(int(np.sum(beyond(pair, digits))) for pair in pairs)
