"""A comparison of functions as one page that needs nothing else, made from its report.json."""

from collections.abc import Iterator

from compare.report.document import Json
from compare.report.functions.answer import figures_of, standings_of, title_of
from compare.report.functions.page.change import change
from compare.report.functions.page.environment import environment
from compare.report.functions.page.failure import failure
from compare.report.functions.page.places import places
from compare.report.functions.page.results import results
from compare.report.functions.page.weights import weights
from compare.report.labels import shortened
from compare.report.page.document import document
from compare.report.page.markup import section
from compare.report.page.sections.headline import answer, below_title, header
from compare.report.page.sections.parameters import parameters

_LONGEST = 32  # characters of a name beside what is said of it
_STYLES = ("page.css", "functions.css")


def make_page(report: Json) -> str:
    """Returns the page of a parsed report.json."""
    skip = "#places", "Skip to the places"
    if failure(report):
        skip = "#failure", "Skip to the failure"
    said = [(shortened(label, _LONGEST), text) for label, text in standings_of(report)]
    return document(
        report,
        title=f"{report['verdict']}: {title_of(report)}",
        header=header(title_of(report), below_title(report, said, figures_of(report))),
        parts=_parts(report),
        skip=skip,
        styles=_STYLES,
    )


def _parts(report: Json) -> Iterator[str]:
    yield failure(report)
    yield places(report)
    yield results(report)
    yield weights(report)
    network = report["network"]
    if network is not None:
        yield section("network", "As a network, sample by sample", answer(network))
        yield parameters(network)
    yield change(report["change"])
    yield environment(report)
