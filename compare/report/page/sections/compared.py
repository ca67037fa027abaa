"""Who took part, and what each gradient proves of itself."""

from collections.abc import Mapping

from compare.numbers import largest_error, number, share
from compare.report.document import Json, letters_of
from compare.report.page.markup import Cell, section, table, told
from compare.report.words import CERTIFICATES

_COUNTS = ("certified", "failed", "silent", "at kink", "tightest")
_HEAD: tuple[str | Cell, ...] = ("", *map(Cell, _COUNTS), "by", Cell("witness"), "dtype", "where")
_WORDS = (*_COUNTS, "by", "witness")


def compared(report: Json) -> str:
    """Returns one row for each implementation."""
    letters = letters_of(report)
    rows = [_row(one, report["witness"], letters) for one in report["implementations"]]
    return section(
        "compared",
        "Implementations",
        told(CERTIFICATES.of(*_WORDS), table("Implementations", _HEAD, rows)),
    )


def _row(one: Json, witness: list[Json], letters: Mapping[str, str]) -> list[str | Cell]:
    found, name = one["certificate"], one["name"]
    worst = found["worst"]
    errors = [error["scaled"] for error in witness if error["implementation"] == name]
    return [
        f"{letters[name]} {name}",
        Cell(f"{found['certified']:,}"),
        Cell(f"{found['failed']:,}", "n wrong" if found["failed"] else "n"),
        Cell(f"{found['silent']:,}"),
        Cell(f"{found['at_kink']:,}"),
        Cell("-" if worst is None else share(found["worst_ratio"])),
        "" if worst is None else f"{worst['rule']} {worst['parameter']}",
        Cell(number(largest_error(errors))),
        one["dtype"],
        one["device"] if one["source"] is None else f"from {one['source']}{_read(one['read'])}",
    ]


def _read(choice: Json | None) -> str:
    return "" if choice is None else f", read as {choice['words']}"
