"""The first place that fails in every candidate: its worst entry, and what is around it."""

from compare.report.document import Json
from compare.report.functions.answer import REPRODUCING
from compare.report.functions.document import First, failed, places_of, state_of, used_of
from compare.report.functions.failure import MOST_AROUND, facts_of, title_of_first
from compare.report.page.markup import (
    Cell,
    beside,
    command,
    definitions,
    heading,
    paragraph,
    section,
    table,
)
from compare.report.page.sections import failure as networks

_TITLES = {"disagree": "The failure", "undecided": "Why nothing can be said"}


def failure(report: Json) -> str:
    """Returns it, or that of the network if only that fails; empty if nothing went wrong."""
    if report["verdict"] == "agree":
        return ""
    parts = [_first(report, standing, first) for standing, first in failed(report)]
    parts += [
        paragraph(f"{one['name']}: {one['sentence']}.")
        for one in report["candidates"]
        if one["verdict"] == "undecided" and one["first"] is None
    ]
    network, again = report["network"], report["reproduce"]
    if not parts and network is not None:
        return networks.failure(network, "")
    return section(
        "failure",
        _TITLES[report["verdict"]],
        *parts,
        "" if again is None else heading(REPRODUCING) + command(again),
    )


def _first(report: Json, standing: Json, first: First) -> str:
    around = _around(first) if places_of(first.checks) else ""
    return heading(title_of_first(report, standing, first)) + beside(
        definitions(facts_of(report, first)), around
    )


def _around(first: First) -> str:
    rows = [_row(one, first) for one in first.around(MOST_AROUND)]
    head: list[str | Cell] = ["", "kind", "", Cell("rounding used")]
    return table("Places around it, in the order of the data", head, rows)


def _row(check: Json, first: First) -> list[str | Cell]:
    state, used = state_of(check), used_of(check)
    wrong = not check["holds"]
    return [
        check["name"],
        check["kind"],
        Cell(f"✗ {state}", "wrong") if wrong else state,
        Cell(used, "n wrong" if wrong else "n"),
    ]
