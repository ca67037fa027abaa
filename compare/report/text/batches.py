"""The gradients of batches: two by two, and each against its samples."""

from collections.abc import Iterator, Mapping

from compare.evidence.batches.check import BatchCheck, BatchPair
from compare.evidence.differences.metrics import Comparison
from compare.numbers import needed_count, number, share
from compare.report.labels import letters_for, pair_label
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped
from compare.results import Report, worst_in

_WIDEST = 29  # characters of two names


def format_batches(report: Report, *, width: int, paint: Paint, verbose: bool = False) -> str:
    """Returns one row for each implementation; if verbose one for each pair too, and what is seen.

    Empty without batches.
    """
    found = report.batches
    if found is None or not found.checks:
        return ""
    names = [*(one.name for one in report.implementations), *found.checks]
    letters = letters_for(dict.fromkeys(names))
    rows = [wrapped(batches_title(report), width), ""]
    if found.pairs and verbose:
        rows.append(f"{'':<34}{'max abs':>7} {'at':<11}{'max rel':>7} {'at':<11}")
        rows += (_pair_row(pair, letters) for pair in found.pairs)
        rows.append("")
    rows.append(f"{'':<29}{'batches':>9}{'failed':>8}{'rounding used':>15}  held against")
    rows += (_check_row(name, one, letters, paint) for name, one in found.checks.items())
    if verbose:
        rows += _detectable(found.checks, width)
    return "\n".join(row.rstrip() for row in rows)


def batches_title(report: Report) -> str:
    """Says what gradients of batches are of."""
    assert report.batches is not None
    checks = report.batches.checks.values()
    sizes = sorted({size for check in checks for size in check.samples})
    of = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    is_one = len(sizes) == 1 and all(one.batches == 1 for one in checks)
    batches = "one batch" if is_one else "batches"
    return f"Gradients of the {report.config['reduction']} over {batches} of {of} samples"


def _pair_row(pair: BatchPair, letters: Mapping[str, str]) -> str:
    cells = (_largest(pair, metric) for metric in ("max_abs", "max_rel"))
    names = f"{pair.a} ~ {pair.b}"
    shown = names if len(names) <= _WIDEST else ""
    return f"{pair_label(letters, pair.a, pair.b)} {shown:<29} {''.join(cells)}"


def _largest(pair: BatchPair, metric: str) -> str:
    best: tuple[float, Comparison] | None = None
    for one in pair.parameters:
        worst = worst_in(one, metric)
        if worst is not None and (best is None or not worst.value <= best[0]):
            best = worst.value, one
    if best is None:
        return f"{'-':>7} {'':<11}"
    return f"{number(best[0]):>7} {best[1].name if best[0] else '':<11}"


def _check_row(name: str, one: BatchCheck, letters: Mapping[str, str], paint: Paint) -> str:
    failed = f"{one.failed:>8}"
    used = share(0.0 if one.worst is None else one.worst.ratio)
    against = "its own samples" if one.own_samples else "float64"
    return (
        f"{f'{letters[name]} {name}':<29}{one.batches:>9}"
        f"{paint(failed, 'bad') if one.failed else failed}{used:>15}  {against}"
    )


def _detectable(checks: Mapping[str, BatchCheck], width: int) -> Iterator[str]:
    """Says what change of one entry would be seen, in ulp of the largest entry beside it."""
    known = [one.detectable for one in checks.values() if one.detectable]
    if not known:
        return
    largest = {name: max(found[name] for found in known) for name in known[0]}
    each = ", ".join(f"{name} {needed_count(ulp)}" for name, ulp in largest.items())
    yield ""
    yield wrapped(
        "In the first batch a change of one entry by so many ulp of the largest entry is surely "
        f"noticed: {each}.",
        width,
    )
