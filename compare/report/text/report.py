"""The report on a terminal, in 80 columns for all but absurd shapes: the answer first."""

import dataclasses
from collections.abc import Mapping

from compare.quoting import quoted
from compare.report.json.write import report_to_dict
from compare.report.labels import letters_for, title_of_command
from compare.report.text.answer import format_numbers, format_verdict
from compare.report.text.batches import format_batches
from compare.report.text.change import format_change
from compare.report.text.colours import painted, plainly
from compare.report.text.details import format_details
from compare.report.text.engines import told_of_engines
from compare.report.text.largest import format_largest
from compare.report.text.matrix import format_matrix
from compare.report.text.readings import format_readings
from compare.report.text.steps import format_steps
from compare.report.text.trace import format_trace
from compare.report.text.values import format_values
from compare.results import Report


def format_report(
    report: Report, *, width: int = 80, verbose: bool = False, colours: bool = False
) -> str:
    """Returns the report: the verdict, three numbers, a table, and whatever was asked for.

    Args:
      report: what was found.
      width: of a line; longer ones, and traces, are broken there.
      verbose: whether to show how all of it was found, with every word explained.
      colours: whether to colour the verdict and what failed, for a terminal.
    """
    known = report_to_dict(dataclasses.replace(report, entries=None))  # which only figures need
    letters = letters_for(one.name for one in report.implementations)
    paint = painted if colours else plainly
    asked_for_one = report.config["only_sample"] is not None
    parts = [
        format_verdict(known, width=width, paint=paint),
        format_numbers(known, told_of_engines(report, letters), width=width),
        format_largest(report, paint=paint),
        "" if verbose else _of_devices(report, letters),
        format_steps(report, width=width, paint=paint),
        "" if verbose else format_batches(report, width=width, paint=paint),
        format_values(report.values, letters) if asked_for_one or verbose else "",
        "" if report.trace is None else format_trace(report.trace, width=width),
        "" if report.change is None else format_change(report.change, width=width),
        format_readings(report, width=width, verbose=verbose),
        format_details(report, letters, width=width, paint=paint) if verbose else "",
    ]
    if report.reproduce is not None:
        title = title_of_command(of_sample=bool(report.values))
        parts.append(f"{title}:\n{quoted(report.reproduce)}")
    return "\n\n".join(part for part in parts if part)


def _of_devices(report: Report, letters: Mapping[str, str]) -> str:
    """Returns the matrix of all pairs, with its letters, where every device was asked for."""
    if report.config["device"] != "all":
        return ""
    legend = [f"{letters[one.name]} {one.name}" for one in report.implementations]
    return "\n".join([*legend, "", format_matrix(report, letters)]).rstrip()
