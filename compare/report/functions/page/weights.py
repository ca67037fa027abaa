"""The weights of every candidate beside those of the reference."""

from collections.abc import Iterator

from compare.report.document import Json
from compare.report.page.markup import Cell, heading, section, table

_HEAD: tuple[str | Cell, ...] = ("", "in the reference", "laid out")


def weights(report: Json) -> str:
    """Returns a table for each candidate with weights of its own; empty where there is none."""
    own = [one for one in report["candidates"] if one["weights"] is not None]
    several = len(report["candidates"]) > 1
    return section("weights", "Weights", *(part for one in own for part in _titled(one, several)))


def _titled(standing: Json, is_one_of_several: bool) -> Iterator[str]:
    known = standing["weights"]
    if is_one_of_several:
        yield heading(standing["name"])
    rows: list[list[str | Cell]] = [
        [one["name"], ", ".join(one["sources"]), one["layout"] or "as there"]
        for one in known["pairs"]
    ]
    rows += [[name, "", "not there: used as it is"] for name in known["kept"]]
    yield table(f"Weights of {standing['name']}", _HEAD, rows)
