"""Each implementation: what its own gradients prove, and what a witness says of them."""

from collections.abc import Mapping

from compare.numbers import largest_error, needed_count, number, ratio
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped
from compare.report.words import DETECTABLE
from compare.results import Participant, Report


def format_certificates(
    report: Report, letters: Mapping[str, str], *, width: int, paint: Paint
) -> str:
    """Returns one row for each implementation, and what change of an entry would be seen."""
    column = 18
    if report.config["device"] == "all":  # names have their device then
        column = max(column, *(len(one.name) + 3 for one in report.implementations))
    head = f"{'':<{column}}{'certified':>10}{'failed':>8}{'silent':>8}{'at kink':>9}"
    rows = [f"{head}{'tightest':>10}{'witness':>10}"]
    for one in report.implementations:
        label = f"{letters[one.name]} {one.name}"
        rows.append(f"{label:<{column}}{_counts(one, paint)}{_witness(report, one.name):>10}")
    return "\n".join(rows + _detectable(report, width))


def _counts(one: Participant, paint: Paint) -> str:
    found = one.certificate
    failed = f"{found.failed:>8}"
    return (
        f"{found.certified:>10}{paint(failed, 'bad') if found.failed else failed}"
        f"{found.silent:>8}{found.at_kink:>9}{_tightest(found.worst_ratio):>10}"
    )


def _tightest(value: float | None) -> str:
    if value is None:
        return "-"
    return ratio(value, ".2f") if value < 1e3 else f"{value:.0e}"


def _witness(report: Report, name: str) -> str:
    return number(largest_error([e.scaled for e in report.witness if e.implementation == name]))


def _detectable(report: Report, width: int) -> list[str]:
    """Says what change of one entry no implementation could have hidden."""
    known = [one.detectable_ulp for one in report.implementations if one.detectable_ulp]
    if not known:
        return []
    largest = {name: max(found[name] for found in known) for name in known[0]}
    each = ", ".join(f"{name} {needed_count(ulp or None)}" for name, ulp in largest.items())
    said = f"{DETECTABLE.says.removesuffix('.')}: {each}."
    return ["", wrapped(said, width)]
