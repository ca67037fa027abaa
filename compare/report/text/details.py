"""How all of it was found: every table of a report, each with what its words mean."""

from collections.abc import Iterator, Mapping

from compare.report.text.batches import format_batches
from compare.report.text.certificates import format_certificates
from compare.report.text.colours import Paint
from compare.report.text.fixed_rules import format_fixed_rules
from compare.report.text.header import format_header
from compare.report.text.histogram import format_histograms
from compare.report.text.lines import wrapped
from compare.report.text.matrix import format_matrix
from compare.report.text.notes import format_notes
from compare.report.text.pairs import format_pairs
from compare.report.text.parameters import format_parameters
from compare.report.words import CERTIFICATES, FIXED_RULES, MATRIX, PAIRS, PARAMETERS, RAN
from compare.results import Report


def format_details(report: Report, letters: Mapping[str, str], *, width: int, paint: Paint) -> str:
    """Returns all tables that have something to show, each below a sentence on its words."""
    return "\n\n".join(_parts(report, letters, width, paint))


def _parts(report: Report, letters: Mapping[str, str], width: int, paint: Paint) -> Iterator[str]:
    sections = (
        (RAN, format_header(report, letters, width=width)),
        (MATRIX, format_matrix(report, letters)),
        (PARAMETERS, format_parameters(report, letters, width=width)),
        (PAIRS, format_pairs(report, letters, width=width)),
        (CERTIFICATES, format_certificates(report, letters, width=width, paint=paint)),
        (None, format_batches(report, width=width, paint=paint, verbose=True)),
        (FIXED_RULES, format_fixed_rules(report, width=width)),
        (None, format_histograms(report.pairs, letters, width=width)),
        (None, format_notes(report, letters, width=width)),
    )
    for caption, text in sections:
        if text:
            yield f"{wrapped(caption.text(), width)}\n\n{text}" if caption else text
