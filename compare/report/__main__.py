"""`python -m compare.report`: a page and figures from a report.json, without running anything."""

import os
import textwrap
from collections.abc import Sequence

from absl import flags

from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.options import command_line
from compare.report.json.read import read_report
from compare.report.visuals import Visuals

USAGE = """\
Makes report.html anew from the report.json of a run, beside it.

  python -m compare.report out/report.json
  python -m compare.report out/report.json --plots=figures --out=elsewhere

Exit status: 0, or 1 for a file that is no report.json of this version."""

SECTIONS = {"What it makes": ("html", "plots=FOLDER", "out=FOLDER"), "Other": ("help",)}


def main(argv: Sequence[str]) -> int:
    """Draws, and returns the exit status.

    Raises:
      UsageError: if that cannot be.
    """
    values = _define_flags()
    words = command_line.parse(argv, values, usage=USAGE, sections=SECTIONS)
    if len(words) != 1:
        got = " ".join(map(repr, words)) or "none"
        raise UsageError(f"expected one file, the report.json of a run, got {got}")
    if not values.html and values.plots is None:
        raise UsageError("nohtml: without a page and without --plots there is nothing to make")
    (path,) = words
    report = read_report(path)
    folder = values.out if values.out is not None else os.path.dirname(path) or "."
    visuals = Visuals(html=values.html, plots=values.plots)
    with Staging(folder, option="--out") as staging, visuals:
        try:
            visuals.write(staging, report)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UsageError(
                f"{path}: its numbers contradict one another, so it was edited or damaged: "
                f"{type(error).__name__}: {error}"
            ) from None
    written = ", ".join((*staging.names, *visuals.names))
    print(textwrap.fill(f"Written: {written}", 100, break_long_words=False, break_on_hyphens=False))
    return 0


def _define_flags() -> flags.FlagValues:
    values = flags.FlagValues()
    flags.DEFINE_bool("html", True, "Write report.html.", flag_values=values)
    flags.DEFINE_string(
        "plots", None, "A folder for the figures, as .svg files.", flag_values=values
    )
    flags.DEFINE_string(
        "out", None, "The folder for report.html; that of report.json if none.", flag_values=values
    )
    return values


if __name__ == "__main__":
    command_line.exit_with(main, "compare.report")
