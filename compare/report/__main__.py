"""`python -m compare.report`: a page and figures from a report.json, without running anything."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import flag, folder, rows
from compare.options.parse import parse
from compare.options.streams import print_written

if TYPE_CHECKING:
    from compare.report.document import Json

USAGE = """\
Makes report.html anew from the report.json of a run, beside it.

  python -m compare.report out/report.json
  python -m compare.report out/report.json --plots=figures --out=elsewhere

Exit status: 0, or 1 for a file that is no report.json of this version."""

_SECTIONS = {"What it makes": ("html", "plots", "out"), "Other": ("help",)}


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command takes beside a report."""

    html: bool = flag("Write report.html; --nohtml leaves it out.", default=True)
    plots: str | None = folder(None, "A folder for the figures, as .svg files.")
    out: str | None = folder(None, "The folder for report.html; that of report.json if none.")


def main(argv: Sequence[str]) -> int:
    """Draws, and returns the exit status.

    Raises:
      UsageError: if that cannot be.
    """
    parsed = parse(argv, rows(Options), usage=USAGE, sections=_SECTIONS)
    options, words = Options(**parsed.values), parsed.words
    if len(words) != 1:
        got = " ".join(map(repr, words)) or "none"
        raise UsageError(f"expected one file, the report.json of a run, got {got}")
    if not options.html and options.plots is None:
        raise UsageError("nohtml: without a page and without --plots there is nothing to make")
    # Late: from here on an interrupt is told.
    from compare.report.json.read import read_report
    from compare.report.json.schema import is_of_functions, is_of_steps

    (path,) = words
    report = read_report(path)
    folder = options.out if options.out is not None else os.path.dirname(path) or "."
    is_page = is_of_functions(report) or is_of_steps(report)
    write = _write_page if is_page else _write_networks
    print_written(write(path, report, folder, options))
    return 0


def _write_networks(path: str, report: "Json", folder: str, options: Options) -> Sequence[str]:
    """Writes the page and figures of a comparison of gradients, and returns their names."""
    from compare.formats.atomic import Staging
    from compare.formats.places import Input, check_places
    from compare.report.visuals import Visuals

    visuals = Visuals(html=options.html, plots=options.plots)
    check_places(visuals.places(folder), [Input("the report", path)])
    with Staging(folder, option="--out") as staging, visuals, _faults_told(path):
        visuals.write(staging, report)
    return (*staging.names, *visuals.names)


def _write_page(path: str, report: "Json", folder: str, options: Options) -> Sequence[str]:
    """Writes the page of a comparison of functions or of training runs, and returns its name."""
    from compare.formats.atomic import Staging
    from compare.formats.places import Input, check_places, places_in
    from compare.report.functions.page import html as functions
    from compare.report.json.schema import is_of_steps
    from compare.report.training import page as training

    what = "training runs" if is_of_steps(report) else "functions"
    if options.plots is not None:
        raise UsageError(f"--plots: a comparison of {what} has no figures in files; leave it out")
    make_page = (training if is_of_steps(report) else functions).make_page
    places = places_in(folder, ["report.html"], option="--out")
    check_places(places, [Input("the report", path)])
    with Staging(folder, option="--out") as staging, _faults_told(path):
        staging.write("report.html", make_page(report))
    return staging.names


@contextlib.contextmanager
def _faults_told(path: str) -> Iterator[None]:
    """Says of a report that its numbers contradict one another, which no run writes."""
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path}: its numbers contradict one another, so it was edited or damaged: "
            f"{type(error).__name__}: {error}"
        ) from None


if __name__ == "__main__":
    exit_with(main, "compare.report")
