"""A comparison of training runs as one page that needs nothing else, and as part of a notebook."""

from collections.abc import Iterator

from compare.numbers import number, share
from compare.report.document import Json
from compare.report.functions.page.environment import environment
from compare.report.labels import shortened
from compare.report.page.document import document
from compare.report.page.markup import Cell, folded, heading, paragraph, section, table
from compare.report.page.notebook import element
from compare.report.page.sections.headline import below_title, header
from compare.report.training import figure
from compare.report.training.answer import LONGEST, figures_of, standings_of, title_of
from compare.report.training.text import chosen

_HEAD: tuple[str | Cell, ...] = (
    *("step", "", "first that fails"),
    *map(Cell, ("loss", "gradients", "update", "apart", "rounding", "moved")),
)


def make_page(report: Json) -> str:
    """Returns the page of a parsed report."""
    return document(
        report,
        title=f"{report['verdict']}: {title_of(report)}",
        header=header(title_of(report), _answer(report)),
        parts=[*_parts(report), environment(report)],
        skip=("#steps", "Skip to the steps"),
    )


def notebook_html(report: Json) -> str:
    """Returns one element, the verdict first."""
    answer = paragraph(title_of(report), "note") + _answer(report)
    more = paragraph("The whole page: report.save('report.html')", "note")
    return element(report, answer, [*_parts(report), more])


def _answer(report: Json) -> str:
    return below_title(report, standings_of(report), figures_of(report))


def _parts(report: Json) -> Iterator[str]:
    several = len(report["candidates"]) > 1
    pictures, tables = [], []
    for one in report["candidates"]:
        title = heading(shortened(one["name"], LONGEST)) if several else ""
        pictures.append(title + figure.shares(one) + figure.runs(one))
        tables.append(title + _tables(one))
    yield section("figures", "Step by step", *pictures)
    yield section("steps", "The steps", paragraph(_SAID, "caption"), *tables)


def _tables(standing: Json) -> str:
    label = f"Steps of {standing['name']}"
    shown = chosen(standing)
    every = standing["steps"]
    rest = (
        ""
        if len(shown) == len(every)
        else folded(f"All {len(every):,} steps", _table(label, every))
    )
    return _table(label, shown) + rest


def _table(label: str, steps: list[Json]) -> str:
    return table(label, _HEAD, map(_row, steps))


def _row(step: Json) -> list[str | Cell]:
    first, loss = step["first"], step["loss"]
    wrong = step["verdict"] == "disagree"
    return [
        str(step["number"]),
        Cell(f"✗ {step['verdict']}", "wrong") if wrong else step["verdict"],
        "" if first is None else f"{first['kind']} {shortened(first['name'], LONGEST)}",
        Cell(loss if isinstance(loss, str) else f"{loss:.6g}"),
        Cell(share(step["gradients"])),
        Cell(share(step["update"])),
        Cell(number(step["apart"])),
        Cell(number(step["rounding"])),
        Cell(number(step["change"])),
    ]


_SAID = (
    "Gradients and update: the largest share that is used of what rounding can do since what the "
    "run had before; over 100 % no rounding explains it. Apart: the largest difference of a weight "
    "from the reference's own run after the step. Rounding: how far that is from the same run in "
    "float64. Moved: how far its weights are from the start."
)
