"""The first part of the page of functions, as a notebook shows it below a cell."""

from collections.abc import Iterator

from compare.report.document import Json
from compare.report.functions.answer import figures_of, standings_of, title_of
from compare.report.functions.page.failure import failure
from compare.report.functions.page.results import results
from compare.report.page.markup import paragraph
from compare.report.page.notebook import element
from compare.report.page.sections.headline import below_title

_MOST_RESULTS = 12


def notebook_html(report: Json) -> str:
    """Returns one element, the verdict first."""
    said = below_title(report, standings_of(report), figures_of(report))
    answer = paragraph(title_of(report), "note") + said
    return element(report, answer, _parts(report))


def _parts(report: Json) -> Iterator[str]:
    yield failure(report)
    yield results(report, most=_MOST_RESULTS, is_whole=False)
    yield paragraph("The whole page, place by place: report.save('report.html')", "note")
