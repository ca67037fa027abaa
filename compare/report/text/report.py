"""The report as tables for a terminal, in 80 columns for all but absurd shapes."""

from compare.quoting import quoted
from compare.report.labels import letters_for, title_of_command
from compare.report.text.batches import format_batches
from compare.report.text.certificates import format_certificates
from compare.report.text.change import format_change
from compare.report.text.colours import painted, plainly
from compare.report.text.fixed_rules import format_fixed_rules
from compare.report.text.header import format_header
from compare.report.text.histogram import format_histograms
from compare.report.text.lines import wrapped
from compare.report.text.matrix import format_matrix
from compare.report.text.notes import format_notes
from compare.report.text.pairs import format_pairs
from compare.report.text.parameters import format_parameters
from compare.report.text.readings import format_readings
from compare.report.text.steps import format_steps
from compare.report.text.trace import format_trace
from compare.report.text.values import format_values
from compare.results import Report


def format_report(
    report: Report, *, width: int = 80, verbose: bool = False, colours: bool = False
) -> str:
    """Returns the whole report; long lines and traces are broken at `width`.

    Args:
      report: what was found.
      width: of a line.
      verbose: whether to show histograms and how files were read too.
      colours: whether to colour the verdict and what failed, for a terminal.
    """
    letters = letters_for(one.name for one in report.implementations)
    paint = painted if colours else plainly
    parts = [
        format_header(report, letters, width=width),
        format_matrix(report, letters),
        format_parameters(report, letters, width=width),
        format_pairs(report, letters, width=width),
        format_certificates(report, letters, width=width, paint=paint),
        format_batches(report, width=width, paint=paint),
        format_fixed_rules(report, width=width),
        format_histograms(report.pairs, letters, width=width) if verbose else "",
        "" if report.trace is None else format_trace(report.trace, width=width),
        "" if report.change is None else format_change(report.change, width=width),
        format_readings(report, width=width, verbose=verbose),
        format_notes(report, letters, width=width),
        format_values(report.values, letters),
    ]
    said = wrapped(f"{report.verdict}: {report.reason}.", width)
    kind = "good" if report.verdict == "agree" else "bad"
    parts.append(paint(report.verdict, kind) + said.removeprefix(report.verdict))
    parts.append(format_steps(report, width=width, paint=paint))
    if report.reproduce is not None:
        title = title_of_command(of_sample=bool(report.values))
        parts.append(f"{title}:\n{quoted(report.reproduce)}")
    return "\n\n".join(part for part in parts if part)
