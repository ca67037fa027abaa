"""`python -m compare.report`: a page and figures from a report.json, without running anything."""

import dataclasses
import os
from collections.abc import Sequence

from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import flag, folder, rows
from compare.options.parse import parse
from compare.options.streams import print_written

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
    from compare.formats.atomic import Staging
    from compare.formats.places import Input, check_places
    from compare.report.json.read import read_report
    from compare.report.visuals import Visuals

    (path,) = words
    report = read_report(path)
    folder = options.out if options.out is not None else os.path.dirname(path) or "."
    visuals = Visuals(html=options.html, plots=options.plots)
    check_places(visuals.places(folder), [Input("the report", path)])
    with Staging(folder, option="--out") as staging, visuals:
        try:
            visuals.write(staging, report)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UsageError(
                f"{path}: its numbers contradict one another, so it was edited or damaged: "
                f"{type(error).__name__}: {error}"
            ) from None
    print_written((*staging.names, *visuals.names))
    return 0


if __name__ == "__main__":
    exit_with(main, "compare.report")
