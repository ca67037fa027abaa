"""Each parameter, the prediction and the loss, in the pair that differs most in it."""

import math
from collections.abc import Mapping

from compare.numbers import entry, largest_known, number, ratio
from compare.report.labels import METRICS, pair_label, short_place, short_quantity
from compare.report.text.lines import wrapped
from compare.results import Maximum, Report, worst_of

_SHOWN = ("max_abs", "max_rel")


def format_parameters(report: Report, letters: Mapping[str, str], *, width: int) -> str:
    """Returns one row for each, and below them the largest differences of all."""
    rows = [
        f"{'':<4} {'shape':<9} {'max abs':>7} {'at':<17}{'max rel':>7} {'at':<17}"
        f"{'scaled':>7} {'bound':>7}",
    ]
    for known in max((pair.quantities for pair in report.pairs), key=len):
        rows.append(_row(report, letters, known.name, known.shape))
    overall = [_overall(report, metric, width) for metric in _SHOWN]
    return "\n".join([*rows, "", *(line for line in overall if line)])


def _row(report: Report, letters: Mapping[str, str], name: str, shape: tuple[int, ...]) -> str:
    scaled = largest_known(c.scaled for p in report.pairs for c in p.quantities if c.name == name)
    ratios = [b.worst_ratio for p in report.pairs for b in p.bounds if b.name == name]
    worst = [worst_of(report.pairs, metric, name) for metric in _SHOWN]
    cells = [f"{_largest(found):>7} {_place(found, letters):<17}" for found in worst]
    bound = ratio(max(ratios)) if ratios else ""
    if worst[0] is not None and not math.isfinite(worst[0].worst.value):
        scaled, bound = None, "-"  # of a distance that is no number
    return (
        f"{short_quantity(name):<4} {'x'.join(map(str, shape)) or '1':<9} {''.join(cells)}"
        f"{number(scaled):>7} {bound:>7}".rstrip()
    )


def _overall(report: Report, metric: str, width: int) -> str:
    found = worst_of(report.pairs, metric)
    if found is None:
        return ""
    where = f"{entry(found.quantity, found.worst.index)} of sample {found.worst.sample}"
    said = f"overall {METRICS[metric]} {found.worst.value:.3e} at {where}"
    return wrapped(f"{said}, {' ~ '.join(found.pair)}", width)


def _largest(found: Maximum | None) -> str:
    return number(found.worst.value if found else None)


def _place(found: Maximum | None, letters: Mapping[str, str]) -> str:
    if found is None or not found.worst.value:
        return ""
    return (
        f"{short_place(found.worst.sample, found.worst.index)} {pair_label(letters, *found.pair)}"
    )
