"""The gradients of batches."""

from collections.abc import Iterator

from compare.numbers import number, share
from compare.report.document import Json, largest, size_of
from compare.report.page.markup import Cell, section, table, told
from compare.report.words import BATCH_PAIRS, BATCHES

_HEAD: tuple[str | Cell, ...] = (
    "",
    *map(Cell, ("failed", "rounding used", "batches", "samples")),
    "held against",
)
_OF_PAIRS: tuple[str | Cell, ...] = ("", Cell("max abs"), "in", Cell("max rel"), "in")


def batches(report: Json) -> str:
    """Returns each implementation held against its samples, and any two; empty without batches."""
    found = report["batches"]
    if found is None or not found["implementations"]:
        return ""
    return section(
        "batches",
        f"Gradients of the {report['config']['reduction']} over batches",
        told(BATCHES, table("Batches", _HEAD, [_row(one) for one in found["implementations"]])),
        told(
            BATCH_PAIRS,
            table("Batches, any two", _OF_PAIRS, [_pair(one) for one in found["pairs"]]),
        )
        if found["pairs"]
        else "",
    )


def _row(one: Json) -> list[str | Cell]:
    least, most = one["smallest"], one["largest"]
    return [
        one["name"],
        Cell(f"{one['failed']:,}", "n wrong" if one["failed"] else "n"),
        Cell(share(one["worst_ratio"])),
        Cell(f"{one['batches']:,}"),
        Cell(f"{most:,}" if least == most else f"{least:,} to {most:,}"),
        one["held_against"],
    ]


def _pair(pair: Json) -> list[str | Cell]:
    return [f"{pair['a']} ~ {pair['b']}", *_metric(pair, "max_abs"), *_metric(pair, "max_rel")]


def _metric(pair: Json, metric: str) -> Iterator[str | Cell]:
    most = max(pair["parameters"], key=lambda one: size_of(largest(one, metric)[0]))
    value = largest(most, metric)[0]
    yield Cell(number(value))
    yield most["name"] if value else ""
