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
from compare.results import Report

_RAN = (
    "What ran. A letter stands for an implementation below. products: how many bits of their "
    "factors matrix products kept, measured on products with known answers. subnormal: who keeps "
    "numbers too small to be normal, and who takes them for zero."
)
_TWO_BY_TWO = "Any two: above the diagonal the largest |a - b|, below it the largest relative one."
_PARAMETERS = (
    "Every parameter, in the pair that differs most. max abs: |a - b|, with its sample[index] and "
    "pair. max rel: divided by the larger of |a| and |b|. scaled: max abs divided by the largest "
    "entry of the parameter. bound: max abs divided by what rounding can do at that entry, end to "
    "end; over 1 no rounding explains it."
)
_PAIRS = (
    "Every pair. ulp: how many numbers of the dtype lie between a and b. The shares are of samples "
    "all of whose entries agree: to 5 significant digits or 7 decimals, by value (|a-b| is at most "
    "half a unit of the last digit) or as printed (text)."
)
_CERTIFICATES = (
    "Every implementation by itself: its own gradient is held against the chain rule, layer by "
    "layer, within what rounding can do in each step. certified: in so many samples it holds. "
    "failed: it does not. silent: nothing can be said, as where zeros hide what was computed. at "
    "kink: certified where the input of an activation is where its slope jumps. tightest: the "
    "largest share of an allowance that is used. witness: its distance from a derivative by "
    "complex steps, divided by the largest entry, in the first samples."
)
_FIXED_RULES = (
    "What the tolerances of other libraries say, by their defaults. They know nothing of the "
    "network: a right gradient can fail them, and a wrong one pass."
)


def format_details(report: Report, letters: Mapping[str, str], *, width: int, paint: Paint) -> str:
    """Returns all tables that have something to show, each below a sentence on its words."""
    return "\n\n".join(_parts(report, letters, width, paint))


def _parts(report: Report, letters: Mapping[str, str], width: int, paint: Paint) -> Iterator[str]:
    sections = (
        (_RAN, format_header(report, letters, width=width)),
        (_TWO_BY_TWO, format_matrix(report, letters)),
        (_PARAMETERS, format_parameters(report, letters, width=width)),
        (_PAIRS, format_pairs(report, letters, width=width)),
        (_CERTIFICATES, format_certificates(report, letters, width=width, paint=paint)),
        ("", format_batches(report, width=width, paint=paint, verbose=True)),
        (_FIXED_RULES, format_fixed_rules(report, width=width)),
        ("", format_histograms(report.pairs, letters, width=width)),
        ("", format_notes(report, letters, width=width)),
    )
    for caption, text in sections:
        if text:
            yield f"{wrapped(caption, width)}\n\n{text}" if caption else text
