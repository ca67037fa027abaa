"""Versions, machine, and the command that makes it again."""

from collections.abc import Iterator

from compare.report.document import Json
from compare.report.page.markup import command, definitions, paragraph, section


def environment(report: Json) -> str:
    """Returns what the comparison was made with, and what its verdict rests on."""
    again = report["command"]
    return section(
        "environment",
        "Environment",
        definitions(_definitions(report["environment"])),
        "" if again is None else f"<h3>To compare all of it again</h3>{command(again)}",
        paragraph(f"The verdict rests on this: {report['rule']}", "note"),
    )


def _definitions(known: Json) -> Iterator[tuple[str, str]]:
    for name, value in known.items():
        if isinstance(value, dict):
            yield name, ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)
