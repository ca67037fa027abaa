"""The report of functions on a terminal, in 80 columns: the answer first."""

from compare.function_results import FunctionReport
from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.answer import (
    REPRODUCING,
    figures_of,
    standings_of,
    title_of,
    weights_of,
)
from compare.report.functions.document import failed
from compare.report.functions.text.change import format_change
from compare.report.functions.text.checks import format_checks
from compare.report.functions.text.failure import format_failure
from compare.report.functions.text.results import format_results
from compare.report.functions.text.weights import format_weights
from compare.report.functions.write import report_to_dict
from compare.report.labels import shortened
from compare.report.text import report as networks
from compare.report.text.answer import COLUMN, format_rows, format_verdict, row_of
from compare.report.text.colours import Paint, painted, plainly
from compare.report.text.lines import wrapped
from compare.report.words import CHECKS

_MOST_ROWS, _FEWEST_ROWS = 10, 3  # of all candidates together, and of each
_MOST_FAILURES = 3  # candidates of which the first failing entry is shown


def format_report(
    report: FunctionReport, *, width: int = 80, verbose: bool = False, colours: bool = False
) -> str:
    """Returns the report: the verdict, what it rests on, where it fails, and the results.

    Args:
      report: what was found.
      width: of a line; longer ones are broken, and names cut in their middle.
      verbose: whether to show every place and every result.
      colours: whether to colour the verdict and what failed, for a terminal.
    """
    known, network = report_to_dict(report), report.network
    text = _document(known, width=width, verbose=verbose, paint=painted if colours else plainly)
    is_all = network is not None and network.verdict == "disagree" and not list(failed(known))
    if network is None or not (verbose or is_all):
        return text
    shown = networks.format_report(network, width=width, colours=colours)
    return f"{text}\n\nAs a network, sample by sample:\n\n{shown}"


def _document(report: Json, *, width: int, verbose: bool, paint: Paint) -> str:
    parts = [
        format_verdict(report, width=width, paint=paint),
        _answer(report, width),
        *(
            format_failure(report, standing, first, width=width, paint=paint)
            for standing, first in list(failed(report))[:_MOST_FAILURES]
        ),
        *_tables(report, width=width, verbose=verbose, paint=paint),
        format_change(report["change"], width=width),
    ]
    if report["reproduce"] is not None:
        parts.append(f"{REPRODUCING}:\n{quoted(report['reproduce'])}")
    return "\n\n".join(part for part in parts if part)


def _answer(report: Json, width: int) -> str:
    """Returns what was compared, how each stands, and two numbers."""
    standings = [(shortened(label, COLUMN - 2), said) for label, said in standings_of(report)]
    rows = [
        ("compared", title_of(report)),
        *standings,
        *weights_of(report),
        *map(row_of, figures_of(report)),
    ]
    return format_rows(rows, width=width)


def _tables(report: Json, *, width: int, verbose: bool, paint: Paint) -> list[str]:
    """Returns the results of every candidate, or all places and results of every program."""
    reference = report["reference"]
    if not verbose:
        candidates = report["candidates"]
        most = max(_FEWEST_ROWS, _MOST_ROWS // len(candidates))
        return [
            format_results(one, reference, most=most, width=width, paint=paint)
            for one in candidates
        ]
    programs = [*report["candidates"], reference]
    tables = [format_checks(one, width=width, paint=paint) for one in programs]
    weights = [format_weights(one, width=width) for one in report["candidates"]]
    return [wrapped(CHECKS.text(), width), *tables, *weights]
