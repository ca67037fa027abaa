"""Whether the numbers of two files agree, and what may be behind it if they do not."""

from collections.abc import Sequence

import numpy as np

from compare.evidence.differences.prints import (
    TRANSPOSE,
    beyond,
    known,
    print_as_zero,
    relations,
    shown,
)
from compare.formats.matching import ArrayPair
from compare.verdict.printed_digits import too_few_digits

_PREDICATES = {
    "half": ("is half of that", "are half of those"),
    "twice": ("is twice that", "are twice those"),
    "negative": ("has the other sign", "have the other sign"),
    TRANSPOSE: ("is the transpose of that", "are the transposes of those"),
}


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
    failing = sum(int(np.sum(beyond(pair, digits))) for pair in pairs)
    short = sum(int(np.sum(~beyond(pair, digits) & ~shown(pair, digits))) for pair in pairs)
    aside = f"; {short:,} agree only as far as they are printed" if short else ""
    if short == 1:
        aside = "; 1 agrees only as far as it is printed"
    if failing:
        do = "does" if failing == 1 else "do"
        return "disagree", f"{failing:,} of {total:,} numbers {do} not {rule}{aside}"
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


def hint(pairs: Sequence[ArrayPair], digits: int, other: str) -> str:
    """Says what the numbers of one file are of those in the other.

    Args:
      pairs: in float64.
      digits: as for `judge`.
      other: the path of the other file.

    Returns:
      A sentence on the relations that hold in every number of an array, if there are several
      numbers that are not 0; '' if there is none.
    """
    found: dict[str, list[ArrayPair]] = {}
    for pair in pairs:
        if beyond(pair, digits).any():
            for relation in relations(pair, digits):
                found.setdefault(relation, []).append(pair)
    said = []
    for relation, alike in found.items():
        if sum(np.count_nonzero(pair.a) for pair in alike) > 1:
            one, many = _PREDICATES[relation]
            every = len(alike) == len(pairs) > 1
            names = "all" if every else " ".join(pair.name for pair in alike)
            said.append(f"{names} {many if len(alike) > 1 else one}")
    return f"To {digits} digits {', '.join(said)} in {other}." if said else ""
