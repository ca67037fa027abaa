"""How many numbers a print shows well enough to be judged.

Shape letters: N samples.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.rounding.print_rounding import is_known


class PrintedNumbers(NamedTuple):
    """The numbers of all samples whose gradient is finite."""

    numbers: int
    known: int  # that show two significant digits or more, or hide nothing
    zeros: int  # that print as 0 and may be other numbers
    hidden: tuple[str, ...]  # the parameters without a known number in any sample
    samples: int  # in which a parameter has none


def count_printed(case: Case, finite: np.ndarray) -> tuple[PrintedNumbers | None, np.ndarray]:
    """Counts the known numbers of a case.

    Args:
      case: of N samples, the sample axis last.
      finite: the samples that count, [N] bool.

    Returns:
      The counts, or None for gradients that were not read from print; and which samples have a
      parameter without a known number, [N] bool.
    """
    unknown = np.zeros(finite.shape, bool)
    if case.printed is None or not case.is_print:
        return None, unknown
    numbers = known = zeros = 0
    hidden = []
    for name, value, unit in _parameters(case, case.printed):
        here = is_known(value, unit) & finite
        in_sample = here.reshape(-1, here.shape[-1]).any(axis=0)
        unknown |= finite & ~in_sample
        hidden += [] if in_sample.any() else [name]
        numbers += value[..., finite].size
        known += int(np.count_nonzero(here))
        zeros += int(np.count_nonzero((value == 0) & (unit > 0) & finite))
    samples = int(np.count_nonzero(unknown))
    return PrintedNumbers(numbers, known, zeros, tuple(hidden), samples), unknown


def _parameters(case: Case, printed: Layers) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yields name, values and half units of w1, b1, w2, ..., as far as the network has them."""
    for i, ((dw, db), (of_w, of_b)) in enumerate(zip(case.grads, printed, strict=True)):
        yield f"w{i + 1}", dw, of_w
        if case.network.has_bias(i):
            yield f"b{i + 1}", db, of_b


def merge(one: PrintedNumbers | None, other: PrintedNumbers | None) -> PrintedNumbers | None:
    """Joins the counts of two sets of samples, in any order."""
    if one is None or other is None:
        return one or other
    return PrintedNumbers(
        one.numbers + other.numbers,
        one.known + other.known,
        one.zeros + other.zeros,
        tuple(name for name in one.hidden if name in other.hidden),
        one.samples + other.samples,
    )
